"""Sextuples, emotion–cause pairs and their trivial baselines on the published dialogues, for planners; prints Markdown.

CUECHAIN_DATA=… python benchmarks/tuples.py [--model rules] [--limit 100]

Three rules of English were mended after four of the PanoSent dialogues had been read; nothing else was chosen on
these dialogues; the rules of opinions were on product reviews (`--only reviews`). The baselines of sextuples read
the same words: of each turn the strongest word of VADER's lexicon, the nearest content word before it, its whole first sentence. Those
of causes get the same feelings turn by turn and always say the turn itself, or that and the turn of another speaker right before it;
"feelings given" takes the turns and feelings from people, so that only the choice of the cause is compared.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

from cuechain.agents import llm, settings
from cuechain.agents.datasets import dataset
from cuechain.agents.llm.labels import vader
from cuechain.agents.pipeline import check, think
from cuechain.agents.runs import question_of, sheet_of
from cuechain.agents.scoring import tuples
from cuechain.agents.scoring.metrics.sextuples import Six
from cuechain.agents.scoring.protocols import ecac, panosent
from cuechain.agents.scoring.tally import Outcome
from cuechain.agents.tasks import english
from cuechain.agents.tasks.cause import fill_turns
from cuechain.agents.tasks.opinions import judgements
from cuechain.agents.tasks.turns import Line, lines_of, plain
from cuechain.agents.values import CausePair, CueSheet, Element, Plan, Question, Sample, Sextuple, Target

Row = tuple[str, dict[str, float]]


def samples(name: str, folder: Path, split: str, limit: int | None) -> list[Sample]:
    found = [item for item in dataset(name).read(folder, split) if isinstance(item, Sample)]
    return found[:limit]


def answered(
    items: Sequence[Sample], sheets: Sequence[CueSheet], name: str, spec: str, labels: str = ""
) -> list[Target]:
    """What a model says of each item; the share of answers whose check finds a problem is printed."""
    chosen = settings.load(model=spec)
    model = llm.load(spec, chosen)
    said: list[Target] = []
    wrong = 0
    for item, sheet in zip(items, sheets, strict=True):
        question = Question(text="?", task=name)
        task = check(question)
        question = question_of(item, task, (labels,) if labels else ())
        case = think(sheet, question, task, model, chosen)
        assert case.answer is not None and case.verdict is not None and task.said is not None
        wrong += not case.verdict.ok
        said.append(task.said(case.answer))
    print(f"<!-- {spec}, {name}: {wrong} of {len(items)} answers with a problem in the check -->")
    return said


def nearest(sheet: CueSheet) -> Target:
    """The trivial sextuple of each turn."""
    return Target(sextuples=tuple(six for line in lines_of(sheet).values() if (six := _nearest(line))))


def _nearest(line: Line) -> Sextuple | None:
    words = [w.strip(".,;:!?()\"'") for w in line.text.split()]
    valences = [float(vader().lexicon.get(w.lower(), 0.0)) for w in words]
    place = max(range(len(words)), key=lambda n: abs(valences[n]), default=None)
    if place is None or not valences[place]:
        return None
    noun = next((w for w in reversed(words[:place]) if w and w.lower() not in english.STOP), words[place])
    first = line.text.split(". ")[0]
    return Sextuple(
        holder=Element(text=line.speaker), target=Element(text=noun), aspect=Element(text=noun), opinion=Element(text=words[place]),
        sentiment="positive" if valences[place] > 0 else "negative", rationale=Element(text=first),
    )  # fmt: skip


def own_turn(felt: Mapping[int, str], lines: Mapping[int, Line]) -> Iterator[CausePair]:
    for n, label in felt.items():
        yield CausePair(turn=n, emotion=label, cause=n, span=lines[n].text)


def own_and_before(felt: Mapping[int, str], lines: Mapping[int, Line]) -> Iterator[CausePair]:
    yield from own_turn(felt, lines)
    order = sorted(lines)
    for n, label in felt.items():
        before = [m for m in order if m < n]
        if before and lines[before[-1]].speaker != lines[n].speaker:
            yield CausePair(turn=n, emotion=label, cause=before[-1], span=lines[before[-1]].text)


def own_rule(felt: Mapping[int, str], lines: Mapping[int, Line], sheet: CueSheet) -> Iterator[CausePair]:
    """The task's rule with these feelings."""
    plans = {
        n: Plan(labels={label: 1.0}, relation={"single": 1.0}, sentiment={"neutral": 1.0}, abstain=0.0)
        for n, label in felt.items()
    }
    yield from fill_turns(sheet, Question(text="?", task="cause"), (), plans).pairs


