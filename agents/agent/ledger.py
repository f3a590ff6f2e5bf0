"""The ledger: what was perceived so far of one or several clips. It grows, ids stay, and nothing is perceived twice."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Sequence
from pathlib import Path
from threading import RLock

from cuechain.agents import registry
from cuechain.agents.agent.gaps import PARTLY, everything_of, of_clip, of_stretch, unseen
from cuechain.agents.agent.persons import numbered_on, relinked, renamed
from cuechain.agents.agent.stretches import WHOLE, clocked, left, shifted, widened
from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.fetch import is_address, local
from cuechain.agents.llm.weighted import kin
from cuechain.agents.media import opened, probe
from cuechain.agents.perception import perceive as perceive_clip
from cuechain.agents.perception.perceive import senses as used_senses
from cuechain.agents.pipeline import Event, Opened, SenseDone, SheetReady, see
from cuechain.agents.question.focus import within
from cuechain.agents.settings import Settings
from cuechain.agents.textualize import textualize
from cuechain.agents.values import Case, Cue, CueSheet, Gap, Media, Span, Step

UNLIMITED = 10**9
"""A budget that keeps every cue."""


class Ledger:
    """Cues of clips under ids that stay as more is perceived.

    A clip up to WHOLE seconds is perceived whole, sense by sense. Of a longer one a stretch is perceived alone: what is usual for a voice
    or a face is then what is usual in that stretch, and who is who between two stretches is only known where the source gives names.
    """

    def __init__(self, settings: Settings, cases: Sequence[Case] = ()) -> None:
        """An empty ledger, or the one that earlier answers ended with.

        Args:
            settings: How to perceive.
            cases: Earlier answers about the same clips, in order.
        """
        self._kept = tempfile.TemporaryDirectory(prefix="cuechain-") if settings.cache is None else None
        # Several tools hear the same words: without any cache each would recognise them anew.
        self._settings = settings.model_copy(update={"cache": Path(self._kept.name)}) if self._kept else settings
        self._media: list[Media] = []
        self._places: dict[str, str | Path] = {}
        self._told: set[str] = set()
        self._cues: dict[str, Cue] = {i: c for case in cases for i, c in case.sheet.cues.items()}
        self._gaps: list[Gap] = [g for g in cases[-1].sheet.gaps if not g.reason.endswith(PARTLY)] if cases else []
        self._named = bool(cases) and len(cases[-1].sheet.media) > 1
        self._seen: dict[tuple[str, str], list[Span]] = defaultdict(list)
        self._raw: dict[str, list[Cue]] = defaultdict(list)
        self._linked: dict[str, list[Cue]] = defaultdict(list)
        self.lock = RLock()
        """Held by whoever perceives: a model may call several tools at once."""
        self.shown: set[str] = set()
        """Cues that tools showed since it was last emptied."""
        self.steps: list[Step] = []
        """What was perceived since it was last emptied, to be kept in a Case."""
        self.timings: dict[str, float] = {}
        """Sense to seconds, likewise."""
        self._earlier = [json.loads(s.output) for case in cases for s in case.steps if s.name == "perceive"]
        # Where an answer names no stretches, the clips were perceived whole for it.
        self._whole = {m.id for m in cases[-1].sheet.media} if cases and not self._earlier else set[str]()

    @property
    def media(self) -> tuple[Media, ...]:
        """The clips, in the order in which they came."""
        return tuple(self._media)

    @property
    def places(self) -> tuple[str | Path, ...]:
        """Where they lie."""
        return tuple(self._places[m.id] for m in self._media if m.id in self._places)

    def add(self, place: str | Path) -> Media:
        """One more clip; nothing of it is perceived yet.

        Raises:
            MediaError: It cannot be opened.
        """
        with local(place, self._settings) as path:
            media = probe(path, id=f"m{len(self._media) + 1}")
        media = media.model_copy(update={"path": str(place)}) if is_address(place) else media
        self._media.append(media)
        self._places[media.id] = place
        if len(self._media) == 2:  # with one clip alone nobody had to say which
            first = self._media[0].id
            self._cues = {i: c.model_copy(update={"media": c.media or first}) for i, c in self._cues.items()}
            if not self._named:
                self._gaps = [of_clip(g, self._media[0]) for g in self._gaps]
        return media

    def clip(self, name: str | None = None) -> Media:
        """A clip by its id or its file's name; the only one where none is named.

        Raises:
            ConfigError: There is no such clip, or several and none is named.
        """
        known = {m.id: m for m in self._media}
        if name is None and len(known) == 1:
            return self._media[0]
        if name in known:
            return known[name]
        found = [m for m in self._media if name and m.path and Path(m.path).name.lower() == name.lower()]
        if len(found) == 1:
            return found[0]
        clips = ", ".join(f"{m.id} ({Path(m.path).name if m.path else 'text'})" for m in self._media)
        raise ConfigError(f"there is no clip '{name}'" if name else "there are several clips", f"name one: {clips}")

    @property
    def budget(self) -> int:
        """Tokens that cues may take in a prompt."""
        return self._settings.budget

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be perceived where it was tried."""
        return tuple(self._gaps)

    def lines(self, media: Media) -> list[tuple[Span, str]] | None:
        """The subtitles of a clip, or the lines of a text, which cost nothing to read; None where there are none."""
        place = self._places.get(media.id)
        if place is None:
            return None
        with local(place, self._settings) as path, opened(path, id=media.id) as clip:
            return [(line.span, line.text) for line in clip.subtitles] if clip.has_subtitles else None

    def begun(self) -> Generator[Event]:
        """Begin a question: `steps`, `timings` and `shown` are its own. In a conversation that goes on, the stretches that earlier answers
        perceived on demand are perceived again, out of the cue cache."""
        again, self._earlier = self._earlier, []
        for made in again:
            known = next((m for m in self._media if m.id == made["media"] and m.id in self._places), None)
            if known is not None:
                yield from self.perceive(made["senses"], known, Span(start=made["start"], end=made["end"]))
        self.steps, self.timings, self.shown = [], {}, set()

    def whole(self) -> Generator[Event]:
        """Perceive every clip with every sense, as `cuechain perceive` does.

        Raises:
            MediaError: A clip cannot be decoded, or no sense can use it.
        """
        generous = self._settings.model_copy(update={"budget": UNLIMITED})
        for media in [m for m in self._media if m.id in self._places]:
            names = [sense.name for sense in used_senses(self._settings, [])]
            everything = everything_of(media)
            if not any(left(everything, self._seen[media.id, name]) for name in names):
                continue
            for event in see([self._places[media.id]], generous):
                if isinstance(event, SheetReady):
                    self._absorb(media, event.sheet)
                else:
                    yield from self._heard(event, media)
            for name in names:
                self._seen[media.id, name] = [everything]

    def perceive(self, senses: Collection[str] | None, media: Media, span: Span | None = None) -> Generator[Event]:
        """Perceive with some senses what they have not perceived yet of a stretch; those that they listen to perceive with them.

        Args:
            senses: Registered names, None for all; those that are not in use are passed over.
            media: Which clip.
            span: Which stretch; None for all of it.

        Raises:
            ConfigError: The stretch lies outside the clip.
            MediaError: It cannot be decoded.
        """
        everything = everything_of(media)
        if span is not None and media.duration is not None and span.start >= media.duration:
            raise ConfigError(f"{clocked(span)} lies outside the clip", f"it is {clocked(everything)} long")
        short = media.duration is None or media.duration <= WHOLE
        asked = everything if span is None or short else widened(span, everything)
        senses = registry.names("perception") if senses is None else senses
        chosen = [s for s in senses if not self._settings.senses or s in self._settings.senses]
        used = used_senses(self._settings.model_copy(update={"senses": tuple(chosen)}), []) if chosen else []
        pieces: dict[tuple[float, float], list[str]] = defaultdict(list)
        for name in (sense.name for sense in used):
            for piece in left(asked, self._seen[media.id, name]):
                pieces[piece.start, piece.end].append(name)
        for (start, end), names in sorted(pieces.items()):
            yield from self._piece(media, names, Span(start=start, end=end), whole=asked == everything)

    def sheet(self, budget: int = UNLIMITED, without: Collection[str] = ()) -> CueSheet:
        """All that may be cited, within a budget of tokens; what was not perceived is among the gaps.

        Args:
            budget: See `textualize`.
            without: Senses (face, voice, words …) that are left out.
        """
        gone = {c.sense for c in self._cues.values() if {c.sense, kin(c.sense)} & set(without)}
        known = {i: c for i, c in self._cues.items() if c.sense not in gone}
        have = {c.sense for c in known.values()}
        gaps = [g for g in self._gaps if {g.sense, kin(g.sense)}.isdisjoint(without)]
        if len(self._media) > 1:  # what one clip cannot serve is no gap where another one does
            gaps = [g for g in gaps if g.span is not None or g.sense not in have]
        clips = [m for m in self._media if m.id in self._places and m.id not in self._whole]
        seen = {key: tuple(spans) for key, spans in self._seen.items()}
        for made in self._earlier:  # known from their answers, and perceived again with the next question
            for key in ((made["media"], name) for name in made["senses"]):
                seen[key] = (*seen.get(key, ()), Span(start=made["start"], end=made["end"]))
        gaps += unseen(clips, self._settings, seen, have, without)
        gaps += [Gap(sense=name, reason="left out for this question") for name in dict.fromkeys(without)]
        return textualize(self._media, (), gaps, budget=budget, known=known)

    def view(self, senses: Collection[str] = (), media: Media | None = None, span: Span | None = None) -> CueSheet:
        """The cues of some senses (all where none is named) in one stretch of one clip."""
        several = len(self._media) > 1
        ids = {
            i
            for i, c in self._cues.items()
            if (not senses or c.sense in senses) and (media is None or not several or c.media == media.id)
        }
        return within(self.sheet().only(ids), span)

    def seen(self, media: Media, sense: str) -> tuple[Span, ...]:
        """The stretches that a sense has perceived."""
        return tuple(self._seen[media.id, sense])

    def _heard(self, event: Event, media: Media) -> Generator[Event]:
        if isinstance(event, Opened) and media.id in self._told:
            return
        if isinstance(event, Opened):
            self._told.add(media.id)
        if isinstance(event, SenseDone):
            name = event.perceived.sense
            self.timings[name] = round(self.timings.get(name, 0.0) + event.perceived.seconds, 4)
        yield event

    def _absorb(self, media: Media, sheet: CueSheet) -> None:
        """Take over a whole sheet: its clips, persons and cues get numbers that are free here."""
        ids = {sheet.media[0].id: media.id}
        for other in sheet.media[1:]:  # files of a conversation's turns
            ids[other.id] = f"m{len(self._media) + 1}"
            self._media.append(other.model_copy(update={"id": ids[other.id]}))
        several = len(self._media) > 1
        fresh = [
            c.model_copy(update={"media": ids.get(c.media or "", media.id) if several else None})
            for c in sheet.cues.values()
        ]
        self._take(renamed(fresh, list(self._cues.values()), _key), self._of_clip(media, sheet.gaps))

    def _piece(self, media: Media, names: list[str], piece: Span, *, whole: bool) -> Generator[Event]:
        place = self._places.get(media.id)
        if place is None:
            raise MediaError(f"{media.path or media.id} cannot be perceived by itself", "ask about the conversation")
        if media.id not in self._told:
            yield from self._heard(Opened(media), media)
        found: list[Cue | Gap] = []
        settings = self._settings.model_copy(update={"senses": tuple(names)})
        stretch = None if whole else piece
        with local(place, settings) as path, opened(path, id=media.id, stretch=stretch) as clip:
            done = []
            for perceived in perceive_clip(clip, settings):
                yield from self._heard(SenseDone(media, perceived), media)
                done.append(perceived)
            for one in sorted(done, key=lambda d: d.sense):
                found += one.found if one.sense in names else []  # a sense that was only listened to is there already
            found += clip.notes
        start = stretch.start if stretch else 0.0
        raw = [shifted(item, start) for item in found if isinstance(item, Cue)]
        several = len(self._media) > 1
        number = sum(s.name == "perceive" for s in self.steps) + len(self._raw[media.id])
        old = [c for cues in self._linked.values() for c in cues] + list(self._cues.values())
        raw = [
            c.model_copy(update={"media": media.id if several else None})
            for c in numbered_on(raw, old, voices=f"{number}." if self._raw[media.id] else "")
        ]
        fresh = self._relinked(media, raw)
        self._take(fresh, self._of_clip(media, [of_stretch(g, stretch) for g in found if isinstance(g, Gap)]))
        for name in names:
            self._seen[media.id, name].append(piece)
        output = {"media": media.id, "senses": names, "start": piece.start, "end": piece.end}
        self.steps.append(Step(name="perceive", output=json.dumps(output)))

    def _relinked(self, media: Media, raw: list[Cue]) -> list[Cue]:
        """The new cues with their persons; those of earlier cues follow where a face tells whose a voice is."""
        before = self._linked[media.id]
        linked = relinked(self._raw[media.id], before, raw)
        for old, new in zip(before, linked, strict=False):
            for i, cue in self._cues.items() if old.person != new.person else ():
                if (cue.sense, cue.text, cue.span, cue.person) == (old.sense, old.text, old.span, old.person):
                    self._cues[i] = cue.model_copy(update={"person": new.person})
        self._raw[media.id] += raw
        self._linked[media.id] = linked
        return linked[len(before) :]

    def _of_clip(self, media: Media, gaps: Iterable[Gap]) -> list[Gap]:
        return [of_clip(g, media) for g in gaps] if len(self._media) > 1 else list(gaps)

    def _take(self, cues: Iterable[Cue], gaps: Iterable[Gap]) -> None:
        have = {_key(c) for c in self._cues.values()}
        fresh = [c for c in cues if _key(c) not in have]
        made = textualize(self._media, fresh, gaps, budget=UNLIMITED, known=self._cues)
        self._cues = dict(made.cues)
        self._gaps = list(dict.fromkeys([*self._gaps, *made.gaps]))


def _key(cue: Cue) -> tuple[object, ...]:
    return cue.sense, cue.text, cue.span, cue.media, cue.measures.get("line")
