"""Robustness probes: each spoils a perceived sheet in one way and leaves question and truth alone, or says why it does not apply.

A probe works on the border, where everything is text: what follows is how a model answers, not how a detector copes with noise.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.weighted import SCENE, kin, of_senses, senses_of
from cuechain.agents.perception.transcript import quoted
from cuechain.agents.scoring.explanations import cited
from cuechain.agents.scoring.injections import injected, mentioned
from cuechain.agents.scoring.misheard import READERS, assembled, misheard, reread, reworded
from cuechain.agents.scoring.spoil import Spoil, Spoiled, placed
from cuechain.agents.values import Cue, CueSheet, Gap, Span

ATTRIBUTES = (
    "a wooden table stands in the foreground",
    "the wall in the background is made of brick",
    "a row of parked cars stands along the street",
    "there is a bookshelf on the left",
    "the floor is covered with square tiles",
    "a window on the right lets in daylight",
    "the curtains are green with a striped pattern",
    "a paper cup stands on the counter",
    "the sky is overcast",
    "a bicycle leans against a fence",
    "there is a clock on the wall",
    "the ceiling lamp is switched on",
)
"""What a scene may hold whatever anybody feels."""

ALONE = "only one sense tells of the person"

HEARD = ("transcript", "words", "situation", "voice")
"""Senses whose cues are wrong together when a recogniser takes one speaker for another."""


@dataclass(frozen=True)
class Probe:
    """One way to spoil a sheet."""

    about: str
    """One line; what its level means."""
    spoil: Callable[[Spoil], Spoiled]
    """Does it."""
    level: float = 1.0
    """Where none is named."""
    most: float = 1.0
    """Largest level that means something."""


def missing(given: Spoil) -> Spoiled:
    """Each sense is gone with probability `level`, at least one, and never all that tell of persons: the scene alone is no evidence."""
    there = senses_of(given.judged)
    if len(_telling(given)) < 2:
        return Spoiled(why=ALONE)
    choices = [set(some) for n in range(1, len(there)) for some in combinations(there, n)]
    choices = [gone for gone in choices if _telling(given) - gone]
    p = given.level
    chances = [p ** len(gone) * (1 - p) ** (len(there) - len(gone)) for gone in choices]
    if not sum(chances):
        raise ConfigError(f"senses cannot be missing with probability {p:g}", "below 1, for example missing:0.5")
    return Spoiled(_without(given.sheet, given.chance.choices(choices, chances)[0]))


def most_cited(given: Spoil) -> Spoiled:
    """The sense that the answer cites most often is gone; of two as often the one that it cites first."""
    answer = given.case.answer
    leading = [kin(given.sheet.cues[i].sense) for i in cited(answer, given.sheet)] if answer else []
    if not leading:
        return Spoiled(why="the answer cites nothing")
    gone = Counter(leading).most_common(1)[0][0]
    if not _telling(given) - {gone}:
        return Spoiled(why=ALONE)
    return Spoiled(_without(given.sheet, {gone}))


def _telling(given: Spoil) -> set[str]:
    return {*senses_of(given.judged)} - {SCENE}


def _without(sheet: CueSheet, gone: set[str]) -> CueSheet:
    left = of_senses(sheet, {*senses_of(sheet)} - gone)
    lost = sorted({c.sense for c in sheet.cues.values() if kin(c.sense) in gone})
    gaps = [*sheet.gaps, *(Gap(sense=sense, reason="it gave nothing for this clip") for sense in lost)]
    return left.model_copy(update={"gaps": tuple(gaps)})


def asr(given: Spoil) -> Spoiled:
    """Each word of every line errs with probability `level`; the senses that read words read what is left."""
    if not any(quoted(c) for c in given.sheet.cues.values() if c.sense == "transcript"):
        return Spoiled(why="no line whose words are quoted")
    if not given.sheet.media:
        return Spoiled(why="the sheet does not tell what it was perceived from")
    kept: list[Cue] = []
    for cue in given.sheet.cues.values():
        said = quoted(cue) if cue.sense == "transcript" else ""
        words, errors = misheard(said, given.level, given.chance) if said else ("", 0)
        if cue.sense not in READERS and (words or not errors):
            kept.append(reworded(cue, words) if errors else cue)
    made = reread(given.sheet, kept, given.settings)
    if any(c.sense == "transcript" for c in kept):
        return Spoiled(made)
    gone = Gap(sense="transcript", reason="somebody may speak, but no words could be made out")
    return Spoiled(made.model_copy(update={"gaps": (*made.gaps, gone)}))


def dilution(given: Spoil) -> Spoiled:
    """Up to `level` cues of another item are added, of a sense that this one lacks, else of another than it has most cues of.

    They stand at a time of this item and in the turn that is judged, and are nobody's: no tool says that they are of the person.
    """
    own = list(given.judged.cues.values())
    if not own:
        return Spoiled(why="no cues to dilute")
    most = Counter(kin(c.sense) for c in own).most_common(1)[0][0]
    for barred in (set(senses_of(given.judged)), {most}):
        donors = [
            cues
            for sheet in given.others
            if (cues := [c for c in sheet.cues.values() if kin(c.sense) not in {*barred, "words"}])
        ]
        if donors:
            lent = given.chance.choice(donors)
            lent = given.chance.sample(lent, min(len(lent), round(given.level)))
            added = [placed(c, given.chance.choice(own)) for c in lent]
            return Spoiled(
                assembled(given.sheet, [*given.sheet.cues.values(), *added], given.sheet.gaps, given.settings)
            )
    return Spoiled(why="no other item has a sense that could dilute this one")


def attributes(given: Spoil) -> Spoiled:
    """`level` cues of the scene are added that tell of its furniture, colours and weather, and of no feeling."""
    own = list(given.judged.cues.values())
    if not own:
        return Spoiled(why="no cues to add to")
    texts = given.chance.sample(ATTRIBUTES, min(len(ATTRIBUTES), round(given.level)))
    scene = Cue(sense="scene", text="", confidence=0.7, reliability=0.9, salience=0.25, source="probe@1")
    added = [placed(scene, given.chance.choice(own)).model_copy(update={"text": text}) for text in texts]
    return Spoiled(assembled(given.sheet, [*given.sheet.cues.values(), *added], given.sheet.gaps, given.settings))


def times(given: Spoil) -> Spoiled:
    """The times of each sense's cues are dealt out anew among them; cues of one sense that share a time keep sharing one, and what is
    read in a line keeps the line's."""
    cues = list(given.sheet.cues.values())
    dealt: dict[str, dict[Span, Span]] = {}
    for sense in senses_of(given.sheet):
        spans = list(dict.fromkeys(c.span for c in cues if kin(c.sense) == sense and c.span))
        dealt[sense] = dict(zip(spans, _shuffled(spans, given.chance), strict=True))
    if not any(len(pairs) > 1 for pairs in dealt.values()):
        return Spoiled(why="no sense has cues at two times")
    moved = [c.model_copy(update={"span": dealt[kin(c.sense)][c.span]}) if c.span else c for c in cues]
    return Spoiled(assembled(given.sheet, moved, given.sheet.gaps, given.settings))


