"""Training examples: a sheet, a question and what is right about it, from written sheets and from text corpora."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import meaning
from cuechain.agents.textualize import letter
from cuechain.agents.values import Cue, CueSheet, Gap, Relation, Sentiment, Span

ASKING = (
    "How does this person feel, and why?",
    "How does P1 feel?",
    "What does P1 feel and what shows it?",
    "What is the speaker's emotion?",
    "why does he feel that way?",
    "What is going on with her?",
    "Explain the emotion of P1.",
    "",
)
"""Questions that give nothing away."""


class Example(BaseModel):
    """One sheet with its targets; None where nobody judged."""

    model_config = ConfigDict(extra="forbid")

    id: str
    """Unique in its file."""
    author: str
    """Whose work: a corpus, or the author of written sheets. What is held out is held out by author."""
    sheet: CueSheet
    """What was perceived."""
    question: str
    """What is asked."""
    person: str | None
    """Whom it is about."""
    emotion: str | None = None
    """The best label."""
    also: tuple[str, ...] = ()
    """Labels that are right as well."""
    sentiment: Sentiment | None = None
    """Overall polarity."""
    relation: Relation | None = None
    """How the senses relate."""
    abstain: bool = False
    """True when no answer is possible."""
    intensity: float | None = None
    """0 to 1."""
    said: str | None = None
    """The bare text, where the sheet is made around one."""
    decisive: tuple[str, ...] | None = None
    """Ids of the cues that decide; None where nobody chose them."""
    rationale: str = ""
    """Why, in sentences that cite `[id]`; empty where nobody wrote one."""
    rejected: str = ""
    """A worse rationale, in the same form."""


def written(path: Path) -> Iterator[Example]:
    """Examples of a file of written sheets; its stem names the author.

    Raises:
        ConfigError: A line is broken; the message has its number.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _written(json.loads(line), path.stem)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise ConfigError(f"{path.name}, line {number}: {error}") from error


def _written(found: dict[str, Any], author: str) -> Example:
    cues: dict[str, Cue] = {}
    ids: list[str] = []
    for cue in found["cues"]:
        sense = cue["sense"]
        ids.append(f"{letter(sense)}{1 + sum(c.sense == sense for c in cues.values())}")
        span = Span(start=cue["span"][0], end=cue["span"][1]) if cue.get("span") else None
        cues[ids[-1]] = Cue(sense=sense, text=cue["text"], span=span, person=cue["person"], source="written@1")
    gold = found["gold"]

    def named(text: str) -> str:
        """The text with ids for positions."""
        return re.sub(r"\[\d[\d, ]*\]", lambda cite: re.sub(r"\d+", lambda n: ids[int(n[0])], cite[0]), text)

    return Example(
        id=found["id"],
        author=author,
        sheet=CueSheet(cues=cues, gaps=tuple(Gap(**{k: g[k] for k in ("sense", "reason")}) for g in found["gaps"])),
        question=found["question"],
        person=gold["person"],
        emotion=gold["emotion"],
        also=tuple(gold["also_ok"]),
        sentiment=gold["sentiment"],
        relation=gold["relation"],
        abstain=gold["abstain"],
        decisive=tuple(ids[i] for i in gold["decisive_cues"]),
        rationale=named(found["rationale"]),
        rejected=named(found["rejected"]),
    )


_SAYING = (
    'the speaker says "{}"',
    "says: {}",
    'says: "{}"',
    'the text reads "{}"',
    'the words are "{}"',
    "{}",
    'transcript "{}"',
)


def text_sheet(text: str, chance: random.Random) -> CueSheet:
    """A sheet that holds one text and nothing else, worded as one of several tools would."""
    person = chance.choice(("P1", "P1", None))
    saying = chance.choice(_SAYING).format(text)
    cue = Cue(sense="transcript", text=saying, person=person, source="corpus@1")
    gaps = tuple(Gap(sense=s, reason="text only") for s in ("face", "voice")) if chance.random() < 0.3 else ()
    return CueSheet(cues={"T1": cue}, gaps=gaps)


def goemotions(folder: Path, part: str, chance: random.Random) -> Iterator[Example]:
    """Reddit comments with one to five of 28 labels (Demszky et al. 2020, CC BY 4.0)."""
    names = (folder / "labels.txt").read_text().split()
    with gzip.open(folder / f"{part}.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            text, labels, key = line.rstrip("\n").split("\t")
            chosen = [names[int(i)] for i in labels.split(",")]
            yield _text_example(f"go-{key}", "goemotions", text, chosen, chance)


def brighter(folder: Path, part: str, chance: random.Random) -> Iterator[Example]:
    """English texts with intensities 0 to 3 of five emotions (BRIGHTER, track b, CC BY 4.0)."""
    for found in csv.DictReader(io.StringIO((folder / f"track_b_{part}_eng.csv").read_text(encoding="utf-8"))):
        scores = {
            k.lower(): int(v) for k, v in found.items() if k.lower() in ("anger", "fear", "joy", "sadness", "surprise")
        }
        best = max(scores.values())
        chosen = [k for k, v in scores.items() if v == best] if best else ["neutral"]
        text = found["text"].replace("\\n", " ")
        example = _text_example(f"br-{found['id']}", "brighter", text, chosen, chance)
        yield example.model_copy(update={"intensity": best / 3})


_REPORTED = {
    "Angry": "anger", "Curious to dive deeper": "neutral", "Disgusted": "disgust", "Fearful": "fear", "Happy": "joy", "Neutral": "neutral",
    "Sad": "sadness", "Surprised": "surprise",
}  # fmt: skip


def chats(folder: Path, chance: random.Random) -> Iterator[Example]:
    """Turns of chats about topics, each with what its writer said to feel (Topical-Chat, Gopalakrishnan et al. 2019, CDLA-Sharing 1.0).

    Two of three are neutral or curious, as in other talk; comments that were chosen because they show a feeling teach the opposite.
    """
    for path in sorted(folder.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        for key, chat in found.items():
            for number, turn in enumerate(chat["content"], 1):
                label = _REPORTED.get(turn["sentiment"])
                if label is not None and turn["message"].strip():
                    yield _text_example(f"{key}-{number}", "topical", turn["message"].strip(), [label], chance)


def _text_example(key: str, author: str, text: str, labels: Iterable[str], chance: random.Random) -> Example:
    chosen = list(labels)
    sheet = text_sheet(text, chance)
    valence = [meaning(label)[1] for label in chosen]
    sentiment: Sentiment = "neutral"
    if min(valence) < -0.25:
        sentiment = "mixed" if max(valence) > 0.25 else "negative"
    elif max(valence) > 0.25:
        sentiment = "positive"
    return Example(
        id=key,
        author=author,
        said=text,
        sheet=sheet,
        question=chance.choice(ASKING),
        person="P1" if sheet.people else None,
        emotion=chosen[0],
        also=tuple(chosen[1:]),
        sentiment=sentiment,
        relation="single",
    )


def read_examples(path: Path) -> list[Example]:
    """Examples of a JSON-lines file.

    Raises:
        ConfigError: The file is not there.
    """
    try:
        return [Example.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", "run `cuechain finetune data` first") from error


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write a JSON-lines file; how many lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for example in examples:
            out.write(example.model_dump_json(exclude_defaults=True) + "\n")
            count += 1
    return count
