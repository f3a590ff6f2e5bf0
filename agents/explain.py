"""A finished answer as a reader meets it: prose with citations, what conflicts, what is missing, how sure; as Markdown or on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from cuechain.agents.values import Answer, Case, CueSheet, Explanation, Span, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType


MOST_SHOWN = 14
"""Cues shown under an answer on a terminal."""


def explain(sheet: CueSheet, answer: Answer, verdict: Verdict) -> Explanation:
    """Prose with citations, conflicts, gaps and how sure."""
    sentences = [_cited(c.text or "", c.cites) for c in answer.claims]
    conflicts = [_cited(c.text or "", c.cites) for c in answer.claims if c.stance == "conflicts"]
    return Explanation(
        text=" ".join(sentences),
        conflicts=tuple(conflicts),
        missing=missing(sheet),
        sure=_sure(answer, verdict),
    )


def is_looked_up(answer: Answer) -> bool:
    """Whether it tells what was perceived, and no feeling: nothing else that abstains is supported by cues."""
    return answer.abstain and bool(answer.claims) and all(c.stance == "supports" for c in answer.claims)


def missing(sheet: CueSheet) -> tuple[str, ...]:
    """What was not perceived, and what would help."""
    told = (f"{g.sense}: {g.reason}" + (f" — {g.hint}" if g.hint else "") for g in sheet.gaps if not g.idle)
    return tuple(dict.fromkeys(told))


def _cited(text: str, cites: tuple[str, ...]) -> str:
    """The sentence with its citations before the full stop."""
    if not cites:
        return text
    end = text[-1] if text[-1:] in ".!?" else "."
    return f"{text.rstrip('.!?') if text[-1:] in '.!?' else text} [{', '.join(cites)}]{end}"


def _sure(answer: Answer, verdict: Verdict) -> str:
    if is_looked_up(answer):
        return "told by the cues themselves; no feeling was asked for"
    if answer.abstain:
        return "no answer was given, because the evidence does not allow one"
    own: float | None = getattr(answer, "confidence", None)
    felt = answer.emotion.confidence if answer.emotion else None
    p = own if "confidence" in type(answer).model_fields else felt
    text = "confidence not stated" if p is None else f"{_degree(p)} ({p:.0%})"
    if not verdict.ok:
        text += f"; {len(verdict.problems)} problem{'s' * (len(verdict.problems) != 1)} left in the check"
    return text


def _degree(p: float) -> str:
    return "quite sure" if p >= 0.75 else "fairly sure" if p >= 0.5 else "unsure"


def clock(span: Span | None) -> str:
    """`2.1-4.0 s`, `61:02.5-61:04.0` from a minute on; empty without a time."""
    if span is None:
        return ""

    def one(t: float) -> str:
        return f"{int(t // 60)}:{t % 60:04.1f}" if span.end >= 60 else f"{t:.1f}"

    return f"{one(span.start)}-{one(span.end)}" + ("" if span.end >= 60 else " s")


def facts(answer: Answer) -> list[tuple[str, str]]:
    """The slots of an answer as label and value, in reading order."""
    rows = _own(answer)
    emotions = getattr(answer, "emotions", ()) or ((answer.emotion,) if answer.emotion else ())
    named = ", ".join(e.label + (f" {e.confidence:.2f}" if e.confidence is not None else "") for e in emotions if e)
    if named:
        rows.append(("emotion", named))
    if answer.emotion and answer.emotion.intensity is not None:
        rows.append(("intensity", f"{answer.emotion.intensity:.2f}"))
    for name in ("sentiment", "relation", "person"):
        value: str | None = getattr(answer, name)
        if value:
            rows.append((name, _RELATIONS.get(value, value) if name == "relation" else value))
    return rows


_SHARED = frozenset({*Answer.model_fields, "emotions", "labels", "confidence"})
"""Slots that have a row of their own wherever they are."""


def _own(answer: Answer) -> list[tuple[str, str]]:
    """The slots that a task's answer has beyond every answer's, in the order of its type; empty ones are left out."""
    values = {name: getattr(answer, name) for name in type(answer).model_fields if name not in _SHARED}
    several: tuple[str, ...] = getattr(answer, "labels", ())
    if len(several) > 1:
        values["label"] = several
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        items = value if isinstance(value, tuple) else (value,)
        title = name.replace("_", " ")
        if items and all(isinstance(item, str) for item in items):
            rows.append((title, ", ".join(items)))
        else:  # tuples of records take a line each
            rows += [(title, in_words(item)) for item in items if item is not None]
    return [(title, text) for title, text in rows if text]


def in_words(value: Any) -> str:
    """A slot's value in a line: numbers with their sign, records by their fields, without citations."""
    if isinstance(value, BaseModel):
        told = {name: getattr(value, name) for name in type(value).model_fields if name not in ("cites", "explicit")}
        texts = {name: in_words(v) for name, v in told.items() if v is not None and v != ()}
        return texts["text"] if set(texts) == {"text"} else "; ".join(f"{n} {t}" for n, t in texts.items() if t)
    if isinstance(value, float):
        return f"{value:+.2f}"
    if isinstance(value, dict):
        return "; ".join(f"{name} {in_words(v)}" for name, v in value.items())  # pyright: ignore[reportUnknownVariableType]
    return ", ".join(map(in_words, value)) if isinstance(value, tuple) else str(value)


