"""Pairs that a language model helps to make, whatever its spec string.

`unsupported` finishes sentences of the good answer without seeing most cues: BDHS (Amirloo et al. 2024, arXiv:2407.02477) hides most
image tokens and lets the model complete each sentence of the good answer from a random point on; here cue lines are hidden or swapped.
`lost` is the worst of several answers of the model itself, ordered by the rewards; the best one is chosen where it is as good as the
written one.
"""

from __future__ import annotations

import base64
import mimetypes
import random
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from pydantic import Field

from cuechain import prompts
from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError, ModelError, ReplyError
from cuechain.agents.llm.reply import ask
from cuechain.agents.settings import Settings
from cuechain.agents.values import Answer, Claim, CueSheet, Emotion
from cuechain.finetune.config import Config
from cuechain.finetune.judged import is_answer
from cuechain.finetune.rows import Message, Row
from cuechain.finetune.targets import named_in
from cuechain.finetune.tuning.flaws import FLAWS, judged, question_of
from cuechain.finetune.tuning.pairs import Maker, paired
from cuechain.finetune.tuning.rewards import WEIGHTS, combined

HIDDEN = 0.8
"""Share of cue lines that are hidden; the others carry the text of another cue. BDHS hides 0.99 of some thousand image tokens: of
six lines that would be all of them, and a model that sees none abstains instead of inventing."""
SAME = 0.9
"""Overlap of words from which two replies count as the same. BDHS takes a cosine of 0.97 between sentence embeddings; one word that
turns a claim round ("rises", "falls") hardly moves such an embedding, and its overlap needs no encoder."""
TRIES = 5
"""As often as BDHS draws anew."""
SENTENCE = 96
"""Tokens that the rest of a sentence may take."""
MARGIN = 0.1
"""Least difference in reward between the best and the worst of a model's answers."""
GIVE_UP = 5
"""Failures of a model in a row after which it is not asked again."""


class PairsConfig(Config):
    """Which bad answers are made for rows that have none."""

    flaws: dict[str, float]
    """Name to the share of rows that get it: wrong_cite, blind, claimed, abstained; unsupported and lost need `model`."""
    rows: Path | None = None
    """Rows with good answers that pairs are made of; None for those of the data that are no pairs."""
    model: str | None = None
    """Spec string of the chat model that `unsupported` and `lost` ask."""
    temperature: float = Field(default=0.8, gt=0, le=2)
    """At which it is asked: at 0 all its answers would be the same."""
    samples: int = Field(default=4, ge=2)
    """Answers that `lost` draws for a row."""


def makers(config: PairsConfig) -> dict[str, Maker]:
    """What makes the flaws that need a model; images of rows have whole paths.

    Args:
        config: Which flaws, and the model.

    Raises:
        ConfigError: An unknown flaw, no model where one is needed, or one that answers no messages.
        ModelError: The model does not load.
    """
    known = (*FLAWS, "unsupported", "lost")
    for name, share in config.flaws.items():
        if name not in known:
            raise ConfigError(f"unknown flaw '{name}'", f"known: {', '.join(known)}")
        if not 0 < share <= 1:
            raise ConfigError(f"the share of '{name}' is {share}", "a number above 0, up to 1")
    wanted = [name for name in config.flaws if name not in FLAWS]
    if not wanted:
        return {}
    if config.model is None:
        raise ConfigError(f"'{wanted[0]}' needs a model", "set `model` under `pairs` to a spec string, or leave it out")
    made: dict[str, Maker] = {}
    for name in wanted:
        most = SENTENCE if name == "unsupported" else None
        held = settings.load(model=config.model, temperature=config.temperature, look=True, max_tokens=most)
        model = llm.load(config.model, held)
        if model.chat is None:
            raise ConfigError(
                f"{config.model} is a planner, and answers no messages", "take a chat model: hf:, openai: …"
            )
        made[name] = _guarded(name, config, model, held)
    return made


def _guarded(name: str, config: PairsConfig, model: llm.Model, held: Settings) -> Maker:
    """Makes one flaw; lets a row go where the model fails, and ends where it always fails."""
    failed = 0

    def make(row: Row, chance: random.Random) -> Row | None:
        nonlocal failed
        try:
            made = (
                unsupported(row, model, held, chance)
                if name == "unsupported"
                else lost(row, model, held, config.samples)
            )
        except (ModelError, ReplyError):
            failed += 1
            if failed >= GIVE_UP:
                raise
            return None
        failed = 0
        return made

    return make


def dimmed(sheet: CueSheet, chance: random.Random) -> CueSheet:
    """The sheet with most cue lines hidden, and the rest swapped: each carries what another cue says."""
    cues = list(sheet.cues.values())
    kept = {}
    for id, cue in sheet.cues.items():
        others = [c for c in cues if c is not cue]
        if others and chance.random() >= HIDDEN:
            kept[id] = cue.model_copy(update={"text": chance.choice(others).text})
    return sheet.model_copy(update={"cues": kept})


