"""The parts of the page and their wiring, as Gradio wants them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from cuechain.agents import registry
from cuechain.agents.ui import answers, views
from cuechain.agents.ui.places import Places
from cuechain.agents.ui.views import Live

if TYPE_CHECKING:
    import gradio as gr

    from cuechain.agents.ui.page import Page

HEAD = '<link rel="stylesheet" href="page.css"><script src="page.js"></script>'

WORK = 4
"""Things at once that take a processor: perceiving, answering, weighing."""
EACH = 2
"""Of them, those of one owner."""
QUEUE = 64
"""Things that wait or are at work."""


def blocks(page: Page) -> gr.Blocks:
    """The page as Gradio's Blocks."""
    import gradio as gr

    def part(name: str, value: str = "") -> gr.HTML:
        return gr.HTML(
            value,
            elem_id=name,
            apply_default_css=False,
            head=HEAD,
            js_on_load=f"cuechain.{name}(element, trigger, watch)",
        )

    def on(handler: Any) -> Any:
        """Let Gradio see who wants the request and what happened: it goes by annotations, and only knows its own types."""
        kinds = {"request": gr.Request, "event": gr.EventData}
        names = inspect.signature(handler).parameters
        handler.__func__.__annotations__ = {name: kind for name, kind in kinds.items() if name in names}
        return handler

    places = Places(WORK, EACH)

    def at_work(handler: Any, shown: list[Any], told: Any = None) -> Any:
        """The same, in a place; `told` is the part that says what is waited for."""
        waiting = told and (lambda why: tuple(views.live(Live(now=why)) if one is told else gr.skip() for one in shown))
        return places.kept(on(handler), page.owner, waiting)

    with gr.Blocks(title="CueChain", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as made:
        id, off = gr.State(""), gr.State([])
        bar = part("bar")
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="left"):
                stage = part("stage", views.stage(None, page.most))
                seeing = part("seeing")
                lanes = part("lanes")
                senses = part("senses")
            with gr.Column(elem_id="right"):
                with gr.Column(elem_id="chat"):
                    turns = part("turns", answers.turns([], []))
                    live = part("live")
                with gr.Column(elem_id="ask"):
                    box = gr.Textbox(
                        show_label=False, label="Question", placeholder="How does she feel, and why?", lines=1,
                        max_lines=5, submit_btn=True, container=False, elem_id="question", max_length=4000,
                    )  # fmt: skip
                    with gr.Accordion("Model, task, labels", open=False, elem_id="how"), gr.Row():
                        spec = gr.Dropdown(list(page.models), value=page.models[0], label="Model", min_width=120)
                        task = gr.Dropdown(_tasks(), value="ask", label="Task", min_width=140)
                        labels = gr.Textbox(
                            label="Labels", placeholder="joy, anger, neutral", max_lines=1, min_width=140
                        )

        hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        whole = [id, bar, stage, turns, live, lanes, senses, off]
        answer = [bar, turns, lanes, senses, live, box]
        # Several at once: a question that is sent while another is answered waits for it, and none is lost. Who waits for a place takes
        # none of Gradio's, so these are as many as its queue.
        work: dict[str, Any] = {
            **hidden,
            "concurrency_id": "work",
            "concurrency_limit": QUEUE,
            "trigger_mode": "multiple",
        }
        perceived = [seeing, lanes, senses]
        made.load(on(page.load), None, whole, **hidden).then(
            at_work(page.go_on, perceived, seeing), [id, spec, off], perceived, **work
        )
        taken = [id, bar, stage, turns, seeing, lanes, senses]
        switched = [off, *answer]
        stage.upload(at_work(page.taken, taken, seeing), [spec, off], taken, **work)
        asked = [box, id, spec, task, labels, off]
        running: list[Any] = [
            box.submit(at_work(page.ask, answer, live), asked, answer, **work),
            turns.select(at_work(page.ask_next, answer, live), asked[1:], answer, **work),
            senses.select(at_work(page.switched, switched, live), [id, spec, task, labels], switched, **work),
        ]
        for answered in running:
            answered.then(at_work(page.weigh_if_free, [senses]), [id, spec, off], [senses], **work)
        live.stop(on(page.stopped), None, [live], cancels=running, **hidden)
        senses.submit(at_work(page.weigh, [senses]), [id, spec, off], [senses], **work)
        turns.like(on(page.rate), [id], [turns], **hidden)
        turns.edit(on(page.edit), [id], [turns], **hidden)
        bar.delete(on(page.delete), [id], [bar], **hidden).then(None, js="() => cuechain.deleted()", **hidden)
    made.queue(default_concurrency_limit=8, max_size=QUEUE, api_open=False)
    return made


def _tasks() -> list[tuple[str, str]]:
    return [(name.replace("_", " "), name) for name in ("ask", *(n for n in registry.names("tasks") if n != "ask"))]
