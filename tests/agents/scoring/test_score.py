"""A run folder against what people said: counts, figures, protocols and baselines."""

import json

import pytest

from cuechain.agents import settings
from cuechain.agents.datasets import Fault
from cuechain.agents.errors import RunError
from cuechain.agents.runs import Run, batch
from cuechain.agents.scoring.report import as_markdown, picture
from cuechain.agents.scoring.score import scored
from cuechain.agents.values import Sample, Target

LINES = (
    ("I am so happy, this is wonderful!", "joy"),
    ("What a great day, I love it!", "joy"),
    ("I miss her and I cannot stop crying.", "sadness"),
    ("I am so sad and lonely.", "sadness"),
    ("How dare you, I am furious!", "anger"),
    ("I hate you, you make me so angry!", "joy"),  # whoever judged this one heard it otherwise
)
LABELS = ("joy", "sadness", "anger")


def sample(number, text, label, **more):
    return Sample(
        id=f"s{number}", group=f"g{number}", text=text, target=Target(labels=(label,) if label else None), **more
    )


ITEMS = [sample(n, text, label) for n, (text, label) in enumerate(LINES)]


def made(task="emotion", labels=LABELS, **more):
    return {"task": task, "labels": labels, "dataset": "table:lines.csv", "split": "test", **more}


def run_of(folder, items=ITEMS, model="rules", **more):
    list(batch(items, made(**more), settings.load(model=model, cache=None, retries=0), folder))
    return Run(folder)


def value(report, name):
    return next(f for f in report.figures if f.name == name).value


def test_figures_are_those_of_the_confusion_matrix(tmp_path):
    report = scored(run_of(tmp_path / "run"))
    assert report.n == report.expected == 6 and report.states == {"answered": 6}
    assert value(report, "accuracy") == pytest.approx(5 / 6)
    # joy: 2 of 3 found, nothing else taken for it; anger: both, one of them wrongly
    assert value(report, "macro F1") == pytest.approx((0.8 + 1.0 + 2 / 3) / 3)
    assert value(report, "weighted F1") == pytest.approx((3 * 0.8 + 2 * 1.0 + 1 * 2 / 3) / 6)
    assert report.confusion.table == ((2, 0, 1, 0), (0, 2, 0, 0), (0, 0, 1, 0))
    low, high = next((f.low, f.high) for f in report.figures if f.name == "accuracy")
    assert low < 5 / 6 < high
    assert "only 6 items" in report.notes


def test_baselines_stand_beside_the_figures_on_the_same_items(tmp_path):
    report = scored(run_of(tmp_path / "run"))
    assert list(report.baselines) == [
        "majority label",
        "words alone (rules)",
        "vote of 5 neighbours",
        "boosted trees on measures",
    ]
    assert all(f.n == 6 for column in report.baselines.values() for f in column)
    words = {f.name: f.value for f in report.baselines["words alone (rules)"]}
    assert words["accuracy"] == pytest.approx(5 / 6)  # texts have nothing else
    assert not scored(run_of(tmp_path / "run"), with_baselines=False).baselines


def test_what_was_not_answered_counts_as_wrong_and_is_told(tmp_path):
    path = tmp_path / "replies.jsonl"
    answer = {
        "abstain": False,
        "claims": [{"text": "The words say so.", "cites": ["T1"], "stance": "supports", "points": None}],
    }
    slots = {"person": None, "span": None, "sentiment": None, "relation": None}

    def reply(label):
        emotion = {"label": label, "intensity": 0.5, "confidence": 0.9}
        return json.dumps({**slots, **answer, "emotion": emotion, "emotions": [emotion]})

    nothing = json.dumps(
        {**slots, "abstain": True, "claims": [{**answer["claims"][0], "cites": []}], "emotion": None, "emotions": []}
    )
    replies = [
        reply("joy"),
        nothing,
        "no",
        "no",
        reply("elation"),
        reply("elation"),
        {"error": "the server is away"},
        reply("joy"),
    ]
    path.write_text("\n".join(json.dumps(r) for r in replies))
    own = settings.load(model=f"scripted:{path}", cache=None, retries=0, direct=True)
    list(batch(ITEMS, made(), own, tmp_path / "run"))
    report = scored(Run(tmp_path / "run"))
    assert report.states == {"answered": 3, "abstained": 1, "unreadable": 1, "failed": 1}
    assert report.outside == 1
    assert value(report, "accuracy") == pytest.approx(2 / 6)
    assert "an item without an answer counts as wrong" in report.notes
    assert sum(row[-1] for row in report.confusion.table) == 4


