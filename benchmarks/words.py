"""How well the words senses read texts that people labelled.

CUECHAIN_DATA=… python benchmarks/words.py                          # all tables
CUECHAIN_DATA=… python benchmarks/words.py --float runs/words/words.float.onnx    # with the float network beside int8
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from figures import Figure

from cuechain.agents.llm.labels import meaning
from cuechain.agents.media import opened
from cuechain.agents.perception.situation import Situation
from cuechain.agents.perception.texts.polarity import named, polarity, tokens_of
from cuechain.agents.perception.texts.reading import FEELINGS, INTENSE, REACTIONS, read
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, Cue
from cuechain.finetune.senses.words_data import comments, events, held_out, intensities, told


def interval(score: Callable[[np.ndarray], float], n: int, digits: int = 3) -> str:
    """A score of all items, with its 95 % interval from 1,000 bootstrap samples of them."""
    draw = np.random.default_rng(0)
    some = [score(draw.integers(0, n, n)) for _ in range(1000)]
    low, high = np.percentile(some, (2.5, 97.5))
    return f"{score(np.arange(n)):.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def macro_f1(said: np.ndarray, right: np.ndarray) -> float:
    """Mean F1 of the columns of two (N, K) tables of 0 and 1; a label that is nowhere counts 0."""
    hits = (said * right).sum(0)
    return float((2 * hits / np.maximum(said.sum(0) + right.sum(0), 1)).mean())


def f1_interval(said: np.ndarray, right: np.ndarray) -> str:
    return interval(lambda some: macro_f1(said[some], right[some]), len(right))


def feelings(data: Path, whole: Path | None = None) -> Iterator[Figure]:
    test = comments(data / "train/goemotions", "test")
    texts, right = [t.text for t in test], np.array([t.target for t in test])
    readings = read(texts)
    said = np.array([[float(k in r.told) for k in FEELINGS] for r in readings])
    p = np.array([list(r.feelings.values()) for r in readings])
    most = right.sum(0).argmax()
    always = np.zeros_like(right)
    always[:, most] = 1
    lexicon = np.array([[float(k in names) for k in FEELINGS] for names in (named(tokens_of(t)) for t in texts)])
    baseline = f"published BERT-base 0.46; named by lexicon {macro_f1(lexicon, right):.3f}; always neutral {macro_f1(always, right):.3f}"
    where = "GoEmotions test, English"
    yield Figure(
        "words", "macro-F1, 28 feelings, several may hold", f1_interval(said, right), baseline, len(test), where
    )
    if whole:
        yield Figure(
            "words",
            "the same with the float network",
            f"{_float(whole, texts, right):.3f}",
            "int8 above",
            len(test),
            where,
        )
    error = np.mean([_ece(p[:, k], right[:, k]) for k in range(len(FEELINGS))])
    share = right.mean(0)
    skill = 1 - np.mean((p - right) ** 2) / np.mean((share - right) ** 2)
    yield Figure(
        "words",
        "calibration: ECE, mean of 28; Brier skill",
        f"{error:.3f}; {skill:.2f}",
        "shares alone: skill 0",
        len(test),
        where,
    )


def _float(path: Path, texts: Sequence[str], right: np.ndarray) -> float:
    from cuechain.agents.perception.texts.reading import calibration, tokenizer
    from cuechain.finetune.senses.words_export import f1, outputs

    return float(f1(outputs(path, tokenizer(), texts)[0], right, calibration()).mean())


def _ece(p: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    place = np.minimum((p * 10).astype(int), 9)
    return sum(abs(p[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in np.unique(place))


def _one_of(texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The likeliest of a closed set of labels, by the strongest feeling of each one's Ekman group; for measuring transfer alone."""
    groups = {
        label: [k for k in FEELINGS if k == label or (label in EKMAN and meaning(k)[0] == label)] for label in labels
    }
    taken = {k for label in labels if label not in EKMAN for k in groups[label]}
    found: list[str] = []
    for r in read(texts):
        score = {
            label: 1 - float(np.prod([1 - r.feelings[k] for k in ks if k == label or k not in taken]))
            for label, ks in groups.items()
        }
        found.append(max(score, key=lambda label: score[label]))
    return found


