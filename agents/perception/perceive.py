"""Run senses over a clip: one decode pass, each sense once, what was perceived before taken from the cache."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, CueChainError, MediaError, PluginError, RunError, ToolError
from cuechain.agents.media import PASS, Clip
from cuechain.agents.perception.sense import Sense
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap

_FOUND = TypeAdapter(list[Cue | Gap])

_NEEDS = {
    "video": "no picture",
    "image": "no picture",
    "audio": "no sound",
    "subtitles": "no subtitles",
    "text": "no text",
}


@dataclass(frozen=True)
class Perceived:
    """What one sense found in one clip."""

    sense: str
    """Its registered name."""
    found: list[Cue | Gap]
    """Cues and gaps."""
    seconds: float
    """Wall time that this sense took; 0 when it came from the cache."""
    cached: bool
    """True when an earlier run perceived it."""


def senses(settings: Settings, broken: list[Gap] | None = None) -> list[type[Sense]]:
    """The sense classes in use, each after those whose cues it reads.

    Args:
        settings: Which senses.
        broken: Takes a Gap for each plugin that cannot be loaded and was not asked for by name; where it is None they are errors.

    Raises:
        ConfigError: A name that is not registered.
        PluginError: A registered thing that is not a Sense, or senses that wait for each other.
    """
    wanted = list(settings.senses or registry.names("perception"))
    waiting: dict[str, type[Sense]] = {}
    tried: set[str] = set()
    while wanted:
        name = wanted.pop(0)
        if name in waiting or name in tried:
            continue
        try:
            sense = registry.get("perception", name)
            if not (isinstance(sense, type) and issubclass(sense, Sense)):
                raise PluginError(f"perception tool '{name}' is not a Sense", "subclass cuechain.Sense")
        except (PluginError, ConfigError) as error:  # ConfigError: a plugin listens to what is not installed
            if broken is None or name in settings.senses:
                raise
            tried.add(name)
            broken.append(Gap(sense=name, reason=error.message, hint="mend or uninstall the plugin"))
            continue
        waiting[name] = sense
        wanted.extend(sense.after)  # what it listens to is perceived too, named or not
    ordered: list[type[Sense]] = []
    while waiting:
        ready = [n for n, s in waiting.items() if not any(a in waiting for a in s.after)]
        if not ready:
            raise PluginError(f"perception tools wait for each other: {', '.join(waiting)}")
        ordered.extend(waiting.pop(n) for n in ready)
    return ordered


def perceive(clip: Clip, settings: Settings) -> Iterator[Perceived]:
    """Let every sense in use perceive a clip; yields each as it is done.

    Raises:
        MediaError: The clip cannot be decoded.
        ToolError: A sense failed and settings.strict is on.
    """
    broken: list[Gap] = []
    used = senses(settings, None if settings.strict else broken)
    for gap in broken:
        yield Perceived(gap.sense, [gap], 0.0, cached=False)
    known = tuple(clip.notes)
    told = _entry("media", clip, settings)
    clip.notes += [n for n in _load(told) or () if isinstance(n, Gap) and n not in known]

    results: dict[str, list[Cue | Gap]] = {}
    made: dict[str, Sense] = {}
    for sense in used:
        cached = None
        try:
            found: list[Cue | Gap] | None = _cannot(sense, clip)
            if found is None and not any(name in made for name in sense.after):
                found = cached = _load(_entry_of(sense, clip, settings, _heard(sense, results)))
            if found is None:
                made[sense.name] = sense(settings)
                continue
        except Exception as problem:
            found = [_failure(sense.name, problem, settings)]
        results[sense.name] = found
        yield Perceived(sense.name, found, 0.0, cached=cached is not None)

    spent, failed = _watch(clip, list(made.values()), settings)
    for sense in used:
        if sense.name not in made:
            continue
        begin = time.perf_counter()
        heard = _heard(sense, results)
        try:
            if sense.name in failed:
                raise failed[sense.name]
            found = list(made.pop(sense.name).perceive(clip, heard))
            _store(_entry_of(sense, clip, settings, heard), found)
        except (MediaError, RunError):  # nothing to decode, or no room to do it: no sense can help
            raise
        except Exception as problem:  # a tool's own bug must not cost the other senses
            found = [_failure(sense.name, problem, settings)]
        results[sense.name] = found
        yield Perceived(sense.name, found, spent.get(sense.name, 0.0) + time.perf_counter() - begin, cached=False)
    fresh = [n for n in clip.notes if n not in known]
    if spent or fresh:
        _store(told, fresh)


def _failure(name: str, problem: Exception, settings: Settings) -> Gap:
    if isinstance(problem, CueChainError):
        if settings.strict:
            raise problem
        return Gap(sense=name, reason=problem.message, hint=problem.hint)
    if settings.strict:
        raise ToolError(f"{name} failed: {problem}") from problem
    return Gap(sense=name, reason=f"the tool failed: {type(problem).__name__}: {problem}")


def _heard(sense: type[Sense], results: dict[str, list[Cue | Gap]]) -> list[Cue]:
    return [c for name in sense.after for c in results.get(name, []) if isinstance(c, Cue)]


def _watch(clip: Clip, watching: list[Sense], settings: Settings) -> tuple[dict[str, float], dict[str, Exception]]:
    """The decode pass: every sense that looks at pictures gets each frame. Returns seconds and failures by sense."""
    watching = [s for s in watching if s.streams & {"video", "image"} and type(s).watch is not Sense.watch]
    spent: dict[str, float] = {}
    failed: dict[str, Exception] = {}
    if not watching:
        return spent, failed
    for frame in clip.frames(settings.fps):
        for sense in watching:
            if sense.name in failed:
                continue
            begin = time.perf_counter()
            try:
                sense.watch(frame)
            except Exception as error:
                failed[sense.name] = error
            spent[sense.name] = spent.get(sense.name, 0.0) + time.perf_counter() - begin
    return spent, failed


def _cannot(sense: type[Sense], clip: Clip) -> list[Cue | Gap] | None:
    has = set(clip.media.streams) | ({"subtitles"} if clip.has_subtitles else set())
    if not sense.streams & has:
        lacking = next(_NEEDS[s] for s in ("audio", "video", "image", "text", "subtitles") if s in sense.streams)
        return [Gap(sense=sense.name, reason=f"{lacking} in this {clip.media.kind}")]
    gap = sense.missing()
    return [gap] if gap else None


def _entry_of(sense: type[Sense], clip: Clip, settings: Settings, heard: Sequence[Cue]) -> Path | None:
    """Named by all that decides what a sense finds: the clip, the tool, its options, the pictures it saw, the cues it heard."""
    looks = settings.fps if sense.watch is not Sense.watch else None
    said = hashlib.sha256(_FOUND.dump_json(list(heard))).hexdigest()
    return _entry(sense.name, clip, settings, sense.source(), sense.fingerprint(settings), looks, said)


def _entry(name: str, clip: Clip, settings: Settings, *key: object) -> Path | None:
    if settings.cache is None:
        return None
    digest = hashlib.sha256(json.dumps([clip.digest, PASS, name, *key]).encode()).hexdigest()[:40]
    return settings.cache / "cues" / digest[:2] / f"{name}-{digest}.json"


def _load(entry: Path | None) -> list[Cue | Gap] | None:
    if entry is None:
        return None
    try:
        return _FOUND.validate_json(entry.read_bytes())
    except (OSError, ValueError):  # absent, or written by another version: perceive anew
        return None


def _store(entry: Path | None, found: Sequence[Cue | Gap]) -> None:
    """Write whole or not at all: a reader never meets half an entry. A cache that cannot be written costs time, not the answer."""
    if entry is None:
        return
    part = None
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=entry.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            file.write(_FOUND.dump_json(list(found)))
        os.replace(part, entry)  # noqa: PTH105
    except (OSError, ValueError):  # ValueError: a measure or text that JSON cannot hold
        pass
    finally:
        if part:
            part.unlink(missing_ok=True)
