"""ECF (Wang et al. 2023) and ECF 2.0 (SemEval-2024 Task 3, Wang et al. 2024): emotion–cause pairs in conversations of Friends.

A conversation is one item. ECF 1.0 is a text with a block for each conversation; SemEval's are JSON, with the words that name the cause
(Subtask 1) or with turns alone and the names of their clips (Subtask 2). Times are those of the episode, so turns have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import seconds_of
from cuechain.agents.datasets.clips import Clips
from cuechain.agents.datasets.files import find, json_of, lines_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import CausePair, Sample, Target, Turn

EMOTIONS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")

PLACES = ("video_with_audio", "videos", "train", "dev", "test", "train_1", "train_2", "train_3", "test_video")
"""Folders that the clips are published in, as `dia1utt1.mp4`."""

_HEAD = re.compile(r"(\d+) (\d+)")
_PAIR = re.compile(r"\((\d+),\s*(\d+)\)")
_TIME = re.compile(r"([\d:.,]+)\s*-\s*([\d:.,]+)\s*$")


class Conversation:
    """The turns and pairs of one conversation, and what is wrong with them."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.turns: list[Turn] = []
        self.emotions: list[str] = []
        self.pairs: list[CausePair] = []
        self.faults: list[Fault] = []
        self.whole = True
        """Whether its turns can be counted, so that pairs point to the right ones."""

    def wrong(self, reason: str, detail: str) -> None:
        """One thing that is wrong."""
        self.faults.append(Fault(self.id, reason, detail))

    def say(self, number: object, turn: Turn, emotion: str) -> None:
        """One more turn."""
        self.turns.append(turn)
        self.emotions.append(emotion.strip().lower())
        place = len(self.turns)
        if str(number) != str(place):
            self.whole = False
            self.wrong("misaligned", f"its turn {place} has the number {number}")
        if self.emotions[-1] not in EMOTIONS:
            self.wrong("label_outside", f"turn {place}: '{emotion}' is none of {', '.join(EMOTIONS)}")
        if not turn.text and turn.file is None:
            self.wrong("empty", f"turn {place} has no words")

    def cause(self, turn: str, emotion: str, cause: str, span: str = "") -> None:
        """One more pair; one that points to no turn or names no emotion of the set is told and left out."""
        pair = f"({turn}, {emotion}, {cause})"
        numbers = [int(n) for n in (turn, cause) if n.isdigit() and 1 <= int(n) <= len(self.turns)]
        if len(numbers) < 2:
            self.wrong("misaligned", f"the pair {pair} points to a turn that is not there")
        elif emotion not in EMOTIONS:
            self.wrong("label_outside", f"the pair {pair} has an emotion outside the set")
        else:
            if self.emotions[numbers[0] - 1] != emotion:
                self.wrong("misaligned", f"the pair {pair}: turn {turn} is {self.emotions[numbers[0] - 1]}")
            if span not in self.turns[numbers[1] - 1].text:
                self.wrong("misaligned", f"the pair {pair}: turn {cause} does not have the words '{span}'")
            made = CausePair(turn=numbers[0], emotion=emotion, cause=numbers[1], span=span)
            if made in self.pairs:
                self.wrong("duplicate", f"the pair {pair} '{span}' stands more than once")
            else:
                self.pairs.append(made)

    def told(self) -> Iterator[Sample | Fault]:
        """Its faults, and the item where its turns can be counted."""
        yield from self.faults
        if self.turns and self.whole:
            yield Sample(id=self.id, group=self.id, turns=tuple(self.turns), target=Target(pairs=tuple(self.pairs)))


