"""SRT and ELAN: read back by a parser, whatever is said in a clip."""

import json
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cuechain.agents import subtitles
from cuechain.agents.exports.elan import eaf
from cuechain.agents.exports.record import Origin
from cuechain.agents.exports.subtitles import srt
from cuechain.agents.exports.timelines import SOURCES, Clip, Timelines
from cuechain.agents.values import CueSheet, Gap, Media, Span, Turn
from tests.agents.exports.made import case, cue, failed, film, seen, sheet, talk

ORDER = ("HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "CONSTRAINT")
"""Children of an ANNOTATION_DOCUMENT in the order of the EAF 3.0 schema."""


@pytest.fixture
def origin(tmp_path):
    return Origin(tmp_path / "run", "table:made.csv")


def clip(origin, *cases, media=None):
    return Clip(media or film(), cases, origin, Path("/exports/elan"))


def timelines(tmp_path, origin, cases, suffix=".srt", write=srt):
    out = Timelines(tmp_path / "out", suffix, write, origin)
    for one in cases:
        out.add(one)
    return out.finish(), out


def test_a_line_with_what_is_felt_in_it(origin):
    (line,) = subtitles.parse(srt(clip(origin, case())), ".srt")
    assert (line.span, line.speaker, line.text) == (Span(start=1.0, end=3.5), "P1", "I am fine [joy 80%]")


def test_an_answer_stands_at_its_stretch(origin):
    talked = sheet(*(cue("transcript", f'the speaker says "line {n}"', n, n + 0.9, "P1") for n in range(4)))
    early = case("a", "joy", seen_of=talked, cites=("T1",), sample={"span": Span(start=0, end=1.9)})
    late = case("b", "anger", seen_of=talked, cites=("T1",), sample={"span": Span(start=2, end=2.9)})
    lines = subtitles.parse(srt(clip(origin, early, late)), ".srt")
    assert [line.text for line in lines] == ["line 0 [joy 80%]", "line 1 [joy 80%]", "line 2 [anger 80%]", "line 3"]


def test_an_answer_about_a_clip_in_which_nobody_speaks(origin):
    silent = sheet(cue("face", "the lip corners pull up", 2.0, 4.0, "P1"))
    lines = subtitles.parse(srt(clip(origin, case(seen_of=silent), case("b", None, seen_of=silent))), ".srt")
    assert [(line.span.start, line.span.end, line.text) for line in lines] == [
        (0.0, 9.0, "[joy 80%]"),
        (0.0, 9.0, "[cannot be told]"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        "00:00:01,000 --> 00:00:02,000",
        "one\n\n2\n00:00:05,000 --> 00:00:06,000\nfake",
        "<b>bold</b> <script>x</script>",
        "{\\an8}up {there}",
        "你好 😀 ümlaut\r\nnext",
    ],
)
def test_no_words_make_another_subtitle(origin, words):
    text = srt(clip(origin, case(seen_of=seen(words))))
    (line,) = subtitles.parse(text, ".srt")
    assert line.span == Span(start=1.0, end=3.5) and line.text.endswith("[joy 80%]")
    assert text.count("-->") == 1 and "\n\n" not in text.rstrip("\n") and not text.startswith("\ufeff")
    for word in ("bold", "script", "there", "你好", "fake"):
        assert (word in words) == (word in text)


def test_cases_of_one_clip_stand_in_one_file(tmp_path, origin):
    other = seen(media=film("/elsewhere/A FILM.mov"))
    files, out = timelines(tmp_path, origin, [case("a"), case("b", seen_of=other), case("c", "anger")])
    assert [f.name for f in files] == ["a film.srt", "A FILM-2.srt", SOURCES]
    (line,) = subtitles.parse(files[0].read_text("utf-8"), ".srt")
    assert line.text == "I am fine [joy 80%] [anger 80%]"
    sources = [json.loads(line) for line in files[-1].read_text("utf-8").splitlines()]
    assert [(s["file"], s["id"]) for s in sources] == [("a film.srt", "a"), ("a film.srt", "c"), ("A FILM-2.srt", "b")]
    assert all(s["model"] == "embedded" and s["template_hash"] and s["tools"] for s in sources)
    assert out.written == 2


def test_what_has_no_times_is_left_out_and_told(tmp_path, origin):
    held, more = talk(("Ann", "What a day"))
    files, out = timelines(tmp_path, origin, [case("a", seen_of=held, cites=("T1",), sample=more), failed()])
    assert [f.name for f in files] == [SOURCES] and dict(out.left) == {"no times": 2} and out.written == 0


def test_a_case_that_failed_after_it_was_perceived_keeps_its_words(origin):
    half = failed(sheet=seen())
    (line,) = subtitles.parse(srt(clip(origin, half)), ".srt")
    assert line.text == "I am fine [no answer]"
    assert eaf(clip(origin, half)) is not None


def test_each_file_of_a_case_has_its_own_cues(tmp_path, origin):
    both = (film(id="m1"), film("/clips/second.wav", id="m2"))
    cues = {
        "T1": cue("transcript", 'the speaker says "first"', 1.0, 2.0, "P1", media="m1"),
        "T2": cue("transcript", 'the speaker says "second"', 1.0, 2.0, "P2", media="m2"),
    }
    files, _ = timelines(tmp_path, origin, [case(seen_of=CueSheet(media=both, cues=cues), cites=("T1",))])
    first, second = (subtitles.parse(f.read_text("utf-8"), ".srt") for f in files[:2])
    assert [line.text for line in first] == ["first [joy 80%]"]
    assert "second" in {line.text for line in second}


def given(text, id="a", media=None, **sample):
    """A clip beside the words that are said in it, as many tables have them."""
    media = media or film()
    cues = {
        "T1": cue("transcript", f'the text says "{text}"', media="m2"),
        "W1": cue("words", "the words are clearly positive", media="m2"),
        "F1": cue("face", "the lip corners pull up (AU12, strong)", 2.0, 4.0, "P1", media=media.id),
    }
    sheet = CueSheet(media=(media, Media(id="m2", kind="text", text=text)), cues=cues)
    return case(id, seen_of=sheet, cites=("T1", "W1"), sample={"text": text, **sample})


def test_words_that_were_given_with_a_clip_stand_over_its_stretch(tmp_path, origin):
    cases = [given("What a day", span=Span(start=0, end=4)), given("No", "b", span=Span(start=4, end=8))]
    (file, sources), out = timelines(tmp_path, origin, cases)
    lines = subtitles.parse(file.read_text("utf-8"), ".srt")
    assert [(line.span.start, line.span.end, line.text) for line in lines] == [
        (0.0, 4.0, "What a day [joy 80%]"),
        (4.0, 8.0, "No [joy 80%]"),
    ]
    assert json.loads(sources.read_text("utf-8").splitlines()[0])["tools"] == "face@1 transcript@1 words@1"
    files, _ = timelines(tmp_path, origin, [given("What a day")], ".eaf", eaf)
    _, tiers = document(files[0].read_text("utf-8"))
    assert tiers["transcript"] == [(0, 9000, "[T1] What a day")] and tiers["words"][0][:2] == (0, 9000)
    assert not out.left


def test_a_long_given_text_is_one_subtitle(tmp_path, origin):
    told = given("One.")
    more = {**told.sheet.cues, "T2": cue("transcript", 'the text says "Two."', media="m2")}
    told = told.model_copy(update={"sheet": told.sheet.model_copy(update={"cues": more})})
    (line,) = subtitles.parse(timelines(tmp_path, origin, [told])[0][0].read_text("utf-8"), ".srt")
    assert line.text == "One. Two. [joy 80%]"


def test_of_a_conversation_a_clip_has_the_words_of_its_own_turns(tmp_path, origin):
    """A turn has a clip, as of utterances of a film; and a whole conversation has one, with times or without."""
    films = [film(f"/clips/{name}.mp4", id=f"m{n}") for n, name in enumerate(("whole", "second"), 2)]

    def of(turns, media, **sample):
        text = Media(id="m1", kind="text", text="…", turns=turns)
        said = {
            f"T{n}": cue("transcript", f'the speaker says "{t.text}"', t.span and t.span.start, t.span and t.span.end, t.speaker,
                         media="m1", measures={"line": float(n)})
            for n, t in enumerate(turns, 1)
        }  # fmt: skip
        sheet = CueSheet(media=(text, *media), cues=said)
        told = case(seen_of=sheet, cites=("T2",), sample={"turns": turns, "turn": 2, "files": (), **sample})
        files, _ = timelines(tmp_path, origin, [told])
        read = [subtitles.parse(f.read_text("utf-8"), ".srt") for f in files[:-1]]
        return {
            f.stem: [(x.span.start, x.text) for x in lines if x.speaker] for f, lines in zip(files, read, strict=False)
        }

    ann, bob = Turn(speaker="Ann", text="What a day"), Turn(speaker="Bob", text="Yes")
    own = bob.model_copy(update={"file": "/clips/second.mp4"})
    assert of((ann, own), films[1:]) == {"second": [(0.0, "Yes")]}
    assert of((ann.model_copy(update={"file": "/clips/whole.mp4"}), own), films) == {"second": [(0.0, "Yes")]}
    assert of((ann, bob), films[:1], files=("/clips/whole.mp4",)) == {"whole": [(0.0, "Yes")]}
    timed = [t.model_copy(update={"span": Span(start=n, end=n + 1)}) for n, t in enumerate((ann, bob))]
    assert of(tuple(timed), films[:1], files=("/clips/whole.mp4",)) == {"whole": [(0.0, "What a day"), (1.0, "Yes")]}


def document(text):
    """The annotations of every tier, after what the schema and ELAN itself demand has been checked."""
    root = ET.fromstring(text)
    assert root.tag == "ANNOTATION_DOCUMENT" and root.get("FORMAT") == root.get("VERSION") == "3.0"
    assert root.get("AUTHOR") and root.get("DATE").count("T") == 1
    tags = [child.tag for child in root]
    assert tags == sorted(tags, key=ORDER.index) and set(tags) == set(ORDER)
    header = root.find("HEADER")
    assert header.get("TIME_UNITS") == "milliseconds"
    assert [c.tag for c in header] == sorted((c.tag for c in header), key=("MEDIA_DESCRIPTOR", "PROPERTY").index)
    slots = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE")) for s in root.iter("TIME_SLOT")}
    assert len(slots) == len(list(root.iter("TIME_SLOT"))) and list(slots.values()) == sorted(slots.values())
    types = {t.get("LINGUISTIC_TYPE_ID") for t in root.iter("LINGUISTIC_TYPE")}
    names = [t.get("TIER_ID") for t in root.iter("TIER")]
    assert len(set(names)) == len(names)
    ids = [a.get("ANNOTATION_ID") for a in root.iter("ALIGNABLE_ANNOTATION")]
    assert len(set(ids) | set(slots)) == len(ids) + len(slots)  # xsd:ID: one name space
    tiers = {}
    for tier in root.iter("TIER"):
        assert tier.get("LINGUISTIC_TYPE_REF") in types
        marks = []
        for one in tier.iter("ALIGNABLE_ANNOTATION"):
            begin, end = (slots[one.get(f"TIME_SLOT_REF{n}")] for n in (1, 2))
            marks.append((begin, end, one.find("ANNOTATION_VALUE").text))
        assert all(begin < end for begin, end, _ in marks)
        assert all(one[1] <= after[0] for one, after in pairwise(marks)), "annotations overlap"
        tiers[tier.get("TIER_ID")] = marks
    return root, tiers


def test_tiers_for_persons_and_senses_and_the_answers(origin):
    root, tiers = document(eaf(clip(origin, case())))
    assert tiers["P1 transcript"] == [(1000, 3500, "[T1] I am fine")]
    assert tiers["P1 face"] == [(2000, 4000, "[F1] the lip corners pull up (AU12, strong)")]
    assert tiers["P1 answer"] == [(0, 9000, "joy 80%")] and tiers["people said"] == [(0, 9000, "joy")]
    assert tiers["P1 rationale"][0][2].startswith("The person seems to feel joy [F1].")
    assert {t.get("TIER_ID"): t.get("PARTICIPANT") for t in root.iter("TIER")}["P1 face"] == "P1"
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    assert media.get("RELATIVE_MEDIA_URL") == "../../clips/a%20film.mp4"
    assert media.get("MEDIA_URL") == "file:///clips/a%20film.mp4" and media.get("MIME_TYPE") == "video/mp4"
    told = {p.get("NAME"): p.text for p in root.iter("PROPERTY")}
    assert (
        told["cuechain:id"] == "i1"
        and told["cuechain:template_hash"]
        and told["cuechain:tools"] == "face@1 transcript@1"
    )


def test_cues_at_the_same_time_go_into_further_tiers(origin):
    smiles = [cue("face", f"movement {n}", 1.0 + n / 10, 2.0, "P1") for n in range(3)]
    _, tiers = document(eaf(clip(origin, case(seen_of=sheet(*smiles, cue("face", "later", 2.0, 2.0, "P1"))))))
    assert sorted(t for t in tiers if "face" in t) == ["P1 face", "P1 face (2)", "P1 face (3)"]
    assert (2000, 2001, "[F4] later") in [mark for marks in tiers.values() for mark in marks]


def test_names_that_look_like_further_tiers_stay_apart(origin):
    cues = [cue("face", "a", 1.0, 2.0), cue("face", "b", 1.0, 2.0), cue("face", "c", 1.0, 2.0, "face (2)")]
    _, tiers = document(eaf(clip(origin, case(seen_of=sheet(*cues)))))
    assert sum(len(marks) for name, marks in tiers.items() if "face" in name) == 3


@pytest.mark.parametrize(
    "words", ["a < b & c > d", "]]> \"x\" 'y'", "bell \x07 null \x00 escape \x1b.", "\ufffe 😀 你好"]
)
def test_any_words_are_xml(origin, words):
    _, tiers = document(eaf(clip(origin, case(seen_of=seen(words, person=f"P {words}")))))
    (said,) = [marks for name, marks in tiers.items() if name.endswith("transcript")]
    assert said[0][2] == "[T1] " + "".join(c for c in words if c not in "\x00\x07\x1b\ufffe")


def test_the_same_run_gives_the_same_bytes(origin):
    assert eaf(clip(origin, case())) == eaf(clip(origin, case()))


def test_stretches_of_one_clip_share_cues_once(origin):
    halves = [case(id, sample={"span": Span(start=n * 4, end=n * 4 + 4)}) for n, id in enumerate(("a", "b"))]
    _, tiers = document(eaf(clip(origin, *halves)))
    assert len(tiers["P1 transcript"]) == 1 and [m[:2] for m in tiers["P1 answer"]] == [(0, 4000), (4000, 8000)]


def test_ids_that_mean_two_things_in_one_file_have_their_item_before_them(origin):
    """Stretches of one clip each have an F1; the cue at their edge is in both."""
    edge = cue("face", "the eyes blink", 3.9, 4.1, "P1")
    first = sheet(cue("face", "the lip corners pull up", 1.0, 2.0, "P1"), edge)
    second = sheet(edge, cue("face", "the brows lower", 5.0, 6.0, "P1"))
    cases = [
        case(id, seen_of=held, sample={"span": Span(start=n * 4, end=n * 4 + 4)}, text="He says [wow]")
        for n, (id, held) in enumerate((("a b", first), ("c", second)))
    ]
    _, tiers = document(eaf(clip(origin, *cases)))
    assert [text for _, _, text in tiers["P1 face"]] == [
        "[a b F1] the lip corners pull up",
        "[a b F2, c F1] the eyes blink",
        "[c F2] the brows lower",
    ]
    assert [text.split(".")[0] for _, _, text in tiers["P1 rationale"]] == [
        "He says [wow] [a b F1]",
        "He says [wow] [c F1]",
    ]


def test_no_way_leads_to_an_address(origin):
    far = film("https://example.org/a.mp4")
    root, _ = document(eaf(clip(origin, case(seen_of=seen(media=far)), media=far)))
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    assert media.get("MEDIA_URL") == "https://example.org/a.mp4" and media.get("RELATIVE_MEDIA_URL") is None


def test_a_clip_with_nothing_in_time(tmp_path, origin):
    blank = CueSheet(media=(film().model_copy(update={"duration": 0.0}),), gaps=(Gap(sense="face", reason="no face"),))
    files, _ = timelines(tmp_path, origin, [failed(sheet=blank)], ".eaf", eaf)
    document(files[0].read_text("utf-8"))
