"""The page: which parts it has, and what happens when something is pressed. Built with Gradio; its own parts are HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import CueChainError, SessionError
from cuechain.agents.report.fragment import fragment
from cuechain.agents.report.timeline import timeline
from cuechain.agents.sessions import Feedback, Session, Sessions
from cuechain.agents.ui import answers, views
from cuechain.agents.ui.talks import Talks, kinds, labels_of
from cuechain.agents.ui.views import Live
from cuechain.agents.web import owner_of

if TYPE_CHECKING:
    from pathlib import Path

    import gradio as gr

    from cuechain.agents.values import Case

MOST_EDIT = 20_000
"""Characters of an edited answer."""


@dataclass
class Page:
    """What the handlers of the page need."""

    home: Path
    talks: Talks
    models: tuple[str, ...]
    """Specs that may be picked; a page must not open whatever a request names."""
    most: int
    """Bytes of one clip."""

    def sessions(self, request: gr.Request) -> Sessions:
        """The sessions of whoever sends a request."""
        return Sessions(self.home, owner_of(request.request))

    @staticmethod
    def owner(request: Any) -> str | None:
        """Who sends a request of Gradio's; None for anything else."""
        import gradio as gr

        return owner_of(request.request) if isinstance(request, gr.Request) else None

    def session(self, request: Any, id: str) -> Session | None:
        """The session of this id, if it is there for whoever asks."""
        try:
            return self.sessions(request).get(id)
        except SessionError:
            return None

    # What the page shows of a session.

    def bar(self, request: Any, session: Session | None) -> str:
        """The head of the page."""
        return views.bar(session, self.sessions(request).all())

    def turns(self, session: Session | None) -> str:
        """The conversation."""
        return answers.turns(session.cases() if session else [], session.feedback() if session else [])

    def lanes(self, session: Session | None) -> str:
        """The timeline, each clip marked by the last answer about it."""
        if session is None:
            return ""
        cases = session.cases()
        sheet = self.talks.of(session).sheet
        if sheet is None:
            return ""
        # Senses that the last question was asked without are seen all the same.
        shown = timeline(answers.marking(cases, sheet) or sheet)
        return fragment(shown, theme="class") if shown.cues else ""

    def senses(self, session: Session | None, spec: str, off: Sequence[str]) -> str:
        """The switches, and the importance of each sense where it is known."""
        if session is None:
            return ""
        talk = self.talks.of(session)
        names = kinds(talk.sheet, off)
        costs = self.talks.costs(spec, talk.sheet) if talk.weighing is None and session.cases() else 0
        return views.senses(names, off, talk.weighing, costs, spec)

    # What happens.

    def load(self, request: gr.Request) -> tuple[Any, ...]:
        """Show the conversation that the address names, or an empty page."""
        id = str(request.query_params.get("session", ""))
        session = self.session(request, id) if id else None
        gone = (
            Live(error="There is no such conversation", hint="it may have been deleted") if id and not session else None
        )
        cases = session.cases() if session else []
        off = list(answers.without(cases[-1])) if cases else []
        return (
            session.id if session else "",
            self.bar(request, session),
            views.stage(session, self.most),
            self.turns(session),
            views.live(gone),
            self.lanes(session),
            self.senses(session, self.models[0], off),
            off,
        )

    def go_on(self, id: str, spec: str, off: list[str], request: gr.Request) -> Iterator[tuple[Any, Any, Any]]:
        """A page was loaded: show how clips that are not perceived yet are, then what was found."""
        import gradio as gr

        session = self.session(request, id) if id else None
        if session is None or self.talks.perceived(session):
            yield gr.skip(), gr.skip(), gr.skip()  # with nothing said at all, Gradio would empty the parts
            return
        yield from self._perceived(session, spec, off)

    def _perceived(self, session: Session, spec: str, off: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
        import gradio as gr

        state = None
        for state in self.talks.perceive(session, spec):
            yield views.live(state), gr.skip(), gr.skip()
        failed = state if state and state.error else None
        yield views.live(failed), self.lanes(session), self.senses(session, spec, off)

    def taken(self, spec: str, off: list[str], event: gr.EventData, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """A clip was taken in: show it, and perceive it while the question is thought up."""
        import gradio as gr

        session = self.session(request, str(event.session))
        if session is None:
            yield (gr.skip(),) * 7
            return
        same = (gr.skip(), gr.skip())
        shown = (session.id, self.bar(request, session), views.stage(session, self.most, -1), self.turns(session))
        yield *shown, "", *same
        for shown in self._perceived(session, spec, off):
            yield *(gr.skip(),) * 4, *shown

    def ask(
        self, text: str | None, id: str, spec: str, task: str, labels: str | None, off: list[str], request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """A question was asked."""
        import gradio as gr

        text = (text or "").strip()
        if not text:
            yield (gr.skip(),) * 6
            return
        session = self.session(request, id)
        same = (gr.skip(),) * 4
        if session is None:
            yield *same, views.live(Live(error="There is no clip yet", hint="add one, then ask again")), gr.skip()
            return
        last: Live | Case | None = None
        first = not session.cases()
        written = ""  # the box is emptied once: whoever types the next question meanwhile keeps it
        for last in self.talks.ask(session, text, spec, task, labels_of(labels), off):
            if isinstance(last, Live):
                yield *same, views.live(last), text if last.error else written
                written = gr.skip()
        if isinstance(last, Live) or last is None:
            return
        if first:
            session.rename(text[:80])
        self.talks.of(session).weighing = None
        shown = (self.bar(request, session), self.turns(session), self.lanes(session))
        yield *shown, self.senses(session, spec, off), "", gr.skip()

    def ask_next(
        self,
        id: str,
        spec: str,
        task: str,
        labels: str | None,
        off: list[str],
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """An offered question was pressed."""
        yield from self.ask(str(event.text), id, spec, task, labels, off, request)

    def switched(
        self, id: str, spec: str, task: str, labels: str | None, event: gr.EventData, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """A sense was switched: ask the last question again with those that are on."""
        import gradio as gr

        session = self.session(request, id)
        if session is None:
            yield (gr.skip(),) * 7
            return
        off = [str(name) for name in event.off]
        cases = session.cases()
        if not cases:
            yield off, *(gr.skip(),) * 3, self.senses(session, spec, off), gr.skip(), gr.skip()
            return
        asked = cases[-1].question
        for shown in self.ask(asked.text, id, spec, asked.task, ", ".join(asked.labels), off, request):
            yield off, *shown

    def weigh(self, id: str, spec: str, off: list[str], request: gr.Request) -> str:
        """How much each sense mattered is to be found out, whatever it costs."""
        session = self.session(request, id)
        if session and (cases := session.cases()):
            self.talks.weigh(session, spec, cases[-1])
        return self.senses(session, spec, off)

    def weigh_if_free(self, id: str, spec: str, off: list[str], request: gr.Request) -> str:
        """The same after an answer, where it costs no questions to a chat model."""
        session = self.session(request, id)
        free = session is not None and not self.talks.costs(spec, self.talks.of(session).sheet)
        return self.weigh(id, spec, off, request) if free else self.senses(session, spec, off)

    def stopped(self) -> str:
        """What was being done was stopped."""
        return views.live(None)

    def rate(self, id: str, event: gr.EventData, request: gr.Request) -> str:
        """A thumb was pressed."""
        return self._remember(id, request, int(event.turn), rating=event.rating)

    def edit(self, id: str, event: gr.EventData, request: gr.Request) -> str:
        """An answer was edited."""
        text, label = str(event.text).strip()[:MOST_EDIT], str(event.label).strip()[:120]
        return self._remember(id, request, int(event.turn), text=text or None, label=label or None)

    def _remember(self, id: str, request: gr.Request, turn: int, **said: Any) -> str:
        import gradio as gr
        from pydantic import ValidationError

        session = self.session(request, id)
        if session is None:
            raise gr.Error("This conversation was deleted.")
        before = next((f for f in session.feedback() if f.turn == turn), None)
        kept = before.model_dump(exclude={"at"}) if before else {"turn": turn}
        try:
            session.rate(Feedback.model_validate({**kept, **said}))
        except (CueChainError, ValidationError) as error:
            raise gr.Error(str(error)) from error
        return self.turns(session)

    def delete(self, id: str, event: gr.EventData, request: gr.Request) -> str:
        """A conversation was deleted."""
        import gradio as gr

        try:
            self.sessions(request).delete(str(event.id))
        except SessionError as error:
            raise gr.Error(str(error)) from error
        self.talks.forget(str(event.id))
        return self.bar(request, self.session(request, id))