def transfer(data: Path) -> Iterator[Figure]:
    folder = data / "eval/tweeteval"
    texts = (folder / "emotion_val_text.txt").read_text("utf-8").splitlines()
    names = ("anger", "joy", "optimism", "sadness")
    right = [names[int(i)] for i in (folder / "emotion_val_labels.txt").read_text().split()]
    yield _closed(texts, right, names, "TweetEval emotion, validation")
    with (data / "eval/meld/dev_sent_emo.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    yield _closed(
        [r["Utterance"] for r in rows], [r["Emotion"] for r in rows], EKMAN, "MELD dev, a line without its dialogue"
    )


def _closed(texts: Sequence[str], right: Sequence[str], labels: Sequence[str], where: str) -> Figure:
    def table(values: Sequence[str]) -> np.ndarray:
        return np.array([[float(v == k) for k in labels] for v in values])

    truth = table(right)
    most = max(set(right), key=list(right).count)
    lexicon = table([_lexical(t, labels, most) for t in texts])
    baseline = (
        f"lexicon {macro_f1(lexicon, truth):.3f}; always {most} {macro_f1(table([most] * len(right)), truth):.3f}"
    )
    return Figure(
        "words",
        f"macro-F1, {len(labels)} labels, one holds",
        f1_interval(table(_one_of(texts, labels)), truth),
        baseline,
        len(texts),
        where,
    )


def _lexical(text: str, labels: Sequence[str], most: str) -> str:
    names = [k for k in named(tokens_of(text)) if k in labels]
    if names:
        return names[0]
    score = polarity(text)[0]
    kind = "joy" if score > 0.3 else "anger" if score < -0.3 else "neutral"
    return kind if kind in labels else most


def valence(data: Path) -> Iterator[Figure]:
    with gzip.open(data / "eval/emobank/emobank.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["text"].strip()]
    right = np.array([float(r["V"]) for r in rows])
    texts = [r["text"] for r in rows]
    ours, theirs = np.array([r.valence for r in read(texts)]), np.array([polarity(t)[0] for t in texts])
    value = interval(lambda some: float(np.corrcoef(ours[some], right[some])[0, 1]), len(rows))
    yield Figure(
        "words",
        "valence, Pearson r",
        value,
        f"VADER {np.corrcoef(theirs, right)[0, 1]:.3f}",
        len(rows),
        "EmoBank, English, many genres",
    )
    folder = data / "eval/tweeteval"
    labels = np.array((folder / "sentiment_val_labels.txt").read_text().split())
    tweets = (folder / "sentiment_val_text.txt").read_text("utf-8").splitlines()
    polar = labels != "1"
    some = [t for t, p in zip(tweets, polar, strict=True) if p]
    positive = labels[polar] == "2"
    ours, theirs = np.array([r.valence for r in read(some)]), np.array([polarity(t)[0] for t in some])
    value = interval(lambda i: _auc(ours[i], positive[i]), len(some))
    yield Figure(
        "words",
        "positive against negative, AUC",
        value,
        f"VADER {_auc(theirs, positive):.3f}",
        len(some),
        "TweetEval sentiment, validation",
    )


def _auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve by ranks (Hanley & McNeil 1982); ties share their rank."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = positive.sum(), (~positive).sum()
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * m))


def strength(data: Path) -> Iterator[Figure]:
    test = intensities(data / "train/brighter_eng", "test")
    right, texts = np.array([t.target for t in test]), [t.text for t in test]
    ours = np.array([[r.intensity[k] for k in INTENSE] for r in read(texts)])
    lexicon = np.array([[float(k in names) for k in INTENSE] for names in (named(tokens_of(t)) for t in texts)])

    def r(said: np.ndarray, some: np.ndarray) -> float:
        return float(np.mean([np.corrcoef(said[some, k], right[some, k])[0, 1] for k in range(len(INTENSE))]))

    value = interval(lambda some: r(ours, some), len(test))
    baseline = f"named by lexicon {r(lexicon, np.arange(len(test))):.3f}"
    yield Figure(
        "words",
        "intensity, Pearson r, mean of 5 emotions",
        value,
        baseline,
        len(test),
        "BRIGHTER track b test, English",
    )


