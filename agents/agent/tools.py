"""Perception on demand: LangChain tools that work on a ledger. What they return is text for a model, cues as quoted data."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cuechain import prompts
from cuechain.agents.agent.ledger import Ledger
from cuechain.agents.agent.searching import found
from cuechain.agents.agent.stretches import clocked, span_of
from cuechain.agents.errors import ConfigError, CueChainError
from cuechain.agents.llm.weighted import kin
from cuechain.agents.pipeline import Event, Looked
from cuechain.agents.textualize import textualize
from cuechain.agents.values import CueSheet, Gap, Media, Span

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

MOST_SECONDS = 600.0
"""Longest stretch of one call: perceiving it takes up to minutes, and its cues fill a prompt."""

HEARD, SPOKEN, SEEN, PRINT = ("voice", "sound"), ("transcript", "words", "situation"), ("face", "scene"), ("screen",)

Hear: TypeAlias = Callable[[Event], None]
Stretch: TypeAlias = Annotated[
    Span | None,
    BeforeValidator(span_of),
    Field(description="Seconds from the beginning of the clip; leave it out for a whole short clip."),
]
Clip: TypeAlias = Annotated[str | None, Field(description="Id or file name of the clip, when there are several.")]


class Where(BaseModel):
    """A stretch of a clip."""

    model_config = ConfigDict(extra="forbid")

    span: Stretch = None
    clip: Clip = None


class Whom(Where):
    """A stretch of a clip, and who is looked at."""

    person: Annotated[str | None, Field(description="P1, P2 … or a name, as cues give it; leave it out for all.")] = (
        None
    )


class Words(BaseModel):
    """What is searched for."""

    model_config = ConfigDict(extra="forbid")

    words: Annotated[str, Field(min_length=1, description="Words that somebody says, in any order.")]
    clip: Clip = None


class Two(BaseModel):
    """Two stretches, of one clip or of two."""

    model_config = ConfigDict(extra="forbid")

    first: Stretch
    second: Stretch
    clip: Clip = None
    second_clip: Annotated[str | None, Field(description="Clip of the second stretch, when it is another one.")] = None


def perception_tools(ledger: Ledger, *, without: Collection[str] = (), hear: Hear | None = None) -> list[BaseTool]:
    """listen, look, read_screen, transcript, search and compare over the clips of a ledger.

    Whatever cannot be done (a stretch outside the clip, an unknown person, malformed arguments) comes back as a text that begins with
    `error:`, never as an exception.

    Args:
        ledger: Takes in what is perceived; ids of its cues are what the tools return.
        without: Senses that are left out.
        hear: Gets a Looked for each call, and what the pipeline tells while it perceives.
    """
    from langchain_core.tools import StructuredTool

    work = _Work(ledger, without, hear or (lambda event: None))
    plain: list[tuple[str, Callable[..., str], type[BaseModel], str]] = [
        ("listen", work.listen, Where, "The voice and other sounds in a stretch of a clip."),
        ("look", work.look, Whom, "Faces, the scene and print in it, in a stretch of a clip."),
        ("read_screen", work.read_screen, Where, "Print in the picture in a stretch of a clip: captions, signs."),
        (
            "transcript",
            work.transcript,
            Where,
            "What is said or written in a stretch of a clip, and what the words tell.",
        ),
        ("search", work.search, Words, "Where something is said in a clip."),
        ("compare", work.compare, Two, "Two stretches side by side, with every sense."),
    ]
    return [
        StructuredTool.from_function(
            work.guarded(name, function),
            name=name,
            description=about,
            args_schema=schema,
            handle_validation_error=_malformed,
        )
        for name, function, schema, about in plain
    ]


class _Work:
    def __init__(self, ledger: Ledger, without: Collection[str], hear: Hear) -> None:
        self._ledger, self._without, self._hear = ledger, tuple(without), hear

    def guarded(self, name: str, function: Callable[..., str]) -> Callable[..., str]:
        """One call: told to whoever listens, one at a time, and its problems told to the model."""

        def call(**args: Any) -> str:
            given = {k: v.model_dump() if isinstance(v, BaseModel) else v for k, v in args.items() if v is not None}
            self._hear(Looked(name, given))
            with self._ledger.lock:
                try:
                    return function(**args)
                except CueChainError as error:
                    return prompts.render("agent/problem", message=error.message, hint=error.hint)
                except Exception as error:  # a model's odd wish must not end the conversation
                    return prompts.render("agent/problem", message=f"{name} failed: {error}", hint="")

        return call

    def listen(self, span: Span | None = None, clip: str | None = None) -> str:
        return self._perceived(HEARD, span, clip)

    def transcript(self, span: Span | None = None, clip: str | None = None) -> str:
        return self._perceived(SPOKEN, span, clip)

    def read_screen(self, span: Span | None = None, clip: str | None = None) -> str:
        return self._perceived(PRINT, span, clip)

    def look(self, span: Span | None = None, clip: str | None = None, person: str | None = None) -> str:
        media, asked = self._where(span, clip)
        self._perceive((*SEEN, *PRINT), media, asked)
        sheet = self._ledger.view((*SEEN, *PRINT), media, asked)
        if person is not None:
            if person not in sheet.people:
                known = ", ".join(sheet.people) or "nobody"
                raise ConfigError(f"nobody is called '{person}' in {clocked(asked)}", f"seen there: {known}")
            sheet = sheet.only({i for i, c in sheet.cues.items() if c.person in (person, None)})
        return self._shown(sheet, media, asked)

    def search(self, words: str, clip: str | None = None) -> str:
        media, _ = self._where(Span(start=0, end=0.1), clip)
        spans, everywhere = found(self._ledger, media, words)
        for span in spans:
            self._perceive(("transcript", "words"), media, span)
        ids = {i for span in spans for i in self._ledger.view(("transcript", "words"), media, span).cues}
        sheet = self._ledger.sheet().only(ids)
        heard = ", ".join(clocked(s) for s in self._ledger.seen(media, "transcript")) or "nothing"
        note = (
            "" if everywhere else f"There are no subtitles, so only what was transcribed so far was searched: {heard}."
        )
        return prompts.render(
            "agent/seen", where=f"search in {media.id}", sheet=sheet, gaps=(), several=self._several, left_out=0, note=note
        )  # fmt: skip

    def compare(
        self, first: Span | None, second: Span | None, clip: str | None = None, second_clip: str | None = None
    ) -> str:
        sides: list[tuple[str, CueSheet, tuple[Gap, ...], int]] = []
        for span, name in ((first, clip), (second, second_clip or clip)):
            media, asked = self._where(span, name)
            senses = (*SPOKEN, *HEARD, *SEEN)
            self._perceive(senses, media, asked)
            whole = self._ledger.view(senses, media, asked)
            sheet = self._fitting(whole, 2)
            sides.append(
                (f"{media.id}, {clocked(asked)}", sheet, self._gaps(senses, asked), len(whole.cues) - len(sheet.cues))
            )
        return prompts.render("agent/compared", sides=sides, several=self._several)

    @property
    def _several(self) -> bool:
        return len(self._ledger.media) > 1

    def _where(self, span: Span | None, clip: str | None) -> tuple[Media, Span]:
        media = self._ledger.clip(clip)
        whole = Span(start=0, end=media.duration or 1.0)
        asked = span or whole
        if media.duration is not None:
            if asked.start >= whole.end:
                raise ConfigError(f"{clocked(asked)} lies outside the clip", f"it has {clocked(whole)}")
            asked = Span(start=asked.start, end=min(asked.end, whole.end))
        if asked.length > MOST_SECONDS:
            hint = f"at most {MOST_SECONDS / 60:.0f} minutes at a time; `search` finds where something is said"
            raise ConfigError(f"{clocked(asked)} is too long", hint)
        return media, asked

    def _perceive(self, senses: Collection[str], media: Media, span: Span) -> None:
        wanted = [s for s in senses if not {s, kin(s)} & set(self._without)]
        if not wanted:
            raise ConfigError(f"{', '.join(senses)} are left out for this question", "use what other tools tell")
        for event in self._ledger.perceive(wanted, media, span):
            self._hear(event)

    def _perceived(self, senses: Collection[str], span: Span | None, clip: str | None) -> str:
        media, asked = self._where(span, clip)
        self._perceive(senses, media, asked)
        return self._shown(self._ledger.view(senses, media, asked), media, asked, senses)

    def _shown(self, sheet: CueSheet, media: Media, span: Span, senses: Collection[str] = ()) -> str:
        kept = self._fitting(sheet)
        self._ledger.shown |= set(kept.cues)
        return prompts.render(
            "agent/seen",
            where=f"{media.id}, {clocked(span)}",
            sheet=kept,
            gaps=self._gaps(senses or (*SEEN, *PRINT), span),
            several=self._several,
            left_out=len(sheet.cues) - len(kept.cues),
            note="",
        )

    def _fitting(self, sheet: CueSheet, parts: int = 1) -> CueSheet:
        kept = textualize(sheet.media, (), (), budget=max(100, self._ledger.budget // parts), known=sheet.cues)
        self._ledger.shown |= set(kept.cues)
        return kept

    def _gaps(self, senses: Collection[str], span: Span) -> tuple[Gap, ...]:
        """Why senses have nothing to say about a stretch."""
        return tuple(
            g
            for g in self._ledger.gaps
            if g.sense in (*senses, "media") and (g.span is None or g.span.overlap(span) > 0)
        )


def _malformed(error: ValidationError | Any) -> str:
    """What is wrong with a call's arguments."""
    told = (
        "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        if isinstance(error, ValidationError)
        else str(error)
    )
    return prompts.render(
        "agent/problem", message=f"malformed arguments: {told}", hint='a span is {"start": 12.5, "end": 20}'
    )
