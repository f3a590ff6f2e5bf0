# ruff: noqa: E501 - tables
"""What changes in an answer when a sheet changes in a way that should not matter, and whether answers rest on what they cite.

    CUECHAIN_DATA=… python benchmarks/shifts.py [--most 400] [--seed 20270] [--show "names"]

Generated sheets around GoEmotions test comments, which nothing was trained on, drawn with another seed than training's. A generator's
own sheets are easy for what was trained on its kind: the loss counts here, not the level. Prints markdown.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wordings import known, reworded, shown

from cuechain.agents.llm import Model, load
from cuechain.agents.pipeline import check, think
from cuechain.agents.scoring.explanations import NAN, cited, removals
from cuechain.agents.scoring.metrics.calibration import bins, calibration_error
from cuechain.agents.scoring.statistics import estimated, from_sums, interval, ratio
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, Answer, Cue, CueSheet, Question, Span
from cuechain.finetune.config import CORPUS, DataConfig
from cuechain.finetune.embedded import generate
from cuechain.finetune.embedded.examples import Example, goemotions
from cuechain.finetune.embedded.lines import Lines, read_lines

NAMES = (
    "Oluwaseun Adébáyò", "Nguyễn Thị Minh Khai", "María José Fernández de la Cruz", "Zhang Wei", "Aleksandra Wiśniewska", "Siobhán O'Sullivan",
    "Priyanka Chattopadhyay", "Kwame", "Muhammad al-Khwarizmi", "Ingibjörg Sólrún Gísladóttir", "田中美咲", "Leilani Kealoha", "Dr Abdulrahman",
    "Jean-Baptiste", "Nokuthula", "Anastasia Konstantinopoulou", "Bo", "Şehrazat Yıldız", "Candidate 14", "Participant 0231-B",
)  # fmt: skip
FEELING_NAMES = ("Joy", "Felicity", "Blythe", "Dolores", "Grace", "Hope")
FILLER = (
    ("face", "head yaw {n} degrees to the left"), ("face", "face box {n}40 pixels wide"), ("face", "glasses are worn"), ("face", "landmarks fitted in {n}80 frames"),
    ("face", "head pitch {n} degrees"), ("face", "the light falls from the side"), ("voice", "signal-to-noise ratio 2{n} dB"),
    ("voice", "voiced share 0.5{n}"), ("voice", "one microphone, 16 kHz"), ("voice", "utterance of {n}.4 s"), ("transcript", "language: English"),
    ("scene", "a wooden table stands in the foreground"), ("scene", "the wall in the background is made of brick"), ("scene", "a clock hangs on the left"),
    ("scene", "the curtains are green"), ("scene", "two chairs beside a window"), ("screen", "the clock shows 10:4{n}"), ("screen", "a menu bar with {n} entries"),
    ("screen", "page {n} of 12"), ("sound", "a fan hums"), ("sound", "traffic far away"), ("sound", "keys of a keyboard"), ("sound", "a tap runs next door"),
)  # fmt: skip
"""Lines that tell of nothing felt."""

Shift = Callable[[Example, random.Random], Example]


def sheets(texts: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Generated sheets, every cue with a time: all of one utterance, so that they overlap and any order of them is as right."""
    chance = random.Random(seed)
    found: list[Example] = []
    for x in generate.generated(list(texts), count, chance):
        cues = {k: c.model_copy(update={"span": _span(chance)}) for k, c in x.sheet.cues.items()}
        found.append(x.model_copy(update={"sheet": x.sheet.model_copy(update={"cues": cues})}))
    return found


def _span(chance: random.Random) -> Span:
    return Span(start=round(chance.uniform(0, 2), 2), end=round(chance.uniform(3, 6), 2))


def _with(x: Example, cues: dict[str, Cue], **more: str) -> Example:
    return x.model_copy(update={"sheet": x.sheet.model_copy(update={"cues": cues}), **more})


def timed(offset: float, factor: float) -> Shift:
    """All times moved or stretched."""

    def shift(x: Example, _: random.Random) -> Example:
        def at(c: Cue) -> Span | None:
            return c.span and Span(start=offset + factor * c.span.start, end=offset + factor * c.span.end)

        return _with(x, {k: c.model_copy(update={"span": at(c)}) for k, c in x.sheet.cues.items()})

    return shift