def read_text(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """ECF 1.0: a line with the conversation's number and length, a line of pairs, and a line for each turn.

    Raises:
        ConfigError: No such file, or it has no blocks.
    """
    path = find(folder, f"{split}.txt", f"ECF_{split}.txt", f"*{split}.txt")
    lines = lines_of(path)
    clips = Clips(folder, *PLACES)
    place = 0
    if lines and not _HEAD.fullmatch(lines[0].strip()):
        raise ConfigError(f"{path} is not ECF's", "its blocks begin with the number and the length of a conversation")
    while place < len(lines):
        head = _HEAD.fullmatch(lines[place].strip())
        if head is None:
            if lines[place].strip():
                yield Fault(f"{path.name}:{place + 1}", "broken", "a line that belongs to no conversation")
            place += 1
            continue
        one = Conversation(f"dia{head[1]}")
        listed = lines[place + 1] if place + 1 < len(lines) else ""
        place += 2
        for _ in range(int(head[2])):
            cells = [cell.strip() for cell in lines[place].split(" | ")] if place < len(lines) else []
            if len(cells) < 4:
                one.whole = False
                one.wrong("broken", f"{head[2]} turns are announced, {len(one.turns)} are there")
                break
            text = " | ".join(cells[3:-1]) if len(cells) > 4 else cells[3]
            file, faults = clips.find(one.id, f"{one.id}utt{cells[0]}.mp4", _seconds(cells[-1]))
            one.faults += faults
            one.say(cells[0], Turn(speaker=cells[1], text=text, file=file), cells[2])
            place += 1
        for turn, cause in _PAIR.findall(listed):
            emotion = one.emotions[int(turn) - 1] if 1 <= int(turn) <= len(one.emotions) else ""
            one.cause(turn, emotion, cause)
        yield from one.told()


def _seconds(cell: str) -> float | None:
    """Length of the stretch at the end of `Friends_S1E4: 00:00:03.420 - 00:00:04.382`."""
    times = _TIME.search(cell)
    start, end = (seconds_of(times[1]), seconds_of(times[2])) if times else (None, None)
    return end - start if start is not None and end is not None and end > start else None


def read_one(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """ECF 2.0 with spans."""
    yield from _json(folder, f"Subtask_1_{split}.json")


def read_two(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """ECF 2.0 with turns alone, and their clips."""
    yield from _json(folder, f"Subtask_2_{split}.json")


def _json(folder: Path, name: str) -> Iterator[Sample | Fault]:
    """Conversations of one of SemEval's files.

    Raises:
        ConfigError: No such file, or it holds something else.
    """
    path = find(folder, name)
    found: Any = json_of(path)
    if not isinstance(found, list):
        raise ConfigError(f"{path} is not SemEval-2024 Task 3's", "it is a list of conversations")
    clips = Clips(folder, *PLACES)
    for place, item in enumerate(found, 1):
        if not _published(item):
            yield Fault(
                f"{path.name} {place}", "broken", "a conversation without id, turns or pairs of the published form"
            )
            continue
        one = Conversation(f"dia{item['conversation_ID']}")
        for turn in item["conversation"]:
            video = turn.get("video_name")
            file, faults = clips.find(one.id, str(video)) if video else (None, [])
            one.faults += faults
            words = Turn(speaker=str(turn.get("speaker", "")), text=str(turn.get("text", "")).strip(), file=file)
            one.say(turn.get("utterance_ID"), words, str(turn.get("emotion", "")))
        for left, right in item.get("emotion-cause_pairs", ()):
            turn, _, emotion = str(left).partition("_")
            cause, _, span = str(right).partition("_")
            one.cause(turn, emotion, cause, span.strip())
        if "emotion-cause_pairs" in item:
            yield from one.told()
        else:
            yield Fault(one.id, "no_label", "it has no pairs, not even none")


def _published(item: Any) -> bool:
    if not isinstance(item, dict) or "conversation_ID" not in item:
        return False
    turns, pairs = item.get("conversation"), item.get("emotion-cause_pairs", [])
    good = isinstance(turns, list) and turns and all(isinstance(turn, dict) for turn in turns)
    return bool(good) and isinstance(pairs, list) and all(isinstance(p, list) and len(p) == 2 for p in pairs)


ECF = Dataset(
    "ecf",
    "ECF 1.0, emotion–cause pairs in Friends (Wang et al. 2023)",
    ("cause",),
    ("test", "dev", "train"),
    read_text,
    labels="ecf",
    protocol="ecf",
)
SPANS = Dataset(
    "ecf2-spans",
    "ECF 2.0, SemEval-2024 Task 3 Subtask 1: pairs with the words of the cause (Wang et al. 2024)",
    ("cause",),
    ("test", "train"),
    read_one,
    labels="ecf",
    protocol="ecf",
)
TURNS = Dataset(
    "ecf2-turns",
    "ECF 2.0, SemEval-2024 Task 3 Subtask 2: pairs of turns, with clips (Wang et al. 2024)",
    ("cause",),
    ("test", "train"),
    read_two,
    labels="ecf",
    protocol="ecf",
    verified=False,
)
