"""What a question names of the material: a time, turns of a conversation, one of several files; and whether it can be read at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cuechain.agents.llm.labels import is_known
from cuechain.agents.perception.texts.language import COMMON
from cuechain.agents.question.happenings import happened
from cuechain.agents.question.occasions import ORDER, Known, Turn
from cuechain.agents.question.times import Named, named
from cuechain.agents.values import CueSheet, Media, Span

_PAGE = 10.0
"""Length of a turn where turns stand in for seconds; any would do."""


@dataclass(frozen=True)
class When:
    """A time that a question names."""

    named: Named
    """Its words, and the stretch where the clip has times."""
    lines: frozenset[int] | None = None
    """The turns that are meant, where a text has no times."""


def time_of(sheet: CueSheet, question: str) -> When | None:
    """The time that a question names; None where it names none, or where nothing has an order.

    Args:
        sheet: All cues.
        question: The user's words.
    """
    end = _end(sheet)
    if end:
        found = named(question, _known(sheet, question, end))
        return found and When(found)
    lines = sorted({int(n) for c in sheet.cues.values() if isinstance(n := c.measures.get("line"), int | float)})
    if not lines:
        return None
    places = {line: Span(start=_PAGE * n, end=_PAGE * (n + 1)) for n, line in enumerate(lines)}
    laid = sheet.model_copy(
        update={
            "cues": {i: c.model_copy(update={"span": places.get(_line(c.measures))}) for i, c in sheet.cues.items()}
        }
    )
    found = named(question, _known(laid, question, _PAGE * len(lines), clock=False))
    if found is None or (span := found.span) is None:
        return found and When(found)
    one_piece = len(lines) == 1 and "line" in found.words  # its own lines are not told apart
    meant = frozenset(line for line, place in places.items() if place.overlap(span) >= _PAGE / 2)
    if not meant or one_piece:
        problem = (
            f"“{found.words}” cannot be looked up: the text is told in {_counted(len(lines), 'piece')} without times."
        )
        return When(Named(found.words, problem=problem, rest=found.rest))
    return When(Named(found.words, rest=found.rest, event=found.event), meant)


def _line(measures: dict[str, float | str]) -> int:
    line = measures.get("line")
    return int(line) if isinstance(line, int | float) else 0


def _known(sheet: CueSheet, question: str, end: float, *, clock: bool = True) -> Known:
    said = [(c, c.span) for c in sheet.cues.values() if c.span and c.sense in ("transcript", "voice")]
    spoken = sorted(((c, span) for c, span in said if c.sense == "transcript"), key=lambda one: one[1].start)
    whose = _owner(sheet, question)
    return Known(
        end,
        lambda who: [span for c, span in said if c.person == _same(sheet, who)] or [span for _, span in said],
        lambda clause: happened(sheet, clause, end),
        [Turn(_line(c.measures) or number, c.person or "", span) for number, (c, span) in enumerate(spoken, 1)],
        whose,
        clock,
        *(() if clock else (_PAGE,)),
    )


def _same(sheet: CueSheet, who: str) -> str | None:
    return next((p for p in sheet.people if p.lower() == re.sub(r"['’]s$|^the ", "", who.lower())), None)


def _owner(sheet: CueSheet, question: str) -> Callable[[str], str | None]:
    """Whom a possessive means: who is named by it, else the one whom the question names, or who alone is there."""
    asked = [p for p in sheet.people if re.search(rf"\b{re.escape(p)}\b", question, re.I)]

    def owner(word: str) -> str | None:
        if word.lower() not in ("her", "his", "their"):
            return _same(sheet, word)
        one = asked or list(sheet.people)
        return one[0] if len(one) == 1 else None

    return owner


def _end(sheet: CueSheet) -> float:
    """Seconds that the clip has of which the cues are, or up to the last cue where nothing tells its length."""
    ids = {c.media for c in sheet.cues.values()}
    lengths = [m.duration for m in sheet.media if m.duration and (len(sheet.media) == 1 or m.id in ids)]
    return max(lengths or [c.span.end for c in sheet.cues.values() if c.span], default=0.0)


_KINDS = {"video": "video", "film": "video", "picture": "image", "image": "image", "photo": "image", "text": "text"}
_FILE = r"(clip|file|recording|video|film|picture|image|photo|text|one)"
_PLACED = re.compile(
    rf"\b({'|'.join(ORDER)}|last) {_FILE}\b|^\W*(?:(?:and|but|so|what about|how about)\W+)*(?:the )?({'|'.join(ORDER)})\W*$", re.I
)  # fmt: skip


def named_clip(sheet: CueSheet, text: str) -> str | None:
    """The clip that a question names by its file or by its place; None where it names none, or several."""
    named = _placed(sheet, text)
    return named.pop() if len(named) == 1 else None


def of_clip(sheet: CueSheet, clip: str | None) -> CueSheet:
    """One of several files with its cues; all of them where none is named."""
    if clip is None:
        return sheet
    part = sheet.only({i for i, c in sheet.cues.items() if c.media == clip})
    return part.model_copy(update={"media": tuple(m for m in sheet.media if m.id == clip)})


def no_clip(sheet: CueSheet, text: str) -> str:
    """That there are not as many files as the place that a question names, as a sentence; else empty."""
    found = _PLACED.search(text)
    if len(sheet.media) < 2 or not found or _placed(sheet, text):
        return ""
    number, noun = len(_of_kind(sheet, found[2] or "file")), (found[2] or "file").lower()
    return f"There is no {(found[1] or found[3]).lower()} {noun}: {_counted(number, 'file' if noun == 'one' else noun)} were given."


def _placed(sheet: CueSheet, text: str) -> set[str]:
    if len(sheet.media) < 2:
        return set()
    files = {m.id for m in sheet.media if m.path and _called(Path(m.path), text)}
    if files:
        return files
    there: set[str] = set()
    for found in _PLACED.finditer(text):
        media, said = _of_kind(sheet, found[2] or ""), (found[1] or found[3]).lower()
        place = -1 if said == "last" else ORDER.index(said)
        there |= {media[place].id} if place < len(media) else set()
    return there


def _of_kind(sheet: CueSheet, noun: str) -> Sequence[Media]:
    """The files that are counted by a noun: of a clip and two pictures, "the second picture" is the third file."""
    return [m for m in sheet.media if m.kind == _KINDS.get(noun.lower())] or sheet.media


def _called(path: Path, text: str) -> bool:
    """Whether a question names a file: by its whole name, or without the ending where that is no word that questions have anyway."""
    stem = path.stem.lower()
    plain = len(stem) < 3 or stem in COMMON or is_known(stem) or bool(re.fullmatch(_FILE, stem))
    return re.search(rf"(?<!\w){re.escape(path.name if plain else path.stem)}(?!\w)", text, re.I) is not None


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


_ENGLISH = COMMON | set("are does were why they anyone everyone face voice feels feeling clip emotion".split())  # noqa: SIM905
_ELSEWHERE = frozenset(
    """
    ist sind wie warum wer wann und nicht der das ein eine er sie ihr ihm ihn sich fühlt nach mit wirklich
    est sont elle il ils elles comment pourquoi qui quand se sent une le les triste et
    es está están cómo qué quién cuándo por él ella ellos siente sienten el los una
    è sono perché chi lei lui sta come cosa lo gli che
    está como quem quando ela ele eles elas sente você
    hoe waarom wie zij hij voelt zich het een niet
    jak dlaczego ona czy się co hvordan hvorfor hun han hur varför hon är kuinka miten hän onko nasıl neden
    """.split()  # noqa: SIM905
)
"""Words that questions in other languages have and English ones hardly."""


def foreign(sheet: CueSheet, question: str) -> bool:
    """Whether a question is in another language than English, as its letters or its commonest words tell; names of people do not count."""
    for name in sheet.people:
        question = re.sub(rf"\b{re.escape(name)}\b", " ", question, flags=re.I)
    words = re.findall(r"[^\W\d_]+", question.lower())
    letters = "".join(words)
    if sum(ord(c) > 0x24F for c in letters) > len(letters) / 2:  # beyond the Latin blocks
        return True
    english = sum(w in _ENGLISH or is_known(w) for w in words)
    return sum(w in _ELSEWHERE for w in words) > english