def felt_in(target: Target) -> dict[int, str]:
    return {pair.turn: pair.emotion for pair in target.pairs or ()}


def outcomes(items: Sequence[Sample], said: Sequence[Target]) -> list[Outcome]:
    return [Outcome(i.id, i.group, "answered", i.target, s) for i, s in zip(items, said, strict=True)]


def told(found: tuples.Found, *names: str) -> dict[str, float]:
    return {f.name: f.value * 100 for f in found.figures if f.name in names and f.value is not None}


def of_panosent(items: Sequence[Sample], said: Sequence[Target]) -> dict[str, float]:
    parts = ("holder", "target", "aspect", "opinion")
    names = ("sextuples, F1", *(f"{p} (same words), F1" for p in parts), "rationale (words shared), F1", "flips, F1")
    own = told(tuples.of_sextuples(outcomes(items, said)), *names)
    sides = [
        {i.id: [_six(s) for s in t.sextuples or ()] for i, t in zip(items, targets, strict=True)}
        for targets in ([i.target for i in items], said)
    ]
    published = panosent.challenge(*sides)
    return {
        **own,
        "challenge micro F1": published.micro.f1 * 100,
        "identification F1": published.identification.f1 * 100,
        "final": published.final * 100,
    }


def _six(s: Sextuple) -> Six:
    implicit = "".join(
        k[0] for k in ("holder", "target", "aspect", "opinion", "rationale") if not getattr(s, k).explicit
    )
    return Six(s.holder.text, s.target.text, s.aspect.text, s.opinion.text, s.sentiment, s.rationale.text, implicit)


def of_causes(items: Sequence[Sample], said: Sequence[Target], spans: bool) -> dict[str, float]:
    found = told(tuples.of_pairs(outcomes(items, said)), "pairs, F1", "pairs, precision", "pairs, recall")
    if all(p.emotion in ecac.LEGAL for i in items for p in i.target.pairs or ()):
        sides = [
            [_talk(n, i, t) for n, (i, t) in enumerate(zip(items, targets, strict=True))]
            for targets in ([i.target for i in items], said)
        ]
        found["ECAC subtask 2, weighted F1"] = ecac.utterances(*sides).weighted_f1 * 100
    if spans:
        sides = [
            [_talk(n, i, t, spans=k) for n, (i, t) in enumerate(zip(items, targets, strict=True))]
            for k, targets in (("words", [i.target for i in items]), ("places", said))
        ]
        both = ecac.spans(*sides)
        found["subtask 1, weighted strict F1"] = both.strict.weighted_f1 * 100
        found["proportional F1"] = both.proportional.weighted_f1 * 100
    return found


def _talk(number: int, item: Sample, target: Target, spans: str = "") -> dict[str, object]:
    def cause(pair: CausePair) -> str:
        if spans == "words":
            return f"{pair.cause}_{pair.span}"
        place = ecac.located(item.turns[pair.cause - 1].text, pair.span)
        return f"{pair.cause}_{place.start}_{place.end}" if spans else f"{pair.cause}"

    pairs = [[f"{p.turn}_{p.emotion}", cause(p)] for p in target.pairs or ()]
    turns = [{"utterance_ID": n, "text": t.text} for n, t in enumerate(item.turns, 1)]
    return {"conversation_ID": number, "conversation": turns, "emotion-cause_pairs": pairs}


