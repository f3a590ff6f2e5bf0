"""From media to a cue sheet: open, perceive, put in order. A generator of Events."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.fetch import is_address, local
from cuechain.agents.media import Clip, opened
from cuechain.agents.perception import Perceived, link
from cuechain.agents.perception import perceive as perceive_clip
from cuechain.agents.question.focus import later
from cuechain.agents.settings import Settings
from cuechain.agents.textualize import textualize
from cuechain.agents.values import Cue, CueSheet, Gap, Media, Span, Turn

if TYPE_CHECKING:
    from cuechain.agents.media import Frame


@dataclass(frozen=True)
class Opened:
    """A medium was opened."""

    media: Media


@dataclass(frozen=True)
class SenseDone:
    """One sense has perceived one medium."""

    media: Media
    perceived: Perceived


@dataclass(frozen=True)
class SheetReady:
    """All that may be cited is there."""

    sheet: CueSheet


Seen: TypeAlias = Opened | SenseDone | SheetReady


def see(
    inputs: Sequence[str | Path],
    settings: Settings,
    *,
    text: str | None = None,
    turns: Sequence[Turn] = (),
    stretch: Span | None = None,
) -> Generator[Seen]:
    """Open and perceive; ends with SheetReady.

    Files of a conversation's turns are perceived with it: what is heard in them is the speaker's. Where several turns name one file,
    each is a stretch of it.

    Args:
        inputs: Paths or addresses.
        settings: How.
        text: A typed text, beside or instead of files.
        turns: A conversation.
        stretch: The part of each input that is looked at, and of the file of a turn that has the same span; times are those of the
            whole file all the same.
    """
    if not inputs and text is None and not turns:
        raise ConfigError("nothing to look at", "give a file, or --text")
    cues: list[Cue] = []
    gaps: list[Gap] = []
    media: list[Media] = []
    with ExitStack() as stack:
        addresses: dict[str, str | Path] = {}
        begins: dict[str, float] = {}

        def entered(place: str | Path, number: int, part: Span | None) -> Clip:
            file = stack.enter_context(local(place, settings))
            clip = stack.enter_context(opened(file, id=f"m{number}", stretch=part))
            addresses[clip.media.id] = place
            begins[clip.media.id] = part.start if part and clip.media.kind in ("video", "audio") else 0.0
            return clip

        clips = [entered(place, n + 1, stretch) for n, place in enumerate(inputs)]
        if turns:
            clips.append(stack.enter_context(opened(turns=turns, id=f"m{len(clips) + 1}")))
        if text is not None:
            clips.append(stack.enter_context(opened(text=text, id=f"m{len(clips) + 1}")))
        shown = [(number, turn) for clip in clips for number, turn in enumerate(clip.media.turns, 1) if turn.file]
        first = len(clips)
        shared = Counter(t.file for _, t in shown)
        clips += [
            entered(t.file, first + n + 1, t.span if shared[t.file] > 1 or t.span == stretch else None)
            for n, (_, t) in enumerate(shown)
            if t.file
        ]
        several = len(clips) > 1
        for place, clip in enumerate(clips):
            begin = begins.get(clip.media.id, 0.0)
            media.append(_as_given(clip.media, addresses.get(clip.media.id, ""), begin))
            yield Opened(media[-1])
            found = yield from _found(clip, settings)
            own = _renumbered([later(c, begin) for c in link([f for f in found if isinstance(f, Cue)])], cues)
            own = _of_turn(own, *shown[place - first]) if place >= first else own
            cues += [c.model_copy(update={"media": clip.media.id}) for c in own] if several else own
            gaps += [_later(f, begin) for f in found if isinstance(f, Gap)]
    seen = {c.sense for c in cues}
    # With several files, a sense that one of them cannot serve is no gap when another one serves it.
    gaps = [g for g in gaps if not (several and g.span is None and g.sense in seen)]
    if not cues and all(_unusable(g) for g in gaps):
        raise MediaError("no sense could use the input", "; ".join(f"{g.sense}: {g.reason}" for g in gaps))
    yield SheetReady(textualize(media, cues, gaps, budget=settings.budget))


def _as_given(media: Media, place: str | Path, begin: float) -> Media:
    """What was fetched is named by its address: where it is kept on this machine says nothing to anybody. A stretch is of a file that
    lasts at least until its end."""
    media = media.model_copy(update={"duration": begin + media.duration}) if begin and media.duration else media
    return media.model_copy(update={"path": str(place)}) if is_address(place) else media


def _later(gap: Gap, seconds: float) -> Gap:
    """A gap of a stretch, with the times of the whole file."""
    if not gap.span or not seconds:
        return gap
    return gap.model_copy(update={"span": Span(start=gap.span.start + seconds, end=gap.span.end + seconds)})


def _of_turn(own: list[Cue], number: int, turn: Turn) -> list[Cue]:
    """Cues of a turn's file: they belong to the turn, and what is heard in it to the speaker."""
    heard = ("transcript", "words", "situation", "voice")
    return [
        cue.model_copy(
            update={
                "measures": {**cue.measures, "line": number},
                "person": (turn.speaker or cue.person) if cue.sense in heard else cue.person,
            }
        )
        for cue in own
    ]


def _renumbered(own: list[Cue], before: list[Cue]) -> list[Cue]:
    """P1 of a second file is not P1 of the first: its numbers go on from there. Names stay."""
    taken = [int(c.person[1:]) for c in before if c.person and re.fullmatch(r"P\d+", c.person)]
    if not taken:
        return own
    return [
        c.model_copy(update={"person": f"P{int(c.person[1:]) + max(taken)}"})
        if c.person and re.fullmatch(r"P\d+", c.person)
        else c
        for c in own
    ]


def _unusable(gap: Gap) -> bool:
    """True for a sense that is absent, failed, or has nothing to look at; a sense that looked and found nothing was usable."""
    unusable = r"not installed|^the tool failed| in this video$"
    return gap.sense == "media" or gap.idle or re.search(unusable, gap.reason) is not None


def _found(clip: Clip, settings: Settings) -> Generator[Seen, None, list[Cue | Gap]]:
    done: list[Perceived] = []
    for perceived in perceive_clip(clip, settings):
        done.append(perceived)
        yield SenseDone(clip.media, perceived)
    # Senses are done in any order; the sheet must not show which one was faster.
    return [*(item for one in sorted(done, key=lambda d: d.sense) for item in one.found), *clip.notes]


def keyframes(inputs: Sequence[str | Path], settings: Settings, most: int = 4) -> list[bytes]:
    """JPEGs of up to `most` frames for a vision model: of each shot the frame nearest its middle, longest shots first."""
    from cuechain.agents.perception.pictures.captions import keyframe

    shots: list[tuple[float, Frame]] = []
    for path in inputs:
        with local(path, settings) as file, opened(file) as clip:
            shot: list[Frame] = []
            for frame in clip.frames(2.0):
                if shot and frame.shot != shot[-1].shot:
                    shots.append((shot[-1].time - shot[0].time, shot[len(shot) // 2]))
                    shot = []
                shot = [*shot, frame][-60:]  # half a minute at two frames a second bounds the memory of an endless shot
            if shot:
                shots.append((shot[-1].time - shot[0].time, shot[len(shot) // 2]))
    longest = sorted(shots, key=lambda s: -s[0])[:most]
    return [keyframe(frame.image) for _, frame in sorted(longest, key=lambda s: s[1].time)]