def called(names: Sequence[str]) -> Shift:
    """Persons renamed, in cues, in what introduces their speech, and in the question."""

    def shift(x: Example, chance: random.Random) -> Example:
        new = dict(zip(x.sheet.people, chance.sample(names, len(x.sheet.people)), strict=True))
        cues = {
            k: c.model_copy(update={"person": new[c.person], "text": c.text.replace("the speaker says", f"{new[c.person]} says")})
            if c.person else c
            for k, c in x.sheet.cues.items()
        }  # fmt: skip
        return _with(x, cues, person=new["P1"])

    return shift


def ordered(x: Example, chance: random.Random) -> Example:
    """Cues in another order, ids renumbered."""
    cues = chance.sample(list(x.sheet.cues.values()), len(x.sheet.cues))
    numbers = chance.sample(range(10, 100), len(cues))
    return _with(x, {f"{c.sense[0].upper()}{n}": c for c, n in zip(cues, numbers, strict=True)})


def filled(x: Example, chance: random.Random) -> Example:
    """Twice to three times as many cues, the new ones telling of nothing felt."""
    count = min(len(FILLER), chance.randint(len(x.sheet.cues), 2 * len(x.sheet.cues)))
    more = [
        Cue(sense=sense, text=text.replace("{n}", str(chance.randint(2, 9))), span=_span(chance), source="filler@1",
            person="P1" if sense in ("face", "voice", "transcript") else None)
        for sense, text in chance.sample(FILLER, count)
    ]  # fmt: skip
    return _mixed(x, more, chance)


def crowded(others: Sequence[Example]) -> Shift:
    """Twice to three times as many cues, the new ones other sheets' persons, who feel whatever they feel."""

    def shift(x: Example, chance: random.Random) -> Example:
        more: list[Cue] = []
        number = len(x.sheet.people)
        while len(more) < len(x.sheet.cues):
            number += 1
            donor = chance.choice([o for o in others if o.id != x.id])
            more += [
                c.model_copy(update={"person": f"P{number}"}) for c in donor.sheet.cues.values() if c.person == "P1"
            ]
        return _mixed(x, more[: 2 * len(x.sheet.cues)], chance)

    return shift


def _mixed(x: Example, more: Sequence[Cue], chance: random.Random) -> Example:
    found = list(x.sheet.cues.items())
    for number, cue in enumerate(more, 100):
        found.insert(chance.randint(0, len(found)), (f"{cue.sense[0].upper()}{number}", cue))
    return _with(x, dict(found))


def worded(style: int | None) -> Shift:
    """Every cue in the words of another detector; of what ours measured only what the wording tells is left."""

    def shift(x: Example, chance: random.Random) -> Example:
        bare = {"measures": {}, "reliability": None, "confidence": None}
        cues = {k: c.model_copy(update={**bare, "text": reworded(c, style, chance)}) for k, c in x.sheet.cues.items()}
        return _with(x, cues)

    return shift


def lined(lines: Lines) -> Shift:
    """Every face and voice in a line of an author whom nothing learnt from; what it shows stays as it was."""

    def shift(x: Example, chance: random.Random) -> Example:
        cues: dict[str, Cue] = {}
        told: set[tuple[str | None, str, str]] = set()
        for key, cue in x.sheet.cues.items():
            if cue.sense not in ("face", "voice") or cue.person != "P1":
                cues[key] = cue
                continue
            shows = shown(cue) or str(x.emotion)
            line = lines.pick(cue.sense, shows, chance)
            if line is not None and (cue.person, cue.sense, shows) not in told:  # several movements become one line
                told.add((cue.person, cue.sense, shows))
                cues[key] = line.cue(cue.person).model_copy(update={"span": cue.span})
        return _with(x, cues)

    return shift


@dataclass
class Asked:
    """A model that is asked the same of every sheet, by the name of the person."""

    model: Model
    settings: Settings

    def answer(self, sheet: CueSheet, person: str | None) -> Answer:
        question = Question(text=f"How does {person} feel, and why?", labels=EKMAN)
        found = think(sheet, question, check(question), self.model, self.settings).answer
        assert found is not None
        return found


def named(answer: Answer) -> str | None:
    return None if answer.abstain or answer.emotion is None else answer.emotion.label


def cells(
    answers: Sequence[Answer], items: Sequence[Example], before: Sequence[float] | None
) -> tuple[list[float], list[str]]:
    """What is right, and: accuracy, loss, answers that are none, calibration error of the others."""
    right = [float(named(a) == x.emotion) for a, x in zip(answers, items, strict=True)]
    loss = interval([b - r for b, r in zip(before, right, strict=True)]).told(100, 1, "+") if before else ""
    sure = [a.emotion.confidence if a.emotion and named(a) else None for a in answers]
    off = from_sums(calibration_error, bins([NAN if s is None else s for s in sure], right)).told(1, 3)
    none = f"{100 * sum(named(a) is None for a in answers) / len(answers):.0f}"
    return right, [interval(right).percent(), loss, none, off]