def _shuffled(spans: Sequence[Span], chance: random.Random) -> list[Span]:
    """Another order, where there is one."""
    dealt = list(spans)
    while dealt == list(spans) and len(spans) > 1:
        chance.shuffle(dealt)
    return dealt


def speakers(given: Spoil) -> Spoiled:
    """What is heard of the person who is judged and of another one changes hands, as when a recogniser mixes up two voices."""
    heard = sorted({c.person for c in given.sheet.cues.values() if c.sense in HEARD and c.person})
    if len(heard) < 2:
        return Spoiled(why="fewer than two persons are heard")
    own = [c.person for c in given.judged.cues.values() if c.person in heard]
    asked = given.case.answer.person if given.case.answer else None
    one = asked if asked in heard else own[0] if own and given.case.question.turn else given.chance.choice(heard)
    two = given.chance.choice([p for p in heard if p != one])
    swap = {one: two, two: one}
    cues = {
        i: c.model_copy(update={"person": swap[c.person]}) if c.sense in HEARD and c.person in swap else c
        for i, c in given.sheet.cues.items()
    }
    return Spoiled(given.sheet.model_copy(update={"cues": cues}))


PROBES: dict[str, Probe] = {
    "missing": Probe("each sense is gone with this probability, at least one and not all", missing, 0.5),
    "most-cited": Probe("the sense that the answer cites most is gone", most_cited),
    "asr": Probe("word errors at this rate; the words are read again", asr, 0.2),
    "dilution": Probe("so many cues of a sense of another item are added", dilution, 2.0, 20.0),
    "attributes": Probe("so many cues of an irrelevant scene are added", attributes, 2.0, 12.0),
    "times": Probe("the times of each sense's cues are shuffled", times),
    "speakers": Probe("two persons who are heard are exchanged", speakers),
    "injected": Probe("a line orders another label", injected),
    "mentioned": Probe("a line names another label and orders nothing: the control of `injected`", mentioned),
}
"""Name to probe."""


def named(spec: str) -> tuple[Probe, float]:
    """A probe and its level by `NAME` or `NAME:LEVEL`.

    Raises:
        ConfigError: Unknown name, or a level that is none.
    """
    name, _, level = spec.partition(":")
    if name not in PROBES:
        raise ConfigError(f"unknown probe '{name}'", registry.did_you_mean(name, tuple(PROBES)))
    probe = PROBES[name]
    if not level:
        return probe, probe.level
    if not re.fullmatch(r"\d*\.?\d+", level) or not 0 < float(level) <= probe.most:
        raise ConfigError(
            f"'{level}' is no level of {name}", f"{probe.about}: 0 to {probe.most:g}, {probe.level:g} by default"
        )
    return probe, float(level)
