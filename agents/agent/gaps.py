"""What a ledger does not know: what could not be perceived in a stretch, and what nobody asked for yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from cuechain.agents.agent.stretches import clocked, joined, left, shifted
from cuechain.agents.llm.weighted import kin
from cuechain.agents.perception.perceive import senses as used_senses
from cuechain.agents.settings import Settings
from cuechain.agents.values import Gap, Media, Span

PARTLY = "perceived so far"
"""How reasons of gaps end that only say that nobody asked yet."""


def everything_of(media: Media) -> Span:
    """The whole of a clip; one without a length counts as a second."""
    return Span(start=0, end=media.duration or 1.0)


def of_stretch(gap: Gap, stretch: Span | None) -> Gap:
    """A gap that was found in a stretch concerns the stretch alone, unless the clip or this installation lacks something."""
    if stretch is None or " in this " in gap.reason or "not installed" in gap.reason:
        return gap
    later = shifted(gap, stretch.start)
    return later if later.span else later.model_copy(update={"span": stretch})


def of_clip(gap: Gap, media: Media) -> Gap:
    """A gap that names its clip, as is needed where there are several."""
    return gap.model_copy(update={"reason": f"{Path(media.path or 'the text').name}: {gap.reason}"})


def unseen(
    media: Sequence[Media],
    settings: Settings,
    seen: Mapping[tuple[str, str], Sequence[Span]],
    have: Collection[str],
    without: Collection[str],
) -> list[Gap]:
    """What nobody asked for yet: never to be taken for calm. A sense without a word has a gap of its own, the others share one.

    Args:
        media: The clips.
        settings: Which senses are in use.
        seen: By clip and sense, the stretches that were perceived.
        have: Senses that have cues.
        without: Senses that are left out, for which no gap is told.
    """
    never: dict[str, list[str]] = {}
    partly: dict[str, None] = {}
    for one in media:
        name = Path(one.path or "the text").name
        for sense in used_senses(settings, []):
            there = seen.get((one.id, sense.name), ())
            if not left(everything_of(one), there) or not sense.streams & set(one.streams):
                continue
            if there:
                partly[f"only {', '.join(map(clocked, joined(there)))} of {name} was {PARTLY}"] = None
            elif sense.name not in have and {sense.name, kin(sense.name)}.isdisjoint(without):
                never.setdefault(sense.name, []).append(name)
    untold = [Gap(sense=s, reason=f"nothing of {' and '.join(names)} was {PARTLY}") for s, names in never.items()]
    return [*(Gap(sense="media", reason=reason) for reason in partly), *untold]
