"""Where something is said: in subtitles without perceiving them, else in what was transcribed so far."""

from __future__ import annotations

import re

from cuechain.agents.agent.ledger import Ledger
from cuechain.agents.values import Media, Span

MOST_FOUND = 8
"""Places that are told, best first: more are no answer to where something is said."""


def found(ledger: Ledger, media: Media, words: str) -> tuple[list[Span], bool]:
    """The stretches in which the words are said, in order of time, and whether the whole clip could be searched.

    A line counts by the share of the words that it holds; endings are not told apart ("fear" finds "fears"). What holds fewer words than
    the best line is left out.
    """
    wanted = re.findall(r"\w+", words.lower())
    lines = ledger.lines(media)
    everywhere = lines is not None
    if lines is None:
        heard = ledger.view(("transcript",), media).cues.values()
        lines = [(c.span, c.text) for c in heard if c.span]
    scored = [(sum(_holds(text, w) for w in wanted), span) for span, text in lines]
    best = max((score for score, _ in scored), default=0)
    spans = [span for score, span in scored if score == best][:MOST_FOUND] if best else []
    return sorted(spans, key=lambda s: s.start), everywhere


def _holds(text: str, word: str) -> bool:
    return any(part == word or (len(word) > 3 and part.startswith(word)) for part in re.findall(r"\w+", text.lower()))
