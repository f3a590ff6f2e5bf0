"""Run senses over a clip: each sense once, what was perceived before taken from the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, CueChainError, MediaError, PluginError, RunError, ToolError
from cuechain.agents.media import Clip
from cuechain.agents.perception import store
from cuechain.agents.perception.sense import Sense
from cuechain.agents.perception.workers import Workers
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap

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
    """Wall time of this sense's own work, beside that of others; 0 when it came from the cache."""
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
    """Let every sense in use perceive a clip, beside each other; yields each as it is done, in no fixed order.

    Raises:
        MediaError: The clip cannot be decoded.
        ToolError: A sense failed and settings.strict is on.
    """
    broken: list[Gap] = []
    used = senses(settings, None if settings.strict else broken)
    for gap in broken:
        yield Perceived(gap.sense, [gap], 0.0, cached=False)
    readings = {what: store.reading(what, clip, settings) for what in ("picture", "sound")}
    told = {what: stored for what, entry in readings.items() if (stored := entry.load())}
    clip.readings |= told

    known: dict[str, list[Cue | Gap]] = {}
    fresh: list[type[Sense]] = []
    early = _before_pictures(used)
    for sense in used:
        cached = None
        found: list[Cue | Gap] | None
        try:
            found = _cannot(sense, clip)
            if found is None and sense.name in early and not any(s.name in sense.after for s in fresh):
                heard = [c for name in sense.after for c in known.get(name, []) if isinstance(c, Cue)]
                found = cached = store.found(sense, clip, settings, heard).load()
            if found is None:
                fresh.append(sense)
                continue
        except Exception as problem:
            found = [_failure(sense.name, problem, settings)]
        known[sense.name] = found
        yield Perceived(sense.name, found, 0.0, cached=cached is not None)

    for done in Workers(fresh, known, clip, settings).run():
        problem = done.found
        if not isinstance(problem, BaseException):
            if done.name:
                yield Perceived(done.name, problem, done.seconds, done.cached)
            continue
        # Nothing to decode, or no room to do it: no sense can help.
        if not done.name or isinstance(problem, MediaError | RunError) or not isinstance(problem, Exception):
            raise problem
        # A tool's own bug must not cost the other senses.
        yield Perceived(done.name, [_failure(done.name, problem, settings)], done.seconds, done.cached)
    for what, read in clip.readings.items():
        if read != told.get(what):
            readings[what].store(read)


def _before_pictures(used: list[type[Sense]]) -> set[str]:
    """Senses of which must be known whether they are in the cache before pictures are decoded: those that look, and whom they hear.

    The others look there themselves, beside each other.
    """
    found: set[str] = set()
    for sense in reversed(used):
        if sense.watch is not Sense.watch or sense.name in found:
            found |= {sense.name, *sense.after}
    return found


def _failure(name: str, problem: Exception, settings: Settings) -> Gap:
    if isinstance(problem, CueChainError):
        if settings.strict:
            raise problem
        return Gap(sense=name, reason=problem.message, hint=problem.hint)
    if settings.strict:
        raise ToolError(f"{name} failed: {problem}") from problem
    return Gap(sense=name, reason=f"the tool failed: {type(problem).__name__}: {problem}")


def _cannot(sense: type[Sense], clip: Clip) -> list[Cue | Gap] | None:
    has = set(clip.media.streams) | ({"subtitles"} if clip.has_subtitles else set())
    if not sense.streams & has:
        lacking = next(_NEEDS[s] for s in ("audio", "video", "image", "text", "subtitles") if s in sense.streams)
        return [Gap(sense=sense.name, reason=f"{lacking} in this {clip.media.kind}")]
    gap = sense.missing()
    return [gap] if gap else None