def test_a_run_that_is_not_finished_says_so(tmp_path):
    steps = batch(ITEMS, made(), settings.load(model="rules", cache=None), tmp_path / "run")
    next(steps), next(steps)
    steps.close()
    report = scored(Run(tmp_path / "run"))
    assert report.n == 2 and report.expected is None
    assert any("not finished" in note for note in report.notes)
    whole = scored(run_of(tmp_path / "run"))
    assert whole.n == whole.expected == 6


def test_faults_and_unjudged_items_are_counted_apart(tmp_path):
    items = [
        *ITEMS,
        sample(6, "Fine.", None),
        Fault("s7", "missing", "s7.mp4 is not there"),
        sample(8, "Ok.", "boredom"),
    ]
    report = scored(run_of(tmp_path / "run", items))
    assert report.faults == {"missing": 1} and report.unjudged == 1 and report.n == 7
    assert any("boredom" in note for note in report.notes)
    assert sum(map(sum, report.confusion.table)) == 6


def test_capitals_of_peoples_labels_do_not_matter(tmp_path):
    items = [i.model_copy(update={"target": Target(labels=(i.target.labels[0].upper(),))}) for i in ITEMS]
    run = run_of(tmp_path / "run", items)
    assert {c.sample.target.labels for c in run.cases()} == {i.target.labels for i in ITEMS}
    report = scored(run)
    assert value(report, "accuracy") == pytest.approx(5 / 6) and not any("not in the set" in n for n in report.notes)


def test_several_labels_and_numbers(tmp_path):
    items = [
        i.model_copy(
            update={"target": Target(labels=i.target.labels + (("anger",) if n == 5 else ()), scores={"joy": 0.9})}
        )
        for n, i in enumerate(ITEMS)
    ]
    report = scored(run_of(tmp_path / "run", items))
    assert {"macro F1", "micro F1", "Jaccard of items", "exactly right"} <= {f.name for f in report.figures}
    assert any(f.name.startswith("joy, r") or "joy" in f.name for f in report.figures)
    assert not report.baselines and report.confusion is None


def test_raters_are_compared_with_each_other(tmp_path):
    votes = [
        ("joy", "joy"),
        ("joy", "sadness"),
        ("sadness", "sadness"),
        ("sadness", "sadness"),
        ("anger", "anger"),
        ("joy", "joy"),
    ]
    items = [
        i.model_copy(update={"target": i.target.model_copy(update={"raters": {"a": (one,), "b": (two,)}})})
        for i, (one, two) in zip(ITEMS, votes, strict=True)
    ]
    told = scored(run_of(tmp_path / "run", items), with_baselines=False)
    # Observed agreement 5/6; by chance (3/6 · 2/6 + 2/6 · 3/6 + 1/6 · 1/6)
    chance = (3 * 2 + 2 * 3 + 1 * 1) / 36
    assert told.agreement["Cohen's kappa"] == pytest.approx((5 / 6 - chance) / (1 - chance))
    assert {"Krippendorff's alpha", "Fleiss' kappa"} <= set(told.agreement)
    assert "people among themselves: items with several raters 6" in as_markdown(told)
    assert not scored(run_of(tmp_path / "plain"), with_baselines=False).agreement


def test_open_words_are_compared_on_a_wheel(tmp_path):
    items = [
        i.model_copy(update={"target": Target(labels=("delighted" if i.target.labels == ("joy",) else "gloomy",))})
        for i in ITEMS
    ]
    report = scored(run_of(tmp_path / "run", items, labels=("open",)))
    assert report.figures[0].name.startswith("F (mean") and 0 < report.figures[0].value <= 1
    assert any("Plutchik" in note for note in report.notes)


def test_the_report_as_markdown_and_picture(tmp_path):
    report = scored(run_of(tmp_path / "run"))
    text = as_markdown(report)
    assert "| weighted F1 (%) | 6 | " in text and "| **sadness** | 0 | 2 | 0 | 0 |" in text
    picture(report, tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(RunError, match="cannot be written"):
        picture(report, tmp_path / "nowhere" / "confusion.png")


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_what_is_no_run_folder_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RunError):
        scored(Run(tmp_path))


def test_a_run_without_judged_items_is_told(tmp_path):
    with pytest.raises(RunError, match="no item that people judged"):
        scored(run_of(tmp_path / "run", [sample(0, "Fine.", None)]))
    with pytest.raises(RunError, match="no right answers"):
        scored(run_of(tmp_path / "ask", ITEMS[:1], task="ask", labels=()))