def unsupported(row: Row, model: llm.Model, held: Settings, chance: random.Random) -> Row | None:
    """The good answer with its sentences finished by a model that sees hardly a cue; None where it comes out the same each time."""
    good = judged(row)
    row = good.plain if good else row
    sheet, question = row.perceived, question_of(row)
    for _ in range(TRIES):
        seen = dimmed(sheet, chance)
        if good is not None:
            lines = [c.text or "" for c in good.answer.claims]
            claims = [
                c.model_copy(update={"text": t})
                for c, t in zip(good.answer.claims, _finished(lines, seen, question, model, held, chance), strict=True)
            ]
            worse = _named(good.answer, claims, good.labels).model_dump_json()
        else:
            pieces = re.split(r"(?<=[.!?])(\s+)|(\n+)", row.completion[0].content)
            lines = [p for p in pieces if p and p.strip()]
            worse = "\n".join(_finished(lines, seen, question, model, held, chance))
        pair = paired(row, worse, "unsupported")
        if pair and alike(worse, row.completion[0].content) <= SAME:
            return pair
    return None


def alike(one: str, other: str) -> float:
    """Overlap of the words of two texts in their order, 0 to 1."""
    return SequenceMatcher(None, one.lower().split(), other.lower().split(), autojunk=False).ratio()


def _finished(
    lines: Sequence[str], sheet: CueSheet, question: str, model: llm.Model, held: Settings, chance: random.Random
) -> list[str]:
    """Each sentence cut at a random point and finished by the model, which is given the true sentences before it."""
    done: list[str] = []
    for number, line in enumerate(lines):
        words = line.split()
        if len(words) < 3:
            done.append(line)
            continue
        cut = chance.randint(1, len(words) - 2)
        begun = " ".join([*lines[:number], *words[:cut]])
        rest = max(3, len(words) - cut)
        text = prompts.render("pairs/finish", sheet=sheet, question=question, begun=begun, words=rest)
        said = ask(model, _messages([Message(role="user", content=text)], ()), settings=held).text
        done.append(flipped(" ".join([*words[:cut], *_rest(said, begun, " ".join(words[:cut]), rest)]), chance))
    return done


def _rest(said: str, begun: str, start: str, words: int) -> list[str]:
    """What the model wrote up to its first full stop, without the beginning that many repeat; cut where it finds no end."""
    text = " ".join(said.replace('"', " ").split())
    for again in (" ".join(begun.replace('"', " ").split()), " ".join(start.replace('"', " ").split())):
        if text.lower().startswith(again.lower()):
            text = text[len(again) :]
    found = re.match(r".*?[.!?](?=\s|$)", text)
    kept = found.group().split()[: 2 * words + 3] if found else text.split()[:words]
    return kept if not kept or kept[-1][-1] in ".!?" else [*kept[:-1], f"{kept[-1].rstrip(',;:')}."]


def flipped(text: str, chance: random.Random) -> str:
    """A leading yes becomes a no and the other way round, half of the times."""
    found = re.match(r"(yes|no)\b", text, re.I)
    if not found or chance.random() < 0.5:
        return text
    other = "no" if found.group().lower() == "yes" else "yes"
    return (other.capitalize() if found.group()[0].isupper() else other) + text[found.end() :]


def _named(answer: Answer, claims: Sequence[Claim], labels: Sequence[str]) -> Answer:
    """The answer with other sentences, and with the label that its first sentence names now."""
    update: dict[str, Any] = {"claims": tuple(claims)}
    label = named_in(claims[0].text or "", labels) if claims else None
    if answer.emotion is not None and label not in (None, answer.emotion.label):
        emotion = Emotion(label=label, intensity=answer.emotion.intensity, confidence=answer.emotion.confidence)
        update["emotion"] = emotion
        if hasattr(answer, "emotions"):
            update["emotions"] = (emotion,)
    return answer.model_copy(update=update)


def lost(
    row: Row, model: llm.Model, held: Settings, samples: int, weights: Mapping[str, float] = WEIGHTS
) -> Row | None:
    """The best against the worst of a model's own answers to a row; None where they are about equally good, or too unlike in length."""
    if not is_answer(row):
        return None
    messages = _messages(row.prompt, [Path(i) for i in row.images])
    said = dict.fromkeys(ask(model, messages, settings=held).text.strip() for _ in range(samples))

    def worth(reply: str) -> float:
        return combined(reply, sheet=row.sheet, gold=row.gold, task=row.task, weights=weights)

    written = row.completion[0].content
    ranked = sorted(((worth(reply), reply) for reply in said), reverse=True)
    best = ranked[0] if ranked[0][0] >= worth(written) else (worth(written), written)
    chosen = row.model_copy(update={"completion": (Message(role="assistant", content=best[1]),)})
    for score, reply in reversed(ranked):
        if best[0] - score >= MARGIN and (pair := paired(chosen, reply, "lost")):
            return pair
    return None


def _messages(turns: Sequence[Message], images: Sequence[Path]) -> list[Any]:
    """Turns as LangChain's messages; the first user turn shows the images."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    shown: list[Any] = [{"type": "image_url", "image_url": {"url": _url(p)}} for p in images]
    made: list[Any] = []
    for turn in turns:
        content: Any = turn.content
        if turn.role == "user" and shown:
            content, shown = [*shown, {"type": "text", "text": turn.content}], []
        made.append(kinds[turn.role](content))
    return made


def _url(path: Path) -> str:
    try:
        return f"data:{mimetypes.guess_type(path)[0] or 'image/jpeg'};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError as error:
        raise ConfigError(f"cannot read the image {path}: {error.strerror}") from error
