"""A report as Markdown, as a table for several runs, and its confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import ConfigError, MissingExtraError, RunError
from cuechain.agents.scoring.found import Figure
from cuechain.agents.scoring.perturb import as_markdown as drops_as_markdown
from cuechain.agents.scoring.statistics import FEW

if TYPE_CHECKING:
    from cuechain.agents.scoring.score import Report


_DRAWN = (
    f"95 % intervals in brackets. A bootstrap draws whole groups (dialogues, speakers, clips …) where there are at least {FEW}, else "
    "single items; these intervals are too narrow for other groups."
)


def cell(figure: Figure) -> str:
    """`53.1 (50.2–56.0)`, shares in percent; a dash where it is undefined."""
    if figure.value is None:
        return "–"
    scale, digits = (100, 1) if figure.percent else (1, 3)
    value = f"{scale * figure.value:.{digits}f}"
    if figure.low is None or figure.high is None:
        return value
    return f"{value} ({scale * figure.low:.{digits}f}–{scale * figure.high:.{digits}f})"


def as_markdown(report: Report) -> str:
    """The whole report."""
    return (
        "\n".join(
            [
                *_head(report),
                *_figures(report),
                *_published(report),
                *_classes(report),
                *_confused(report),
                *_more(report),
            ]
        )
        + "\n"
    )


def _head(report: Report) -> Iterator[str]:
    made = report.manifest
    yield f"# {made.get('task')} on {made.get('dataset', report.run)}"
    yield ""
    told = ", ".join(f"{count} {state}" for state, count in sorted(report.states.items(), key=lambda kv: -kv[1]))
    whole = "" if report.expected in (None, report.n) else f" of {report.expected}"
    parts = [f"{name} {made[name]}" for name in ("split", "templates") if made.get(name)]
    yield ", ".join([f"- model `{made.get('model')}`", *parts])
    yield f"- {report.n}{whole} items judged by people: {told}"
    if report.outside:
        yield f"- {report.outside} answers with a label outside the set"
    if report.mean_said and report.confusion is None:
        yield f"- {report.mean_said:.2f} labels in an answer"
    if report.faults:
        yield "- not usable in the dataset: " + ", ".join(f"{n} {reason}" for reason, n in report.faults.items())
    if report.agreement:
        yield "- people among themselves: " + ", ".join(
            f"{name} {value:.3g}" for name, value in report.agreement.items()
        )
    yield from (f"- {note}" for note in report.notes)
    yield ""


def _figures(report: Report) -> Iterator[str]:
    names = [model_name(report), *report.baselines]
    yield f"| | n | {' | '.join(names)} |"
    yield "|---|---|" + "---|" * len(names)
    columns = [report.figures, *report.baselines.values()]
    for figure in report.figures:
        cells = [next((cell(f) for f in column if f.name == figure.name), "") for column in columns]
        yield f"| {figure.name}{' (%)' if figure.percent else ''} | {figure.n} | {' | '.join(cells)} |"
    yield ""
    yield "95 % bootstrap intervals over items in brackets. Baselines that learn are fitted on other groups of the same items."
    yield ""


def model_name(report: Report) -> str:
    """How the model is called in tables."""
    return str(report.manifest.get("model", "model"))


def _published(report: Report) -> Iterator[str]:
    for name, scores in report.published.items():
        yield f"**{name}**: " + ", ".join(f"{k} {'–' if v is None else f'{v:.4f}'}" for k, v in scores.items())
        yield ""


def _classes(report: Report) -> Iterator[str]:
    if not report.per_class:
        return
    yield "| label | precision | recall | F1 | n |"
    yield "|---|---|---|---|---|"
    for row in report.per_class:
        told = ("–" if row[k] is None else f"{row[k]:.3f}" for k in ("precision", "recall", "f1"))
        yield f"| {row['label']} | {' | '.join(told)} | {row['n']} |"
    yield ""


def _confused(report: Report) -> Iterator[str]:
    if report.confusion is None:
        return
    labels = report.confusion.labels
    yield f"| right \\ said | {' | '.join(labels)} | none of them |"
    yield "|---|" + "---|" * (len(labels) + 1)
    for label, row in zip(labels, report.confusion.table, strict=True):
        yield f"| **{label}** | {' | '.join(map(str, row))} |"
    yield ""


def _more(report: Report) -> Iterator[str]:
    if report.probes:
        yield "## Spoiled on purpose"
        yield ""
        yield drops_as_markdown(report.probes)
        yield ""
        yield _DRAWN
        yield ""
    if report.explanations:
        yield "## Explanations"
        yield ""
        yield "| | n | value |"
        yield "|---|---|---|"
        for name, found in report.explanations.items():
            yield f"| {name} | {found.n} | {found.value.told()} |"
        yield ""
        yield _DRAWN
        yield ""
        if report.judge:
            yield f"Judged by `{report.judge}`."
            yield ""


def check(path: Path) -> None:
    """Whether a picture can be written under a name.

    Raises:
        ConfigError: Nothing draws files of this kind.
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise MissingExtraError("matplotlib", "score") from error
    if path.suffix.lower().removeprefix(".") not in FigureCanvasBase.filetypes:
        raise ConfigError(f"{path} names no kind of picture", "name a .png, .svg or .pdf")


def picture(report: Report, path: Path) -> None:
    """The confusion matrix as a picture, rows in shares of the right label, counts in the cells.

    Raises:
        RunError: The run has none, or the picture cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    if report.confusion is None:
        raise RunError("there is no confusion matrix", "it needs one label of a closed set for each item")
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise MissingExtraError("matplotlib", "score") from error
    labels, table = report.confusion.labels, report.confusion.table
    size = max(4.0, 0.55 * len(labels) + 2)
    canvas = Canvas(figsize=(size + 0.6, size), layout="constrained")
    axes: Any = canvas.subplots()
    shares = [[count / max(1, sum(row)) for count in row] for row in table]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels) + 1), [*labels, "none of them"], rotation=45, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel(f"said by {model_name(report)}")
    axes.set_ylabel(f"said by people (n = {report.n})")
    for y, row in enumerate(table):
        for x, count in enumerate(row):
            axes.text(
                x, y, count, ha="center", va="center", color="white" if shares[y][x] > 0.5 else "black", fontsize=8
            )
    try:
        canvas.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path} cannot be written: {error}", "name a .png, .svg or .pdf in a folder that is there"
        ) from error


def lines(reports: Sequence[Report]) -> Iterator[str]:
    """Several runs as one Markdown table: the leading figures of each beside its baselines."""
    yield "| dataset | split | task | n | figure | model | value | baselines |"
    yield "|---|---|---|---|---|---|---|---|"
    for report in reports:
        made = report.manifest
        first = report.figures[0]
        beside = "; ".join(f"{name} {cell(found[0])}" for name, found in report.baselines.items() if found)
        name = str(made.get("dataset", "")).partition(":")[0]
        figure = f"{first.name}{' (%)' if first.percent else ''}"
        cells = (name, made.get("split"), made.get("task"), first.n, figure, model_name(report), cell(first), beside)
        yield f"| {' | '.join(map(str, cells))} |"