def situation(data: Path) -> Iterator[Figure]:
    everything = events(data / "train/atomic")
    chance = random.Random(2)
    unseen = [(told(e, chance), everything[e]) for e in sorted(held_out(iter(everything)))]
    found = [_common(text) for text, _ in unseen]
    hit = np.array([float(bool(f) and c[f[0]] > 0) for f, (_, c) in zip(found, unseen, strict=True) if f])
    always = np.array([float(c["joy"] > 0) for f, (_, c) in zip(found, unseen, strict=True) if f])
    where = f"ATOMIC, events that were held out (n={len(unseen)})"
    value = interval(lambda some: float(hit[some].mean()), len(hit), 2)
    baseline = f"always joy {always.mean():.2f}"
    yield Figure(
        "situation",
        f"a told reaction is one that people named; told for {len(hit) / len(unseen):.0%}",
        value,
        baseline,
        len(hit),
        where,
    )
    bad = np.array([float(_sour(f[0])) for f in found if f])
    truth = np.array(
        [
            float(sum(n for k, n in c.items() if _sour(k)) * 2 > sum(c.values()))
            for f, (_, c) in zip(found, unseen, strict=True)
            if f
        ]
    )
    yield Figure(
        "situation",
        "pleasant or unpleasant as most people named",
        f"{(bad == truth).mean():.2f}",
        f"always pleasant {1 - truth.mean():.2f}",
        len(bad),
        where,
    )
    plain = [t.text for t in comments(data / "train/goemotions", "test") if t.target[-1] and sum(t.target) == 1][:500]
    false = np.mean([bool(_common(t)) for t in plain])
    yield Figure(
        "situation",
        "comments that people call neutral for which a reaction is told",
        f"{false:.2f}",
        "-",
        len(plain),
        "GoEmotions test",
    )
    yield _causes(data)


def _sour(group: str) -> bool:
    return group in ("tiredness", "sadness", "anger", "fear", "shame")


def _common(text: str) -> tuple[str, ...]:
    """The reactions that the product tells for a text, strongest first."""
    cue = Cue(sense="transcript", text=f'the speaker says "{text}"', measures={"language": "en"}, source="x@1")
    with opened(text=text) as clip:
        found = [c for c in Situation(Settings()).perceive(clip, [cue]) if isinstance(c, Cue)]
    return tuple(k for c in found for k in c.measures if k in REACTIONS)


def _causes(data: Path) -> Figure:
    """Lines of dialogues that readers marked as what caused a feeling: is what such an event usually brings what was felt?"""
    with gzip.open(data / "eval/ecf/Subtask_1_train.json.gz", "rt", encoding="utf-8") as file:
        dialogues = json.load(file)
    items: dict[str, set[str]] = {}
    for dialogue in dialogues:
        text = {str(u["utterance_ID"]): u["text"] for u in dialogue["conversation"]}
        for felt, cause in dialogue["emotion-cause_pairs"]:
            emotion = felt.split("_")[1]
            if emotion != "surprise":  # neither pleasant nor unpleasant
                items.setdefault(text[cause.split("_")[0]], set()).add(emotion)
    found = [(f[0], "joy" in felt) for line, felt in items.items() if len(felt) == 1 and (f := _common(line))]
    right = np.array([float(_sour(f) != pleasant) for f, pleasant in found])
    always = max(np.mean([p for _, p in found]), 1 - np.mean([p for _, p in found]))
    value = interval(lambda some: float(right[some].mean()), len(right), 2)
    what = f"a told reaction is pleasant or not as what the line caused; told for {len(found) / len(items):.0%}"
    return Figure(
        "situation", what, value, f"always the commoner {always:.2f}", len(found), "ECF train, sitcom, cause lines"
    )


def speed(data: Path) -> Iterator[Figure]:
    texts = [t.text for t in comments(data / "train/goemotions", "dev")][:1000]
    read(texts[:50])
    begin = time.process_time()
    read(texts)
    rate = len(texts) / (time.process_time() - begin)
    yield Figure(
        "words",
        "comments a second, one core (CPU time)",
        f"{rate:.0f}",
        "float network in torch, two cores 63",
        len(texts),
        "GoEmotions dev",
    )


def figures(data: Path, whole: Path | None = None) -> Iterator[Figure]:
    """All rows of the words and situation senses."""
    yield from feelings(data, whole)
    for part in (transfer, valence, strength, situation, speed):
        yield from part(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--float", type=Path, dest="whole")
    for f in figures(Path(os.environ["CUECHAIN_DATA"]), parser.parse_args().whole):
        print(f"| {f.sense} | {f.what} | {f.value} | {f.baseline} | {f.n} | {f.data} |", flush=True)


if __name__ == "__main__":
    main()