_RELATIONS = {
    "agree": "the senses agree",
    "masked": "something seems to be hidden",
    "sarcastic": "the words seem to mean their opposite",
    "mixed": "mixed feelings, or a change",
    "single": "one sense alone",
}


def markdown(case: Case) -> str:
    """A Case as a short Markdown report."""
    lines = [f"## {case.question.text.strip() or case.question.task}", ""]
    if case.sample and case.sample.id:  # of a run: one of many
        lines += [f"Item: {_in_code(case.sample.id)}", ""]
    if case.answer is None or case.explanation is None:
        return "\n".join([*lines, f"**No answer:** {case.error}", ""])
    lines += [case.explanation.text, ""]
    lines += [f"- **{name}**: {value}" for name, value in facts(case.answer)]
    lines += [f"- **how sure**: {case.explanation.sure}", f"- **model**: {case.model}", ""]
    for title, items in (("Conflicts", case.explanation.conflicts), ("Not perceived", case.explanation.missing)):
        lines += [f"### {title}", "", *(f"- {i}" for i in items), ""] if items else []
    if case.verdict and case.verdict.problems:
        lines += [
            "### Problems that the check found",
            "",
            *(f"- {p.code}: {p.text}" for p in case.verdict.problems),
            "",
        ]
    lines += ["### Cues", "", "| id | time | who | sense | cue |", "|---|---|---|---|---|"]
    for i, cue in case.sheet.cues.items():
        text = cue.text.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {i} | {clock(cue.span)} | {cue.person or ''} | {cue.sense} | {text} |")
    return "\n".join([*lines, ""])


def _in_code(text: str) -> str:
    """A name as Markdown shows it letter by letter."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if fence == "`" else f"{fence} {text} {fence}"


def terminal(case: Case) -> RenderableType:
    """A Case for a terminal: the answer, the cues it cites first, then the others."""
    from rich.console import Group
    from rich.text import Text

    if case.answer is None or case.explanation is None:
        return Text(f"No answer: {case.error}", style="bold red")
    parts: list[RenderableType] = ["", Text(case.explanation.text, style="bold"), ""]
    rows = [*facts(case.answer), ("how sure", case.explanation.sure)]
    against = [i for c in case.answer.claims if c.stance == "conflicts" for i in c.cites]
    rows += [("conflict", "against the conclusion: " + ", ".join(against))] if against else []
    parts += [Text.assemble((f"{name:>10}  ", "cyan"), value) for name, value in rows]
    for item in case.explanation.missing:
        parts.append(Text.assemble(("   missing  ", "magenta"), item))
    for problem in case.verdict.problems if case.verdict else ():
        parts.append(Text.assemble(("   problem  ", "red"), f"{problem.code}: {problem.text}"))
    cited = {i for c in case.answer.claims for i in c.cites}
    parts += ["", cue_table(case.sheet, cited, most=MOST_SHOWN), ""]
    parts.append(Text(f"answered by {case.model}; • marks cited cues", style="dim"))
    return Group(*parts)


def cue_table(sheet: CueSheet, cited: set[str], most: int | None = None) -> RenderableType:
    """Cues of a sheet as a table in order of time, cited ones marked; of the others the most salient, up to `most` in all."""
    from rich.table import Table
    from rich.text import Text

    others = sorted((i for i in sheet.cues if i not in cited), key=lambda i: -sheet.cues[i].salience)
    shown = cited | set(others[: max(0, most - len(cited))] if most is not None else others)
    files = {m.id: m.path or "text" for m in sheet.media} if len(sheet.media) > 1 else {}
    table = Table(box=None, pad_edge=False, header_style="dim")
    names = ["", "id", "time", *(["file"] if files else []), "who", "sense", "cue"]
    for name in names:
        table.add_column(name, no_wrap=name != "cue", overflow="fold")
    for i, cue in sheet.cues.items():
        if i not in shown:
            continue
        where = [files.get(cue.media or "", "").rsplit("/", 1)[-1]] if files else []
        cells = ("•" if i in cited else "", i, clock(cue.span), *where, cue.person or "", cue.sense, cue.text)
        table.add_row(*(Text(c, style="bold" if i in cited else "") for c in cells))
    hidden = len(sheet.cues) - len(shown)
    notes = [f"{hidden} more that say little (`cuechain perceive` shows them)"] if hidden else []
    notes += [f"{sheet.dropped} more that the budget left out"] if sheet.dropped else []
    for note in notes:
        table.add_row(*[""] * (len(names) - 1), Text(f"… {note}", style="dim"))
    return table
