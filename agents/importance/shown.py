"""A weighing on a terminal: bars, what each sense says alone, what would change the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuechain.agents.importance.dataset import Dataset, Weighed
from cuechain.agents.weigh import Conflict, Heard, Judged, Weighing, named, percent

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

BAR = 10
"""Characters of a bar of length 1."""


def terminal(found: Weighing) -> RenderableType:
    """The weighing of one answer."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = ["", Text(_head(found), style="bold"), ""]
    criteria = [(name, j) for name, j in (("for this answer", found.by_answer), ("for the label", found.by_gold)) if j]
    without = [found.sets.get("+".join(s for s in found.senses if s != sense), Heard()) for sense in found.senses]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("sense", *(n for n, _ in criteria if len(found.senses) > 1), "alone", "without it"):
        table.add_column(name, no_wrap=True)
    for sense, rest in zip(found.senses, without, strict=True):
        bars = [bar(j.senses[sense].score) for _, j in criteria if len(found.senses) > 1]
        table.add_row(sense, *bars, _heard(found.sets[sense]), _heard(rest) if len(found.senses) > 1 else "")
    parts += [table, ""]
    for name, judged in criteria if len(found.senses) > 1 else []:
        parts.append(_line("importance", f"{name}: {_kind(judged, found)}"))
    if len(found.senses) == 1:
        parts.append(_line("importance", f"the {found.senses[0]} alone: there is nothing to weigh it against"))
    if found.interaction:
        parts.append(_line("together", _together(found)))
    parts += [_line("conflict", conflict(c)) for c in found.conflicts]
    flips = [c for c, rest in zip(found.counterfactuals, without, strict=False) if rest.label != found.answer.label]
    parts += [_line("to change it", told) for told in (flips or [found.change]) if told]
    if found.unweighted is not None:
        parts.append(_line("weights", _weights(found)))
    return Group(*parts)


def dataset(found: Dataset) -> RenderableType:
    """The weighing of a run."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [""]
    for title, over in (("for the answer of all senses", found.by_answer), ("for what people said", found.by_gold)):
        if over.n:
            parts += [Text(f"Importance {title}, {over.n} items", style="bold"), _bars(over), ""]
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


def conflict(one: Conflict) -> str:
    """`the words alone say joy (82 %)`."""
    sure = percent(Heard(label=one.label, confidence=one.confidence))
    return f"{named([one.sense])} alone: {one.label}{sure}" + ("" if one.opposed else ", which is other, not opposite")


def _bars(over: Weighed) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("sense", "importance", "95 % interval", "items", "right alone"):
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
    gold = f"; people said {' or '.join(found.gold)}" if found.gold else ""
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
