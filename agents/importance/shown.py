"""A weighing on a terminal: bars, what each sense says alone, what would change the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cuechain.agents.importance.dataset import Dataset, Weighed
from cuechain.agents.llm.weighted import kin
from cuechain.agents.values import Gap
from cuechain.agents.weigh import Conflict, Heard, Judged, Weighing, named, percent

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

BAR = 10
"""Characters of a bar of length 1."""


def terminal(found: Weighing, gaps: Sequence[Gap] = ()) -> RenderableType:
    """The weighing of one answer, and why senses that have no part in it have none."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    several = len(found.senses) > 1
    both = (("for this answer", found.by_answer), ("for the label", found.by_gold))
    criteria = [(name, j) for name, j in both if j and several]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("sense", *(n for n, _ in criteria), "alone", *(["without it"] if several else [])):
        table.add_column(name, no_wrap=True)
    for sense in found.senses:
        bars = [bar(j.senses[sense].score) for _, j in criteria]
        table.add_row(sense, *bars, _heard(found.sets[sense]), *([_heard(found.without(sense))] if several else []))
    rows = [("importance", f"{name}: {_kind(judged, found)}") for name, judged in criteria]
    if not several:
        rows.append(("importance", f"the {found.senses[0]} alone: there is nothing to weigh it against"))
    elif not criteria:
        rows.append(
            ("importance", "none, where there is no answer; --gold LABEL tells which sense would lead to a label")
        )
    rows += [("together", _together(found))] if found.interaction else []
    rows += [("conflict", conflict(c, found.answer)) for c in found.conflicts]
    flips = [
        told
        for sense, told in zip(found.senses, found.counterfactuals, strict=False)
        if found.without(sense).label != found.answer.label
    ]
    rows += [("to change it", told) for told in (flips or [found.change]) if told]
    rows += [("weights", _weights(found))] if found.unweighted is not None else []
    rows += [("missing", told) for told in _missing(found, gaps)]
    lines = [_line("" if n and rows[n - 1][0] == name else name, told) for n, (name, told) in enumerate(rows)]
    return Group("", Text(_head(found), style="bold"), "", table, "", *lines)


def _missing(found: Weighing, gaps: Sequence[Gap]) -> list[str]:
    """One line for each sense without cues; the reason that says what to do, where one does."""
    why: dict[str, Gap] = {}
    for gap in gaps:
        sense = kin(gap.sense)
        if sense in found.senses or gap.span is not None or gap.idle:
            continue
        if sense not in why or (gap.hint and not why[sense].hint):
            why[sense] = gap
    return [f"{sense}: {gap.reason}" + (f" ({gap.hint})" if gap.hint else "") for sense, gap in why.items()]


def dataset(found: Dataset) -> RenderableType:
    """The weighing of a run."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [""]
    for title, alone, over in (
        ("for the answer of all senses", "same alone", found.by_answer),
        ("for the label that people gave", "right alone", found.by_gold),
    ):
        if over.n:
            parts += [Text(f"Importance {title}, {over.n} items", style="bold"), _bars(over, alone), ""]
            parts += [_line("classes", ", ".join(f"{n} {kind}" for kind, n in _ranked(over.kinds))), ""]
    if found.interactions:
        parts.append(_line("together", ", ".join(f"{n} {name}" for name, n in _ranked(found.interactions))))
    parts += [_line("left out", f"{n}: {why}") for why, n in _ranked(found.left_out)]
    if not found.by_answer.n and not found.by_gold.n:
        parts.append(Text("No item could be weighed.", style="bold red"))
    return Group(*parts)


def bar(score: float | None) -> Text:
    """`██████     +0.63`; red where it is negative."""
    from rich.text import Text

    if score is None:
        return Text("not defined", style="dim")
    size = "█" * round(abs(score) * BAR)
    return Text.assemble((size.ljust(BAR), "red" if score < 0 else "green"), f" {score:+.2f}")


def conflict(one: Conflict, joint: Heard) -> str:
    """`the words alone: joy (82 %), against sadness`."""
    sure = percent(Heard(label=one.label, confidence=one.confidence))
    how = (
        f"against {joint.label}" if one.opposed else f"not {joint.label}" if joint.label else "all together: no answer"
    )
    return f"{named([one.sense])} alone: {one.label}{sure}, {how}"


def _bars(over: Weighed, alone: str) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("sense", "importance", "95 % interval", "items", alone):
        table.add_column(name, no_wrap=True)
    for sense, score in sorted(over.scores.items(), key=lambda pair: -pair[1]):
        interval = f"{over.low[sense]:+.2f} to {over.high[sense]:+.2f}"
        table.add_row(
            sense, bar(score), interval, str(over.count[sense]), f"{over.right[sense]:.0%}".replace("%", " %")
        )
    return table


def _ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])


def _line(name: str, text: str) -> Text:
    from rich.text import Text

    return Text.assemble((f"{name:>12}  ", "cyan"), text)


def _head(found: Weighing) -> str:
    said = f"{found.answer.label}{percent(found.answer)}" if found.answer.label else "no answer"
    gold = f"; labelled {' or '.join(found.gold)}" if found.gold else ""
    return f"{said}, from {named(found.senses)}{gold}"


def _heard(one: Heard) -> str:
    return f"{one.label}{percent(one)}" if one.label else "no answer"


def _kind(judged: Judged, found: Weighing) -> str:
    """The class of an item in words."""
    name, _, sense = judged.kind.partition(":")
    scores = {s: i.score or 0.0 for s, i in judged.senses.items()}
    if name == "biased":
        return f"{judged.kind}, only {named([sense])} add{'' if sense == 'words' else 's'} to it"
    if name == "complementary":
        return f"complementary, {named([s for s in scores if scores[s] > 0])} add to it"
    if name == "interfering":
        return f"interfering, no sense adds to it and {named([s for s in scores if scores[s] < 0])} lead away from it"
    right = judged.right["+".join(found.senses)]
    return f"agnostic, every set of senses {'reaches' if right else 'misses'} it"


def _together(found: Weighing) -> str:
    if found.interaction == "redundancy":
        return f"redundancy, {named(found.alone)} each give this answer alone"
    if found.interaction == "uniqueness":
        return f"uniqueness, of all senses only {named(found.alone)} give{'' if found.alone == ('words',) else 's'} this answer alone"
    return "synergy, no sense gives this answer alone"


def _weights(found: Weighing) -> str:
    told = ", ".join(f"{s} {w:g}" for s, w in found.weights.items())
    assert found.unweighted is not None
    return f"{told}; with 1 for each it would be {_heard(found.unweighted)}. Set weights are not calibrated."
