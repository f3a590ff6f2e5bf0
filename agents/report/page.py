"""One HTML file about one or several cases. It holds all that it shows and asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from cuechain.agents.explain import clock, facts
from cuechain.agents.llm.weighted import senses_of
from cuechain.agents.report import at_hand, contents
from cuechain.agents.report.at_hand import File, Still
from cuechain.agents.report.fragment import css, environment, fragment, js, prose, weighed
from cuechain.agents.report.lanes import Timeline
from cuechain.agents.report.timeline import cues_of, timeline
from cuechain.agents.values import Case, Cue, Media, Span
from cuechain.agents.weigh import Weighing

MOST_CASES = 50
"""Cases on one page."""

MOST_CUES = 10_000
"""Cues in the tables of one section: the cited ones, then those that stand out most. A page of so many has some ten megabytes."""

CHUNK = 250
"""Cues of one table; more are put into tables by time, which are closed at first."""

MOST_TEXT = 20_000
"""Characters of a text, or of what a step returned."""


@dataclass(frozen=True)
class Section:
    """Cases about the same files, and what is shown of these."""

    cases: tuple[Case, ...]
    """In the order in which they were asked."""
    timeline: Timeline
    """Of all of them."""
    files: tuple[File, ...]
    """What was looked at."""
    players: dict[str, str]
    """Id of a video or sound to what is played."""
    pictures: dict[str, str]
    """Id of an image to a JPEG as a data URI."""
    stills: tuple[Still, ...]
    """Frames of cited moments."""

    @property
    def chunks(self) -> list[dict[str, Cue]]:
        """Cues by table."""
        cues, cited = self.timeline.cues, set(self.timeline.cited)
        ranked = sorted(cues, key=lambda i: (i not in cited, -cues[i].salience))
        kept = set(ranked[:MOST_CUES])
        shown = [(i, c) for i, c in cues.items() if i in kept]
        return [dict(shown[n : n + CHUNK]) for n in range(0, len(shown), CHUNK)]

    @property
    def sources(self) -> list[str]:
        """Tools that perceived, with their versions."""
        return sorted({cue.source for cue in self.timeline.cues.values()})


def page(
    cases: Sequence[Case],
    target: Path,
    *,
    beside: Path | None = None,
    embed: bool = False,
    keyframes: bool = True,
    weigh: Callable[[Case], Weighing | None] | None = None,
) -> str:
    """The whole file.

    Args:
        cases: One, or several, as of a conversation; those about the same files share a timeline.
        target: Where the page is going to lie: players find their files from there.
        beside: Folder of the stored cases, where files are looked for that are not where they were.
        embed: Put videos and sounds into the page.
        keyframes: Show pictures: frames of cited moments, and the images that were asked about.
        weigh: Tells which sense mattered for a case; None where that cannot be told.

    Raises:
        ConfigError: A file is too large to be embedded.
    """
    from cuechain import __version__

    sections = [_section(group, target, beside, embed, keyframes) for group in _grouped(cases)]
    weighings = [
        [(case, found) for case in section.cases if (found := weigh(case) if weigh else None)] for section in sections
    ]
    script = js() + _static("page.js")
    told = environment().get_template("page.html.jinja").render(
        title=contents.title(cases),
        entries=contents.entries([section.cases for section in sections]) if len(cases) > 1 else [],
        contents=contents,
        sections=sections,
        weighings=weighings,
        styles=css() + _static("page.css"),
        script=script,
        policy=policy(script, sections),
        version=__version__,
        fragment=fragment,
        prose=prose,
        weighed=weighed,
        facts=facts,
        gaps=lambda case: [g for g in case.sheet.gaps if not g.idle],
        pretty=_pretty,
        stretch=_stretch,
        cut=_cut,
        senses=lambda case: senses_of(case.sheet),
        most=MOST_CUES,
    )  # fmt: skip
    return told.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair, which JSON may hold, is no text


def policy(script: str, sections: Iterable[Section]) -> str:
    """What the page may load: its one script, known by its digest; pictures within it; media within it or beside it. No network."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    played = [address for section in sections for address in section.players.values()]
    inside = any(address.startswith("data:") for address in played)
    outside = any(not address.startswith("data:") for address in played)
    media = [*(["data:"] if inside else []), *(["'self'", "file:"] if outside else [])] or ["'none'"]
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        f"media-src {' '.join(media)}; base-uri 'none'; form-action 'none'"
    )


def _grouped(cases: Sequence[Case]) -> list[list[Case]]:
    """Cases in whose sheets the same ids name the same cues of the same files; a group stands where its first case does."""
    groups: list[tuple[dict[str, Cue], dict[str, Media], list[Case]]] = []
    for case in cases:
        media, own = {m.id: m for m in case.sheet.media}, cues_of(case.sheet)
        for cues, known, group in groups:
            if known.keys() & media.keys() and all(
                held.get(i, one) == one for held, new in ((cues, own), (known, media)) for i, one in new.items()
            ):
                cues.update(own)
                known.update(media)
                group.append(case)
                break
        else:
            groups.append((own, media, [case]))
    return [group for _, _, group in groups]


def _section(cases: list[Case], target: Path, beside: Path | None, embed: bool, keyframes: bool) -> Section:
    media = {m.id: m for case in cases for m in case.sheet.media}
    looked = tuple(at_hand.found(one, beside) for one in media.values())
    addresses = {
        f.media.id: at_hand.address(f, target, embed=embed) for f in looked if f.media.kind in ("video", "audio")
    }
    images = {f.media.id: at_hand.picture(f) for f in looked if f.media.kind == "image"} if keyframes else {}
    return Section(
        cases=tuple(cases),
        timeline=timeline(cases),
        files=looked,
        players={i: a for i, a in addresses.items() if a},
        pictures={i: p for i, p in images.items() if p},
        stills=tuple(at_hand.stills(cases, looked)) if keyframes else (),
    )


def _static(name: str) -> str:
    return files("cuechain.agents.report").joinpath("static", name).read_text("utf-8")


def _pretty(text: str) -> str:
    """What a step returned: of a JSON object each member on a line of its own, all else as it is."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return _cut(text)
    if not isinstance(value, dict):
        return _cut(text)
    return _cut("\n".join(f"{name}: {json.dumps(member, ensure_ascii=False)}" for name, member in value.items()))


def _cut(text: str) -> str:
    left = len(text) - MOST_TEXT
    return f"{text[:MOST_TEXT]}… ({left:,} more characters)" if left > 0 else text


def _stretch(cues: dict[str, Cue]) -> str:
    """From when to when some cues are."""
    spans: Iterator[Span] = (c.span for c in cues.values() if c.span)
    found = list(spans)
    if not found:
        return "without a time"
    return clock(Span(start=min(s.start for s in found), end=max(s.end for s in found)))
