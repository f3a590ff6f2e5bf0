"""Conversations that are being held: which are open, and what happens in them, told step by step as the page shows it."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents import llm
from cuechain.agents.agent.conversation import Conversation
from cuechain.agents.errors import CueChainError, MediaError
from cuechain.agents.explain import clock
from cuechain.agents.importance.asking import weigh_sheet
from cuechain.agents.llm.weighted import kin, senses_of
from cuechain.agents.perception import senses as senses_in_use
from cuechain.agents.pipeline import Done, Event, Looked, Opened, Said, SenseDone, SheetReady, Thinking, see
from cuechain.agents.ui.answers import how_of
from cuechain.agents.ui.views import Live, Sense
from cuechain.agents.values import Cue, Span
from cuechain.agents.web import clips_of

if TYPE_CHECKING:
    from cuechain.agents.llm import Model
    from cuechain.agents.sessions import Session
    from cuechain.agents.settings import Settings
    from cuechain.agents.values import Case, CueSheet
    from cuechain.agents.weigh import Weighing

MOST_OPEN = 16
"""Conversations that stay in memory; the others are opened anew when somebody comes back to them."""

PAUSE = 0.05
"""Seconds between two pictures of a text that is being written."""


@dataclass
class Talk:
    """One conversation that is open."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    """One thing at a time is done in it."""
    held: Conversation | None = None
    model: str = ""
    """Who answers in `held`."""
    clips: int = 0
    """Clips that `held` knows of."""
    perceiving: bool = False
    """What holds the lock is the perceiving of a clip."""
    sheet: CueSheet | None = None
    """What was perceived so far."""
    weighing: Weighing | None = None
    """For the last answer."""


class Talks:
    """The open conversations of this server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: OrderedDict[str, Talk] = OrderedDict()
        self._guard = threading.Lock()
        self._models: dict[str, Model] = {}
        self._loading = threading.Lock()

    def of(self, session: Session) -> Talk:
        """The open conversation of a session."""
        with self._guard:
            talk = self._open.setdefault(session.id, Talk())
            self._open.move_to_end(session.id)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        if talk.sheet is None and (cases := session.cases()):
            talk.sheet = max(cases, key=lambda case: len(case.sheet.cues)).sheet
        return talk

    def forget(self, id: str) -> None:
        """Let go of a session that was deleted."""
        with self._guard:
            self._open.pop(id, None)

    def model(self, spec: str) -> Model:
        """A model, loaded once.

        Raises:
            CueChainError: It cannot be loaded.
        """
        with self._loading:
            if spec not in self._models:
                self._models[spec] = llm.load(spec, self._settings)
            return self._models[spec]

    def perceive(self, session: Session, spec: str) -> Iterator[Live]:
        """Perceive all clips ahead of the first question, where the model reads the whole sheet anyway."""
        talk = self.of(session)
        before = "The clip is being perceived …" if talk.perceiving else "First the question before …"
        state = Live(now=before if talk.lock.locked() else "Opening the clip …")
        yield state
        with talk.lock:
            try:
                if self.model(spec).planner is None:
                    return
                talk.perceiving = True
                for event in see(clips_of(session), session.settings(self._settings)):
                    self._tell(event, state, talk)
                    yield state
            except Exception as error:
                yield _failed(state, error, session)
                if isinstance(error, MediaError):
                    _take_out(session)
            finally:
                talk.perceiving = False

    def perceived(self, session: Session) -> bool:
        """Whether all clips are."""
        sheet = self.of(session).sheet
        seen = {Path(m.path).name for m in sheet.media if m.path} if sheet else set[str]()
        return all(file.name in seen for file in session.files)

    def ask(
        self, session: Session, text: str, spec: str, task: str, labels: tuple[str, ...], off: Sequence[str]
    ) -> Iterator[Live | Case]:
        """Answer a question: what is going on, and last the answer, or what went wrong."""
        talk = self.of(session)
        state = Live(question=text, how=how_of(task, labels, off))
        if talk.lock.locked():
            state.now = "First the clip is perceived …" if talk.perceiving else "First the question before …"
        yield state
        with talk.lock:
            shown = 0.0
            try:
                if not session.files:
                    raise MediaError("There is no clip yet", "add one, then ask again")
                for event in self._held(talk, session, spec).events(text, task=task, labels=labels, without=tuple(off)):
                    if isinstance(event, Done):
                        talk.sheet = self._whole(talk, event.case)
                        session.add(event.case)
                        yield event.case
                        return
                    self._tell(event, state, talk)
                    if not isinstance(event, Said) or time.monotonic() - shown > PAUSE:
                        shown = time.monotonic()
                        yield state
            except Exception as error:
                talk.held = None
                yield _failed(state, error, session)
                if isinstance(error, MediaError):
                    _take_out(session)

    def weigh(self, session: Session, spec: str, case: Case) -> Weighing | None:
        """How much each sense mattered for an answer; None where that cannot be said."""
        talk = self.of(session)
        sheet = talk.sheet or case.sheet
        try:
            talk.weighing = weigh_sheet(sheet, case.question, self.model(spec), self._settings)
        except CueChainError:  # a task without labels, a model that does not answer: the answer stands by itself
            talk.weighing = None
        return talk.weighing

    def costs(self, spec: str, sheet: CueSheet | None) -> int:
        """Questions to a chat model that weighing would take; 0 for a planner, which answers at once."""
        try:
            planner = self.model(spec).planner
        except CueChainError:
            return 0
        return 2 ** len(senses_of(sheet)) - 1 if sheet and planner is None else 0

    def _held(self, talk: Talk, session: Session, spec: str) -> Conversation:
        files = clips_of(session)
        held = talk.held
        if held is None or talk.model != spec:
            settings = session.settings(self._settings).model_copy(update={"model": spec})
            held = talk.held = Conversation(
                files, settings, memory=session.memory, cases=session.cases(), model=self.model(spec)
            )
            talk.model = spec
            talk.clips = len(files)
        for file in files[talk.clips :]:
            held.add(file)
        talk.clips = len(files)
        return held

    @staticmethod
    def _whole(talk: Talk, case: Case) -> CueSheet:
        """All that was perceived: a case without some senses has but a part of it."""
        return talk.held.sheet if talk.held is not None and talk.held.sheet.cues else case.sheet

    def _tell(self, event: Event, state: Live, talk: Talk) -> None:
        """Bring the picture of what is going on up to date."""
        if isinstance(event, Opened):
            state.senses = [Sense(s.name) for s in senses_in_use(self._settings, [])]
            state.now = f"Perceiving {_name(event.media.path)} …"
        elif isinstance(event, SenseDone):
            for sense in state.senses:
                if sense.name == event.perceived.sense:
                    sense.done, sense.found = True, _cues(event.perceived.found)
            left = [s.name for s in state.senses if not s.done]
            state.now = f"Perceiving: {', '.join(left)} …" if left else "Putting the cues together …"
        elif isinstance(event, SheetReady):
            if talk.sheet is None or len(event.sheet.cues) >= len(talk.sheet.cues):  # not one without some senses
                talk.sheet = event.sheet
        elif isinstance(event, Looked):
            state.senses = []
            state.now = _looked(event)
        elif isinstance(event, Thinking):
            state.senses = []
            state.now = "Working out the answer …"
        elif isinstance(event, Said):
            state.said += event.text
            state.now = "Writing …"