def table(title: str, rows: Sequence[Row]) -> None:
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    print(f"\n### {title}\n\n| | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for name, figures in rows:
        print(f"| {name} | " + " | ".join(f"{figures[n]:.1f}" if n in figures else "" for n in names) + " |")


def causes(title: str, items: Sequence[Sample], specs: Sequence[str], spans: bool = False) -> None:
    loaded = settings.load()
    sheets = [sheet_of(item, loaded) for item in items]
    rows: list[Row] = []
    rules: dict[str, Callable[[Mapping[int, str], Mapping[int, Line]], Iterator[CausePair]]] = {
        "own turn": own_turn,
        "own turn and the one before": own_and_before,
    }
    for spec in (*specs, "feelings given"):
        given = spec == "feelings given"
        said = (
            [i.target for i in items]
            if given
            else answered(items, sheets, "cause", spec, "reccon" if title.startswith("RECCON") else "ecf")
        )
        felt = [felt_in(t) for t in said]
        if given:
            said = [Target(pairs=tuple(own_rule(f, lines_of(s), s))) for f, s in zip(felt, sheets, strict=True)]
        rows.append((f"{spec}, the task's rule", of_causes(items, said, spans)))
        for name, rule in rules.items():
            targets = [Target(pairs=tuple(rule(f, lines_of(s)))) for f, s in zip(felt, sheets, strict=True)]
            rows.append((f"{spec}, {name}", of_causes(items, targets, spans)))
    table(f"{title}, {len(items)} conversations, {sum(len(i.target.pairs or ()) for i in items)} pairs", rows)


def reviews(folder: Path) -> None:
    """What the rules of opinions were chosen on: product reviews with the features that are judged (Hu & Liu 2004).

    A phrase is right when its last word is that of an annotated feature of the sentence, each of which is found once.
    """
    counts = {"rules": [0, 0, 0], "noun before the strongest word": [0, 0, 0]}
    annotated = 0
    with ZipFile(folder / "product_reviews_1.zip") as archive:
        files = [n for n in archive.namelist() if n.endswith(".txt") and "README" not in n]
        rows = [r for n in files for r in archive.read(n).decode("utf-8", "replace").splitlines() if "##" in r]
    for row in rows:
        head, text = row.split("##", 1)
        gold = {plain(m[1]): int(m[2]) for m in re.finditer(r"([^,\[\]]+)\[([+-]\d)\]", head)}
        annotated += len(gold)
        line = Line(1, "", text, ("T1",), event=False)
        said: dict[str, str] = {}
        for one in judgements([line]):
            said.setdefault(plain(one.aspect), one.sentiment)
        trivial = _nearest(line)
        sides = {
            "rules": said,
            "noun before the strongest word": {plain(trivial.aspect.text): trivial.sentiment} if trivial else {},
        }
        for name, phrases in sides.items():
            free = dict(gold)
            for phrase, sentiment in phrases.items():
                found = next((g for g in free if g.split()[-1:] == phrase.split()[-1:]), None)
                polarity = 0 if found is None else free.pop(found)
                counts[name][0] += 1
                counts[name][1] += found is not None
                counts[name][2] += found is not None and sentiment == ("positive" if polarity > 0 else "negative")
    table_rows: list[Row] = []
    for name, (said_n, right, polar) in counts.items():
        p, r = right / said_n, right / annotated
        table_rows.append(
            (
                name,
                {
                    "precision": p * 100,
                    "recall": r * 100,
                    "F1": 200 * p * r / (p + r),
                    "sentiment of these": polar / right * 100,
                    "phrases": said_n,
                },
            )
        )
    table(f"Product reviews (train), {annotated} annotated features in {len(rows)} sentences", table_rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--only", choices=("reviews", "panosent", "ecf", "spans", "reccon"))
    options = parser.parse_args()
    specs, root = options.model or ["embedded"], Path(os.environ["CUECHAIN_DATA"]) / "eval"
    if options.only in (None, "reviews"):
        reviews(Path(os.environ["CUECHAIN_DATA"]) / "train/nltk_data")
    if options.only in (None, "panosent"):
        items = samples("panosent", root / "panosent", "all", options.limit)
        sheets = [sheet_of(item, settings.load()) for item in items]
        rows = [(spec, of_panosent(items, answered(items, sheets, "sextuple", spec))) for spec in specs]
        rows.append(
            ("strongest word, nearest word before it, first sentence", of_panosent(items, [nearest(s) for s in sheets]))
        )
        number = sum(len(i.target.sextuples or ()) for i in items)
        table(f"PanoSent, {len(items)} dialogues, {number} sextuples, per cent", rows)
    if options.only in (None, "ecf"):
        causes("ECF dev", samples("ecf", root / "ecf", "dev", options.limit), specs)
    if options.only in (None, "spans"):
        causes(
            "ECF 2.0 train, words of the cause",
            samples("ecf2-spans", root / "ecf", "train", options.limit or 150),
            specs,
            spans=True,
        )
    if options.only in (None, "reccon"):
        causes("RECCON valid", samples("reccon", root / "reccon", "valid", options.limit), specs)


if __name__ == "__main__":
    main()
