"""Batch: items through perception and a model into a run folder; what is done is not done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from cuechain import __version__, prompts
from cuechain.agents import llm
from cuechain.agents.datasets import Fault
from cuechain.agents.errors import ModelError
from cuechain.agents.llm import Model
from cuechain.agents.perception import senses
from cuechain.agents.runs import on_ray
from cuechain.agents.runs.changed import Files, files_of, same
from cuechain.agents.runs.folder import Writing
from cuechain.agents.runs.local import worked
from cuechain.agents.runs.patience import Patience
from cuechain.agents.runs.work import Examples, Work
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, CueSheet, Sample, Usage

DEAD = 5
"""Failures of the model before any answer after which a run ends: the server is away, the key is wrong, the memory too small."""

Engine = Literal["local", "ray"]
"""Where items are worked on."""

State = Literal["kept", "answered", "abstained", "failed", "gone"]
"""What came of an item; kept: an earlier run had done it; gone: it had, and the item is there no longer."""


@dataclass(frozen=True)
class Progress:
    """One item is finished."""

    id: str
    """Of the sample."""
    state: State
    """What came of it."""
    error: str = ""
    """Why it failed."""
    usage: Usage = field(default_factory=Usage)
    """What the model consumed for it."""
    bytes: str = ""
    """Names the content of its file, where it is one whole file."""
    changed: bool = False
    """An earlier run had done it, and its files have changed since."""


DECIDING = (
    "senses", "language", "whisper", "denoise", "captioner", "sounds", "fps", "direct", "budget", "look", "temperature", "max_tokens",
    "four_bit",
)  # fmt: skip
"""Settings that decide what is perceived and answered; where a server is, how long it is waited for and what is kept, may change."""


def _resolved(settings: Settings) -> dict[str, Any]:
    """What a run is made with, apart from what it is about: a run that goes on with anything else would mix two."""
    return {
        "model": settings.model,
        "templates": prompts.template_hash(),
        "settings": settings.model_dump(mode="json", include=set(DECIDING)),
        "tools": {sense.name: sense.source() for sense in senses(settings, [])},
        "version": __version__,
    }


def batch(
    items: Iterable[Sample | Fault],
    made: dict[str, Any],
    settings: Settings,
    folder: Path,
    examples: Examples | None = None,
    *,
    workers: int = 0,
    engine: Engine = "local",
    address: str | None = None,
    stage: Callable[[str], None] | None = None,
) -> Iterator[Progress]:
    """Answer a task for each item; failures are kept with their error and tried again by the next call.

    An item that is done is done again where its files on this machine are other ones now.

    Args:
        items: Samples and faults of a reader, read as they are needed.
        made: What the run is about: `task`, `labels`, `dataset`, `split`, `explain_labels` …; kept as its manifest.
        settings: Model and perception.
        folder: The run folder; made where it is not there.
        examples: Finds solved examples for an item, for a chat model.
        workers: Processes that perceive, and with a planner reason; 0 does everything in this one, with Ray: one for each
            processor of the cluster.
        engine: Processes of this machine, or actors of a Ray cluster. Only this process writes the folder.
        address: Of the Ray cluster; None for a Ray of this machine alone.
        stage: Told what goes on, in a few words; may be called from another thread.

    Raises:
        ConfigError: An unknown task, model or sense, labels that are not a set (nothing is written then), or a task that cannot be asked
            of the model.
        RunError: The folder belongs to another run or process, or cannot be written; or the model's server is away for good.
        ModelError: The model cannot be loaded, or failed for each of the first items.
    """
    work = Work(made["task"], settings, tuple(made.get("labels", ())), bool(made.get("explain_labels")))
    work.checked()
    manifest = {**made, **_resolved(settings)}
    with Writing(folder, manifest) as writing:
        kept, files = writing.run.done(), writing.run.files()
        counts: Counter[str] = Counter()
        seen: set[str] = set()
        now: dict[str, Files] = {}

        def fresh() -> Iterator[Sample]:
            for item in items:
                if isinstance(item, Fault):
                    writing.fault(item)
                    continue
                seen.add(item.id)
                found = files_of(item)
                if item.id in kept and (not found or same(item, found, files.get(item.id), kept[item.id])):
                    if found and found != files.get(item.id):
                        writing.files(item.id, found)
                    before.append(Progress(item.id, "kept"))
                    continue
                if found:
                    now[item.id] = found
                yield work.spelled(item)

        before: list[Progress] = []
        for case in _cases(fresh(), work, examples, workers, engine, address, stage or _untold):
            yield from before
            before.clear()
            writing.case(case)
            one = _progress(case, kept)
            if one.id in now:
                writing.files(one.id, now.pop(one.id))
            counts[one.state] += 1
            counts["dead"] += case.error.startswith("ModelError")
            yield one
            if counts["dead"] >= DEAD and not (counts["answered"] or counts["abstained"] or kept):
                raise ModelError(f"the first {DEAD} items failed: {case.error}", "try one of them with `cuechain ask`")
        yield from before
        gone = [id for id in kept if id not in seen]
        yield from (Progress(id, "gone") for id in gone)
        writing.finish(len(seen), gone)


def _progress(case: Case, kept: Collection[str]) -> Progress:
    item = case.sample
    assert item is not None
    if case.answer is None:
        return Progress(item.id, "failed", case.error, changed=item.id in kept)
    whole = case.sheet.media[0].sha256 if len(item.files) == 1 and not item.span and case.sheet.media else ""
    state = "abstained" if case.answer.abstain else "answered"
    return Progress(item.id, state, usage=case.usage, bytes=whole, changed=item.id in kept)


def _untold(_: str) -> None:
    pass


def _cases(
    items: Iterator[Sample],
    work: Work,
    examples: Examples | None,
    workers: int,
    engine: Engine,
    address: str | None,
    stage: Callable[[str], None],
) -> Iterator[Case]:
    if not workers and engine == "local":
        model: Model | None = None
        patience: Patience | None = None
        for item in items:
            if model is None:
                model = llm.load(work.settings.model, work.settings)
                patience = Patience(stage) if _is_server(model) else None
            found = work.perceived(item)
            yield work.reasoned(item, found, model, examples, patience) if isinstance(found, CueSheet) else found
        return
    first = next(items, None)
    if first is None:
        return
    spread = worked if engine == "local" else partial(on_ray.worked, address=address)
    if engine == "ray" and work.settings.model.startswith("hf:"):  # weights belong to the GPUs of the cluster
        yield from on_ray.answered(_with(first, items), work, workers, examples, address)
        return
    model = llm.load(work.settings.model, work.settings)
    if model.planner is not None:
        for _, found in spread(_with(first, items), work, workers, reason=True):
            assert isinstance(found, Case)
            yield found
        return
    yield from _overlapped(spread(_with(first, items), work, workers, reason=False), work, model, examples, stage)


def _is_server(model: Model) -> bool:
    return model.planner is None and not model.spec.startswith(("hf:", "scripted:"))


def _with(first: Sample, rest: Iterator[Sample]) -> Iterator[Sample]:
    yield first
    yield from rest


def _overlapped(
    found: Iterator[tuple[Sample, Case | CueSheet]],
    work: Work,
    model: Model,
    examples: Examples | None,
    stage: Callable[[str], None],
) -> Iterator[Case]:
    """Reason about what is perceived while more is: so many requests to a model are under way as it may have, and as many wait."""
    at_once = 1 if model.spec.startswith("scripted:") else work.settings.at_once
    patience = Patience(stage) if _is_server(model) else None
    with ThreadPoolExecutor(at_once, thread_name_prefix="cuechain-reason") as pool, ExitStack() as stack:
        # Before the pool waits for all of them: those who wait for the server, and those who have not begun.
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        if patience:
            stack.callback(patience.give_up)
        under_way: set[Future[Case]] = set()
        for item, sheet in found:
            if isinstance(sheet, Case):
                yield sheet
                continue
            under_way.add(pool.submit(work.reasoned, item, sheet, model, examples, patience))
            while len(under_way) >= 2 * at_once:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (f.result() for f in done)
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            yield from (f.result() for f in done)
