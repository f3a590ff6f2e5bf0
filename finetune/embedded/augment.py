"""The same sheet seen differently: what must not be memorised changes, what decides stays.

Lines are dropped and shuffled, told as another detector would, joined by some that tell nothing, questions replaced, a stranger's sheet
is mixed in as another person's, and now and then everything that speaks of the person goes: then the only right answer is none.
"""

from __future__ import annotations

import random

from cuechain.agents.llm.serialise import SETTING, asked, role
from cuechain.agents.values import CLASHES, Cue, CueSheet, Gap
from cuechain.finetune.embedded.examples import ASKING, Example
from cuechain.finetune.embedded.lines import Lines


def augmented(
    example: Example, chance: random.Random, other: Example | None = None, lines: Lines | None = None
) -> Example:
    """A variant of an example.

    Args:
        example: A written or generated sheet.
        chance: Source of all choices.
        other: A sheet whose persons may be mixed in.
        lines: Wordings of other detectors that may be mixed in.
    """
    if chance.random() < 0.4:
        example = example.model_copy(update={"question": chance.choice(ASKING)})
    person = asked(example.sheet, example.person)
    draw = chance.random()
    if draw < 0.07 and person is not None:
        example = _silenced(example, person)
    elif draw < 0.9:
        example = _thinned(example, chance)
    if lines is not None and person is not None:
        example = _told_otherwise(example, person, lines, chance)
    if other is not None and person is not None and chance.random() < 0.25:
        example = _joined(example, person, other, chance)
    if chance.random() < 0.3:
        keys = list(example.sheet.cues)
        chance.shuffle(keys)
        example = _with(example, {key: example.sheet.cues[key] for key in keys})
    return example


def _with(example: Example, cues: dict[str, Cue], gaps: tuple[Gap, ...] = ()) -> Example:
    decisive = None if example.decisive is None else tuple(key for key in example.decisive if key in cues)
    sheet = CueSheet(cues=cues, gaps=(*example.sheet.gaps, *gaps))
    return example.model_copy(update={"sheet": sheet, "decisive": decisive, "person": example.person})


def _thinned(example: Example, chance: random.Random) -> Example:
    """Without some lines that decide nothing, now and then without a whole sense."""
    decisive = set(example.decisive or ())
    cues = {k: c for k, c in example.sheet.cues.items() if k in decisive or chance.random() > 0.2}
    if len(decisive) > 2 and chance.random() < 0.2:
        cues.pop(chance.choice(sorted(decisive)))
    example = _with(example, cues) if cues else example
    senses = sorted({c.sense for c in example.sheet.cues.values()} - SETTING)
    if len(senses) > 1 and chance.random() < 0.12 and not example.abstain:
        gone = chance.choice(senses)
        left = {k: c for k, c in example.sheet.cues.items() if c.sense != gone}
        conflict = example.relation in CLASHES
        if decisive & set(left) and not (conflict and len(decisive & set(left)) < 2):
            example = _with(example, left, (Gap(sense=gone, reason="not perceived"),))
            if conflict:  # what conflicted may be gone
                example = example.model_copy(update={"relation": None})
    return example


def _told_otherwise(example: Example, person: str, lines: Lines, chance: random.Random) -> Example:
    """With a deciding face or voice in another detector's words, and with lines that tell nothing."""
    cues = dict(example.sheet.cues)
    if example.relation == "agree" and example.emotion is not None and not example.also and chance.random() < 0.3:
        decisive = [k for k in example.decisive or () if k in cues and role(cues[k], person) == "self"]
        for key in decisive:  # senses that agree show what is felt
            line = lines.pick(cues[key].sense, example.emotion, chance)
            if line is not None and chance.random() < 0.6:
                cues[key] = cues[key].model_copy(update={"text": line.text})
    if chance.random() < 0.2:
        for number in range(chance.randint(1, 3)):
            line = lines.pick(chance.choice(("face", "voice")), "nothing", chance)
            if line is not None:
                cues[f"n{number}"] = line.cue(person)
    return _with(example, cues)


def _silenced(example: Example, person: str) -> Example:
    """With nothing left that speaks of the person."""
    cues = {k: c for k, c in example.sheet.cues.items() if role(c, person) in ("other", "setting")}
    blank = {"emotion": None, "also": (), "sentiment": None, "relation": None, "decisive": (), "abstain": True}
    return _with(example, cues).model_copy(update={**blank, "person": person, "intensity": None})


def _joined(example: Example, person: str, other: Example, chance: random.Random) -> Example:
    """With another sheet's people in the same room."""
    taken = {*example.sheet.people, person}
    number = 1 + max((int(p[1:]) for p in taken if p[1:].isdigit()), default=1)
    names = {p: f"P{number + i}" for i, p in enumerate(other.sheet.people)}
    cues = dict(example.sheet.cues)
    for key, cue in other.sheet.cues.items():
        if cue.person is not None:
            cues[f"o{key}"] = cue.model_copy(update={"person": names[cue.person], "text": _renamed(cue.text, names)})
    if chance.random() < 0.7:  # turns alternate
        keys = list(cues)
        mixed = sorted(keys, key=lambda k: (keys.index(k) % max(1, len(example.sheet.cues)), k.startswith("o")))
        cues = {key: cues[key] for key in mixed}
    return _with(example, cues).model_copy(update={"person": person})


def _renamed(text: str, names: dict[str, str]) -> str:
    for old, new in sorted(names.items(), reverse=True):
        text = text.replace(old, new)
    return text