def faithful(asked: Asked, items: Sequence[Example], answers: Sequence[Answer]) -> str:
    """Share of answers that change without cited cues, without as many others, and how many times that is."""
    without: dict[str, list[float]] = {"bare": [], "cited": [], "other": []}
    for x, answer in zip(items, answers, strict=True):
        out = removals(cited(answer, x.sheet), list(x.sheet.cues), x.id)
        for name, ids in (("bare", out.bare), ("cited", out.cited), ("other", out.other)):
            left = x.sheet.only(set(x.sheet.cues) - set(ids))
            asks = named(answer) is not None and ids
            without[name].append(float(named(asked.answer(left, x.person)) != named(answer)) if asks else NAN)
    shares = [interval(values).percent() for values in without.values()]
    times = estimated(ratio(without["cited"], without["other"]), len(items)).told(1, 1)
    return " | ".join([*shares, times, str(sum(v == v for v in without["other"]))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="*", default=["rules", "embedded"])
    parser.add_argument("--most", type=int, default=400, help="sheets")
    parser.add_argument("--seed", type=int, default=20270, help="of the sheets and of the shifts")
    parser.add_argument("--show", nargs="*", default=[], help="shifts whose first ten lost answers are shown")
    given = parser.parse_args()
    folder = DataConfig(out=Path()).source / "train/goemotions"
    trained = {str(x.said).lower() for part in ("train", "dev") for x in goemotions(folder, part, random.Random(0))}
    texts = [x for x in goemotions(folder, "test", random.Random(0)) if str(x.said).lower() not in trained]
    items = sheets(texts, given.most, given.seed)
    wrong = [x.model_copy(update={"sheet": items[(i + 7) % len(items)].sheet}) for i, x in enumerate(items)]
    shifts: dict[str, Shift] = {
        "times + 300 s": timed(300, 1), "times × 3": timed(0, 3), "unseen wordings: words and scene alone": worded(None),
        "unseen wordings: coefficients": worded(0), "unseen wordings: anatomist's": worded(1), "unseen wordings: everyday": worded(2),
        "unseen wordings: another author's lines": lined(read_lines(CORPUS / "lines" / "test")),
        "names": called(NAMES), "names that are feelings": called(FEELING_NAMES), "order and ids": ordered, "2–3 × as long: filler": filled,
        "2–3 × as long: other people": crowded(sheets(texts, 100, given.seed + 1)),
    }  # fmt: skip
    made = {"as generated": items} | {
        name: [shift(x, random.Random(f"{given.seed}/{name}/{x.id}")) for x in items] for name, shift in shifts.items()
    }
    print(f"n = {len(items)}; {len(texts)} comments; wordings that were met before: {', '.join(known()) or 'none'}.\n")
    rows: dict[str, list[str]] = {}
    faith: list[str] = []
    for spec in given.models:
        settings = Settings()
        asked = Asked(load(spec, settings), settings)
        first: list[Answer] = []
        right: list[float] = []
        for name, new in [*made.items(), ("another sheet's cues (control)", wrong)]:
            answers = [asked.answer(x.sheet, x.person) for x in new]
            after, row = cells(answers, items, right or None)
            rows.setdefault(name, []).extend(row)
            first, right = first or answers, right or after
            lost = [i for i, (r, t) in enumerate(zip(right, after, strict=True)) if r > t and name in given.show]
            for i in lost[:10]:
                print(f"{spec}, {name}:", items[i].emotion, items[i].relation, "→", named(answers[i]))
                print("".join(f"    {c.person} {c.sense}: {c.text}\n" for c in new[i].sheet.cues.values()))
        faith.append(f"| {spec} | {faithful(asked, items, first)} |")
    told = " | ".join(f"{m} | loss | no answer | calibration error" for m in given.models)
    print(f"| | {told} |", "|" + "---|" * (1 + 4 * len(given.models)), sep="\n")
    print(*(f"| {name} | {' | '.join(row)} |" for name, row in rows.items()), "", sep="\n")
    print(
        "| label changes without | all cited cues | some of them | as many others | ratio of the last two | n |",
        "|" + "---|" * 6,
        sep="\n",
    )
    print(*faith, sep="\n")


if __name__ == "__main__":
    main()