def _name(path: str | None) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1] if path else "the text"


def _cues(found: Sequence[Any]) -> int:
    return sum(isinstance(one, Cue) for one in found)


def _looked(event: Looked) -> str:
    """`Listening: 0.0-8.0 s …`"""
    told: list[str] = []
    for value in event.args.values():
        spans: list[Any] = value if isinstance(value, list) else [value]
        told += [clock(Span.model_validate(v)) if isinstance(v, dict) else str(v) for v in spans if v]
    doing = _DOING.get(event.tool, event.tool.replace("_", " "))
    return f"{doing}: {', '.join(told)} …" if told else f"{doing} …"


_DOING = {
    "listen": "Listening",
    "look": "Looking",
    "read_screen": "Reading the screen",
    "transcript": "Reading what is said",
    "search": "Searching",
    "compare": "Comparing",
}
"""Tools in words."""


def _failed(state: Live, error: Exception, session: Session) -> Live:
    """Say what went wrong, without where files lie; what nobody foresaw goes to the server's log as well."""
    if isinstance(error, CueChainError):
        state.error, state.hint = (told.replace(f"{session.folder}/media/", "") for told in (error.message, error.hint))
    else:
        traceback.print_exception(error, file=sys.stderr)
        state.error, state.hint = f"Something broke: {type(error).__name__}", "The page goes on; please report it."
    return state


def _take_out(session: Session) -> None:
    """Let go of the last clip where no answer is about it, so that one which cannot be used does not spoil the conversation."""
    files = session.files
    used = {Path(m.path).name for case in session.cases() for m in case.sheet.media if m.path}
    if files and files[-1].name not in used:
        session.remove_file(files[-1])


def labels_of(text: str | None) -> tuple[str, ...]:
    """Labels as they were typed, with commas between them."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def kinds(sheet: CueSheet | None, off: Sequence[str]) -> tuple[str, ...]:
    """Senses that have a switch: those with cues, and those that are switched off."""
    there = senses_of(sheet) if sheet else ()
    return (*there, *(o for o in off if kin(o) not in there))
