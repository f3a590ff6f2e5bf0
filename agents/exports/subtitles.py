"""SRT: what is said in a clip, each line with what is felt in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cuechain.agents.exports.record import stretch
from cuechain.agents.exports.timelines import Clip, when
from cuechain.agents.judged import shown_answer
from cuechain.agents.llm.one_cue import spoken
from cuechain.agents.values import Case, Span

_TAG = re.compile(r"<(?=[/!a-zA-Z])")

LEAST = 0.001
"""Seconds that a subtitle stands at least: SRT counts in milliseconds, and players leave out what has no length."""


def srt(clip: Clip) -> str | None:
    """Subtitles of a clip: its transcript with the answers below, and an answer by itself where nobody speaks; None without either."""
    lines: dict[tuple[Span, str | None], list[str]] = {}  # words that were given for one stretch stand together
    for _, cue in clip.cues():
        if cue.sense == "transcript" and cue.span:
            lines.setdefault((cue.span, cue.person), []).append(plain(spoken(cue.text)))
    shown: list[tuple[Span, str]] = []
    served: set[int] = set()
    for (span, person), said in lines.items():
        own = [n for n, case in enumerate(clip.cases) if _covers(case, span) and _about(case, person)]
        served.update(own)
        words = f"{plain(person)}: {' '.join(said)}" if person else " ".join(said)
        shown.append((span, "\n".join([words, *_answers([clip.cases[n] for n in own])])))
    for n, case in enumerate(clip.cases):
        if n not in served:
            shown.append((when(case), "\n".join(_answers([case]))))
    shown.sort(key=lambda one: (one[0].start, one[0].end))
    entries = [
        f"{n}\n{_time(s.start)} --> {_time(max(s.end, s.start + LEAST))}\n{t}\n" for n, (s, t) in enumerate(shown, 1)
    ]
    return "\n".join(entries) or None


def _covers(case: Case, line: Span) -> bool:
    span = stretch(case)
    return span is None or span.start <= (line.start + line.end) / 2 <= span.end


def _about(case: Case, speaker: str | None) -> bool:
    person = case.answer.person if case.answer else None
    return person is None or speaker in (person, None)


def _answers(cases: list[Case]) -> Iterator[str]:
    yield from dict.fromkeys(f"[{plain(shown_answer(case))}]" for case in cases)


def plain(text: str) -> str:
    """A text in one line that no reader takes for a time, an empty line, a tag or an override of the style."""
    line = " ".join(text.split()).replace("-->", "→").replace("{\\", "{ \\")
    return _TAG.sub("‹", line)


def _time(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
