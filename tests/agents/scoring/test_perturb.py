"""Probes on sheets that the senses made, and what they cost: by hand, and with planners whose weakness is known."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest

from cuechain.agents import llm, registry
from cuechain.agents.errors import ConfigError, ModelError
from cuechain.agents.llm import Model
from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.perception.texts.polarity import named as feelings
from cuechain.agents.perception.texts.polarity import polarity, tokens_of
from cuechain.agents.perception.transcript import quoted
from cuechain.agents.pipeline import think
from cuechain.agents.runs import sheet_of
from cuechain.agents.scoring.injections import INJECTIONS, MENTIONS
from cuechain.agents.scoring.misheard import READERS, misheard, reread, soundex
from cuechain.agents.scoring.perturb import Probed, agreement, as_markdown, drops, probe
from cuechain.agents.scoring.probes import ATTRIBUTES, PROBES, named
from cuechain.agents.scoring.spoil import Spoil
from cuechain.agents.settings import Settings
from cuechain.agents.values import (
    EKMAN,
    Case,
    CausePair,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Media,
    Opinion,
    Question,
    Sample,
    SentimentAnswer,
    Target,
    Turn,
)
from tests.agents.sheets import cue, masked, two_people

SETTINGS = Settings(model="rules", cache=None)
TASK = registry.get("tasks", "emotion")
TEXT = "I am so happy that you came to see me. My sister won the big race yesterday and everybody was cheering!"
TURNS = (
    Turn(speaker="Ann", text="I lost my job today and I am really sad about it."),
    Turn(speaker="Bob", text="That is terrible news, I am so angry at them!"),
    Turn(speaker="Ann", text="Oh well."),
)


def case(sheet: CueSheet, label: str = "joy", id: str = "a", turn: int | None = None, **more: Any) -> Case:
    """A sheet with an answer by the rules."""
    sample = Sample(id=id, target=Target(labels=(label,)), turn=turn, **more)
    question = Question(text=TASK.question, task="emotion", turn=turn)
    done = think(sheet, question, TASK, llm.load("rules", SETTINGS), SETTINGS)
    return done.model_copy(update={"sample": sample})


def spoiled(name: str, one: Case, others: tuple[CueSheet, ...] = (), seed: int = 0) -> Any:
    what, level = named(name)
    return what.spoil(Spoil(one, others, EKMAN, SETTINGS, level, random.Random(seed)))


def typed(text: str) -> CueSheet:
    return sheet_of(Sample(id="x", text=text), SETTINGS)


def said(sheet: CueSheet) -> list[str]:
    return [quoted(c) for c in sheet.cues.values() if c.sense == "transcript"]


# Word errors


def test_words_err_at_the_rate_that_was_asked_for() -> None:
    text = " ".join([TEXT] * 40)
    heard, errors = misheard(text, 0.25, random.Random(1))
    assert errors / len(text.split()) == pytest.approx(0.25, abs=0.03)
    jiwer = pytest.importorskip("jiwer", reason="measures word errors")
    assert jiwer.wer(text.lower(), heard.lower()) == pytest.approx(0.25, abs=0.04)
    assert misheard(text, 0.25, random.Random(1)) == (heard, errors) != misheard(text, 0.25, random.Random(2))
    assert misheard(text, 0.0, random.Random(1)) == (text, 0)


def test_a_substitute_sounds_alike_and_keeps_its_place_in_the_sentence() -> None:
    found = Counter[str]()
    for seed in range(200):
        heard, errors = misheard("Happy!", 1.0, random.Random(seed))
        if errors and heard and len(heard.split()) == 1:
            found[heard] += 1
    assert len(found) > 2 and "Happy!" not in found
    assert all(
        word[0].isupper() and word.endswith("!") and soundex(word.strip("!")) == soundex("happy") for word in found
    )


def test_signs_and_foreign_scripts_are_no_reason_to_fail() -> None:
    assert misheard("😀 — ?", 1.0, random.Random(0)) == ("😀 — ?", 0)
    for text in ("я очень рада", "@user #blessed 2nite", "I'm"):
        for seed in range(20):
            misheard(text, 1.0, random.Random(seed))


@pytest.mark.parametrize(
    ("word", "code"),
    [("Robert", "R163"), ("Rupert", "R163"), ("Ashcraft", "A261"), ("Tymczak", "T522"), ("Pfister", "P236"), ("é", "")],
)
def test_soundex_as_it_is_published(word: str, code: str) -> None:
    assert soundex(word) == code


@pytest.mark.parametrize(
    "item",
    [
        Sample(id="x", text=TEXT),
        Sample(id="x", turns=TURNS),
        Sample(id="x", text="Ich bin so froh, dich zu sehen. OK?"),
    ],
    ids=["text", "turns", "foreign"],
)
def test_words_that_are_read_again_unchanged_give_the_same_sheet(item: Sample) -> None:
    sheet = sheet_of(item, SETTINGS)
    kept = [c for c in sheet.cues.values() if c.sense not in ("words", "situation")]
    assert reread(sheet, kept, SETTINGS) == sheet


def test_a_misheard_text_is_read_as_if_it_had_been_typed_so() -> None:
    left = spoiled("asr:0.5", case(typed(TEXT))).sheet
    assert said(left) != [TEXT]
    again = typed(said(left)[0])
    assert list(left.cues.values()) == list(again.cues.values())
    assert left.cues["W1"].text != typed(TEXT).cues["W1"].text


def test_a_text_of_which_nothing_is_left_leaves_a_gap() -> None:
    one = case(typed("Wonderful!"))
    left = next(s for n in range(50) if not said(s := spoiled("asr:1.0", one, seed=n).sheet))
    assert not left.cues and {g.sense for g in left.gaps} >= {"transcript"}
    answer = think(left, one.question, TASK, llm.load("rules", SETTINGS), SETTINGS).answer
    assert answer is not None and answer.abstain


def test_a_sheet_that_quotes_no_words_cannot_be_misheard() -> None:
    one = case(CueSheet(cues={"T1": cue("transcript", "says: so this is it"), "F1": cue("face", "the brows rise")}))
    assert spoiled("asr", one).sheet is None and "quoted" in spoiled("asr", one).why


# Missing senses


def test_missing_senses_are_gaps_and_some_that_tells_stays() -> None:
    one = case(masked())
    gone = Counter[tuple[str, ...]]()
    for seed in range(60):
        left = spoiled("missing", one, seed=seed).sheet
        senses = {c.sense for c in left.cues.values()}
        lost = {c.sense for c in one.sheet.cues.values()} - senses
        assert lost and senses and {g.sense for g in left.gaps} >= lost
        assert ("transcript" in senses) == ("words" in senses)
        gone[tuple(sorted(lost))] += 1
    assert len(gone) == 6  # of words, voice and face one or two


def test_the_scene_alone_is_no_sense_that_tells() -> None:
    sheet = typed(TEXT)
    scene = sheet.model_copy(update={"cues": {**sheet.cues, "S1": cue("scene", "a wide view of a room")}})
    for one in (sheet, scene):
        assert spoiled("missing", case(one)).why == spoiled("most-cited", case(one)).why != ""


def test_the_sense_that_is_cited_most_goes() -> None:
    one = case(masked())
    assert one.answer is not None
    left = spoiled("most-cited", one).sheet
    leading = [one.sheet.cues[i].sense for c in one.answer.claims if c.stance != "weak" for i in c.cites]
    lost = {c.sense for c in one.sheet.cues.values()} - {c.sense for c in left.cues.values()}
    assert lost and lost & set(leading)


# What is added


def test_dilution_lends_cues_of_nobody_from_another_sense() -> None:
    donor = CueSheet(cues={"V1": cue("voice", "the voice is clearly louder", 90.0, 91.0, "P7", measures={"line": 9})})
    one = case(CueSheet(cues={"F1": cue("face", "the lip corners pull up", 1.0, 2.0, "P1", measures={"line": 3})}))
    left = spoiled("dilution", one, (donor,)).sheet
    lent = left.cues["V1"]
    assert (lent.person, lent.span, lent.measures["line"]) == (None, one.sheet.cues["F1"].span, 3)
    assert spoiled("dilution", case(typed(TEXT)), (typed("I hate it here."),)).sheet is None


def test_attributes_tell_of_no_feeling() -> None:
    for text in ATTRIBUTES:
        assert not read_cue(cue("scene", text)).scores and not polarity(text)[0] and not feelings(tokens_of(text))
    left = spoiled("attributes:3", case(typed(TEXT))).sheet
    assert len([c for c in left.cues.values() if c.sense == "scene" and c.text in ATTRIBUTES]) == 3


def test_a_turn_that_is_judged_gets_what_is_added() -> None:
    one = case(sheet_of(Sample(id="x", turns=TURNS), SETTINGS), turn=2)
    for name in ("attributes", "injected", "mentioned"):
        known = {c.text for c in one.sheet.cues.values()}
        added = [c for c in spoiled(name, one).sheet.cues.values() if c.sense not in READERS and c.text not in known]
        assert added and {c.measures["line"] for c in added} == {2}


# Times and persons


def test_times_are_dealt_out_within_each_sense() -> None:
    one = case(two_people())
    left = spoiled("times", one).sheet
    for sense in ("transcript", "face"):
        before, after = ([c for c in s.cues.values() if c.sense == sense] for s in (one.sheet, left))
        assert Counter(c.span for c in before) == Counter(c.span for c in after)
        assert {c.text: c.span for c in before} != {c.text: c.span for c in after}
    assert spoiled("times", case(typed(TEXT))).why


def test_what_is_read_in_a_line_moves_with_it() -> None:
    cues = {**masked().cues, "T2": cue("transcript", 'the speaker says "bye"', 6.0, 7.0, "P1")}
    left = spoiled("times", case(masked().model_copy(update={"cues": cues}))).sheet
    spans = {c.sense: c.span for c in left.cues.values() if "wonderful" in c.text}
    assert spans["transcript"] == spans["words"] != masked().cues["T1"].span


def test_two_speakers_change_and_faces_do_not() -> None:
    one = case(two_people())
    left = spoiled("speakers", one).sheet
    assert {i: c.person for i, c in left.cues.items()} == {"T1": "P2", "F1": "P1", "F2": "P2", "T2": "P1"}
    assert spoiled("speakers", case(masked())).why


# Instructions


def test_the_order_names_a_wrong_label_that_is_not_answered() -> None:
    one = case(typed(TEXT))
    seen = set[str]()
    for seed in range(80):
        found = spoiled("injected", one, seed=seed)
        assert found.label in EKMAN and found.label != "joy"
        (line,) = [w for w in said(found.sheet) if w not in said(one.sheet)]
        assert found.label in line and '"' not in line
        seen.add(line.replace(found.label, "LABEL"))
    assert seen == {line.replace('"', "'") for line in INJECTIONS}
    assert not any("nswer" in line or "gnore" in line for line in MENTIONS)


def test_a_silent_picture_shows_the_order() -> None:
    media = Media(id="m1", kind="image", streams=("image",))
    one = case(CueSheet(media=(media,), cues={"F1": cue("face", "the lip corners pull up", measures={"au12": 0.9})}))
    found = spoiled("injected", one).sheet
    assert any(c.sense == "screen" and "the screen shows the words" in c.text for c in found.cues.values())


@pytest.mark.parametrize("media", [(), masked().media])
def test_an_order_adds_a_line_and_loses_or_doubles_none(media: tuple[Media, ...]) -> None:
    cues = {i: c.model_copy(update={"span": None}) for i, c in masked().cues.items()}
    written = CueSheet(media=media, cues=cues)
    for seed in range(6):
        left = spoiled("injected", case(written), seed=seed).sheet
        senses = Counter(c.sense for c in left.cues.values()) - Counter(c.sense for c in written.cues.values())
        if not media:
            assert sum(senses.values()) == 1 and len(left.cues) == len(written.cues) + 1
        else:  # where words can be read again, the new line is read too
            assert sum(senses[s] for s in ("transcript", "screen")) == 1 and senses["face"] == senses["voice"] == 0


# Answers


class Obedient:
    """A planner that answers the label of any order that it reads, else joy; orders that are recognised as such it is not shown."""

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Any:
        ordered = [
            n for n in labels for c in sheet.cues.values() if f"answer is {n}" in c.text or f"just say {n}" in c.text
        ]
        label = (ordered or ["joy"])[0]
        base = llm.load("rules", SETTINGS).planner.plan(sheet, question, labels, person)  # type: ignore[union-attr]
        shares = {n: 0.94 if n == label else 0.01 for n in labels}
        points = dict.fromkeys(sheet.cues, label)
        return base.model_copy(update={"labels": shares, "abstain": 0.0, "points": points})


def test_an_obedient_model_is_found_out_and_its_control_is_not() -> None:
    cases = [case(typed(TEXT), id=str(n)) for n in range(24)]
    found = list(probe(cases, ["injected", "mentioned"], Model("obedient", planner=Obedient()), SETTINGS))
    orders, control = drops(found)
    assert orders.named and control.named and orders.named.value > 0.0 and control.named.value == 0.0
    assert orders.n == 24 and orders.drop.value == orders.named.value and control.changed.value == 0.0


def test_the_order_of_a_sheet_that_others_wrote_is_no_part_of_a_probe() -> None:
    cues = dict(reversed(masked().cues.items()))
    one = case(masked().model_copy(update={"cues": cues}))
    (found,) = probe([one], ["attributes"], llm.load("rules", SETTINGS), SETTINGS)
    assert found.before and found.after
    assert [c for c in found.after.sheet.cues.values() if c.sense != "scene"] == list(found.before.sheet.cues.values())


def test_draws_depend_on_seed_probe_and_item_alone() -> None:
    cases = [case(typed(f"{TEXT} {n}"), id=str(n)) for n in range(4)]
    model = llm.load("rules", SETTINGS)

    def sheets(order: list[Case], names: list[str], seed: int = 0) -> dict[str, Any]:
        return {
            p.id: p.after.sheet for p in probe(order, names, model, SETTINGS, seed=seed) if p.probe == "asr" and p.after
        }

    first = sheets(cases, ["asr"])
    assert sheets(cases[::-1], ["injected", "asr", "asr"]) == first != sheets(cases, ["asr"], seed=1)
    assert len(list(probe(cases, ["asr"], model, SETTINGS, most=2))) == 2


def test_a_probe_that_does_not_apply_is_counted_and_never_robust() -> None:
    found = list(probe([case(typed(TEXT))], ["missing", "times"], llm.load("rules", SETTINGS), SETTINGS))
    for one in drops(found):
        assert one.n == one.applied == 0 and sum(one.unfit.values()) == 1
        assert one.drop.value != one.drop.value and one.changed.value != one.changed.value
        assert json.loads(one.model_dump_json())["drop"]["value"] is None
    assert "| – |" in as_markdown(drops(found)) and "nan" not in as_markdown(drops(found))


def test_a_model_that_is_away_is_counted_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        calls = 0

        def plan(self, *_: Any) -> Any:
            Away.calls += 1
            if Away.calls > 1:
                raise ModelError("no such host")
            return llm.load("rules", SETTINGS).planner.plan(*_)  # type: ignore[union-attr]

    (one,) = drops(list(probe([case(typed(TEXT))], ["asr:0.5"], Model("away", planner=Away()), SETTINGS)))
    assert one.failed == {"ModelError": 1} and one.applied == one.n == 0


def by_hand(id: str, was: str | None, now: str | None, group: str, label: str = "joy", **more: Any) -> Probed:
    def at(named: str | None) -> Case:
        emotion = Emotion(label=named) if named else None
        answer = EmotionAnswer(emotion=emotion, emotions=(emotion,) if emotion else (), abstain=named is None)
        sample = Sample(id=id, group=group, target=Target(labels=(label,)))
        return Case(question=Question(text="?", task="emotion"), sample=sample, sheet=CueSheet(), answer=answer)

    return Probed(id, group, "asr", "applied", before=at(was), after=at(now), **more)


def test_a_drop_by_hand() -> None:
    found = [
        by_hand("a", "joy", "joy", "g1"),
        by_hand("b", "joy", "anger", "g1", label="joy"),
        by_hand("c", "anger", None, "g2"),
        by_hand("d", "joy", None, "g3"),
        Probed("e", "g4", "asr", "unfit", "no words"),
    ]
    (one,) = drops(found)
    assert (one.n, one.before.value, one.after.value, one.drop.value) == (4, 0.75, 0.25, 0.5)
    assert one.drop.low <= 0.5 <= one.drop.high and one.drop.low >= 0.0
    assert (one.changed.value, one.silent.value, one.untouched, one.named) == (0.75, 0.5, 4, None)
    assert one.unfit == {"no words": 1}


def test_groups_are_drawn_together() -> None:
    # Items of which all that changes lies in half of the dialogues: drawn one by one the interval would be narrower.
    def interval(groups: list[str]) -> float:
        found = [by_hand(str(n), "joy", "anger" if n % 40 < 20 else "joy", groups[n]) for n in range(80)]
        (one,) = drops(found)
        return one.drop.high - one.drop.low

    apart = interval([str(n) for n in range(80)])
    assert interval([str(n // 10) for n in range(80)]) > apart
    # Of two groups a bootstrap draws one, the other or both: items are drawn instead.
    assert interval([str(n // 40) for n in range(80)]) == apart


def test_labels_outside_the_set_are_left_out_as_in_the_figures_of_the_run() -> None:
    found = [by_hand("a", "joy", "anger", "g1"), by_hand("b", "joy", "joy", "g1", label="gratitude")]
    (one,) = drops(found)
    assert (one.n, one.groups, one.before.value, one.drop.value, one.applied) == (1, 1, 1.0, 1.0, 2)
    (some,) = drops([*found, by_hand("c", "joy", "joy", "g1")])
    assert "| asr | 2 of 1 group |" in as_markdown([some])


def test_agreement_by_metric() -> None:
    several = EmotionAnswer(emotions=(Emotion(label="joy"), Emotion(label="fear")))
    assert agreement(TASK, Target(labels=("joy",)), several) == 1.0
    assert agreement(TASK, Target(labels=("fear",)), several) == 0.0  # the leading one counts
    assert agreement(TASK, Target(labels=("joy",)), None) == 0.0
    assert agreement(TASK, Target(), several) != agreement(TASK, Target(), several)  # nobody judged
    sentiment = registry.get("tasks", "sentiment")
    if sentiment.metric == "scores":
        away = SentimentAnswer(valence=0.5)
        assert agreement(sentiment, Target(scores={"valence": -0.5}), away) == -1.0
    pairs = (CausePair(turn=1, emotion="joy", cause=1), CausePair(turn=2, emotion="joy", cause=1))
    assert agreement(TASK, Target(pairs=pairs), several) == 0.0
    assert agreement(TASK, Target(opinions=(Opinion(target="x", sentiment="positive"),)), None) == 0.0


@pytest.mark.parametrize("spec", ["asl", "asr:2", "asr:x", "missing:0", "attributes:50"])
def test_wrong_probes_are_named(spec: str) -> None:
    with pytest.raises(ConfigError, match=spec.partition(":")[0]):
        list(probe([], [spec], llm.load("rules", SETTINGS), SETTINGS))


def test_every_probe_says_what_it_does() -> None:
    for name, one in PROBES.items():
        assert one.about and named(name) == (one, one.level)
