"""Typed texts, message threads and subtitles as utterances."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cuechain.agents.subtitles import Subtitle
from cuechain.agents.values import Span, Turn

LONGEST = 30
"""Words of one utterance, about: a longer one is split so that a cue stays one thing that can be cited."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said or written by one person."""

    text: str
    """The words; `…` stands for what was not understood."""
    span: Span | None = None
    """When."""
    person: str | None = None
    """Who, where the source says so."""
    confidence: float | None = None
    """How sure the recogniser is, 0 to 1."""
    kept: float = 1.0
    """Share of the recognised words that were sure enough to keep."""
    language: str = ""
    """ISO 639-1 code, where a recogniser said it."""
    language_sure: float | None = None
    """Probability of that language, where it was detected from the sound."""
    turn: int | None = None
    """Number of the turn in a conversation, from 1."""


_MESSAGE = re.compile(
    r"^\s*(?:\[[^\]\n]{3,25}\]\s*|\d{1,4}[-/.:]\d{1,2}[^A-Za-z\n]{0,20}?(?:[AaPp]\.?[Mm]\.?)?\s*[-–]?\s+)?"  # [12:03] or 3/4/24, 12:03 -
    r"([^\W\d_][\w.'’-]{0,24}(?: [\w.'’-]{1,24}){0,2}):\s+(\S.*)$"
)
_NOT_NAMES = frozenset(
    [
        "note",
        "update",
        "edit",
        "pros",
        "cons",
        "ps",
        "subject",
        "re",
        "from",
        "to",
        "cc",
        "date",
        "warning",
        "summary",
        "question",
        "answer",
        "todo",
        "http",
        "https",
        "title",
        "example",
    ]
)
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=\S)")
_CLAUSE_END = re.compile(r"(?<=[,;:])\s+|\s+(?=[–—-]\s)")
_NOISE = re.compile(r"^[\s♪♫#*~-]*(?:[\[(][^\])]*[\])][\s♪♫.-]*)+$|^[\s♪♫#*-]+$")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|vs|etc|e\.g|i\.e)|\b[A-Z])\.$")


def is_noise(text: str) -> bool:
    """Whether a subtitle describes a sound (`[laughter]`, `♪`) instead of quoting words."""
    return bool(_NOISE.match(text))


def from_text(text: str) -> Iterator[Utterance]:
    """A message thread, one utterance per message; else prose, one per group of sentences. No times."""
    for person, words in _messages(text) or [(None, text)]:
        for part in _groups(words):
            yield Utterance(part, person=person)


def from_turns(turns: Sequence[Turn]) -> Iterator[Utterance]:
    """A conversation, one utterance per turn that has words, however long."""
    for number, turn in enumerate(turns, 1):
        if turn.text.strip():
            yield Utterance(turn.text, turn.span, turn.speaker or None, turn=number)


def from_subtitles(lines: Sequence[Subtitle]) -> Iterator[Utterance]:
    """Subtitles, with a sentence that runs over several of them put together again."""
    held: Utterance | None = None
    for line in lines:
        now = Utterance(line.text, line.span, line.speaker)
        if held is not None and _runs_on(held, now):
            end = max(held.span.end, line.span.end) if held.span else line.span.end
            start = held.span.start if held.span else line.span.start
            held = Utterance(f"{held.text} {line.text}", Span(start=start, end=end), held.person)
            continue
        if held is not None:
            yield held
        held = now
    if held is not None:
        yield held


def _runs_on(held: Utterance, now: Utterance) -> bool:
    """The same sentence goes on in the next subtitle: no full stop yet, no pause, nobody else."""
    if held.span is None or now.span is None or is_noise(held.text) or is_noise(now.text) or now.text.startswith("-"):
        return False
    close = -0.05 <= now.span.start - held.span.end <= 0.5
    # A new speaker is named once; an unnamed line after a named one may be anybody's, unless it goes on in lower case.
    same = now.person == held.person or (now.person is None and now.text[:1].islower())
    short = len(held.text.split()) + len(now.text.split()) <= LONGEST
    return close and same and short and held.text[-1:] not in '.!?…"”♪])'


def _messages(text: str) -> list[tuple[str | None, str]]:
    """Messages of a thread with their writers; empty when the text is not a thread."""
    lines = [line for line in text.splitlines() if line.strip()]
    matches = [_MESSAGE.match(line) for line in lines]
    named = [m for m in matches if m and m.group(1).lower() not in _NOT_NAMES]
    if len(named) < 2 or matches[0] not in named or len(named) < 0.3 * len(lines):
        return []
    thread: list[tuple[str | None, str]] = []
    for line, match in zip(lines, matches, strict=True):
        if match in named and match:
            thread.append((match.group(1), match.group(2)))
        else:  # a message of several lines
            person, words = thread[-1]
            thread[-1] = (person, f"{words} {line.strip()}")
    return thread


def _sentences(text: str) -> Iterator[str]:
    held = ""
    for part in _SENTENCE_END.split(" ".join(text.split())):
        held = f"{held} {part}".strip()
        if not _ABBREVIATION.search(held):
            yield held
            held = ""
    if held:
        yield held


def _groups(text: str) -> Iterator[str]:
    """Sentences together up to LONGEST words; an overlong sentence in parts, at its commas where it has them."""
    group: list[str] = []
    count = 0
    for line in re.split(r"\n\s*\n", text):
        for sentence in _sentences(line):
            pieces = [sentence] if len(sentence.split()) <= LONGEST else _CLAUSE_END.split(sentence)
            for piece in pieces:
                words = piece.split()
                for begin in range(0, len(words), LONGEST):
                    part = words[begin : begin + LONGEST]
                    if group and count + len(part) > LONGEST:
                        yield " ".join(group)
                        group, count = [], 0
                    group.append(" ".join(part))
                    count += len(part)
        if group:
            yield " ".join(group)
            group, count = [], 0
