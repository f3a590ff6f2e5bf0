"""`embedded`: the planner that ships with the package. A small int8 encoder and the rules read the sheet; their scores are fused.

How much each counts was fitted on written sheets of authors that the encoder had not seen; weights/planner/README.md has the figures. Every
value of a plan comes from the set that was closed when it was asked, whatever a cue's text says.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from cuechain.agents.errors import ModelError
from cuechain.agents.llm import Model
from cuechain.agents.llm.fusion import Calibration, Fusion, fused, logit, sigmoid
from cuechain.agents.llm.labels import spread
from cuechain.agents.llm.rules import SAID, Reading, intensity, normal, reading, sentiments, weights
from cuechain.agents.llm.serialise import (
    OUTPUTS,
    RELATIONS,
    SENTIMENTS,
    SETTING,
    Row,
    asked,
    batch,
    label_row,
    role,
    row,
)
from cuechain.agents.settings import Settings
from cuechain.agents.values import EKMAN, CueSheet, Plan, Question
from cuechain.agents.weights import session

WEIGHTS = Path(__file__).parents[1] / "weights" / "planner"
"""The weights that ship."""
SARCASTIC = {"anger": 0.57, "disgust": 0.25, "sadness": 0.12, "fear": 0.06}
"""Emotions of 49 training sheets with negative sarcasm, as shares."""
DOUBT = 0.06
"""Share of every answer that is spread evenly: the calibration knows written sheets, real tools err in
ways that it has not met. Ours."""
POINTED = 0.4
"""Probability from which a single cue is said to point to a label; ours."""

PLAIN = 0.5
"""Strength of a measured movement that is plain, such as a broad smile: the encoder has read few sheets of one line and may not refuse
such a one by itself."""

SILENT = 0.1
"""Strength of evidence, as the rules read it, under which a measured cue says nothing; a movement that just shows has 0.3."""


def verbal(found: Reading, sheet: CueSheet) -> bool:
    """Whether the person's face and voice say nothing, so that words are all there is."""
    return not any(sheet.cues[key].sense in ("face", "voice") for key in found.evidence)


def _family(sense: str) -> str:
    """What was said and how classifiers read it are one source."""
    return "words" if sense in SAID else sense


def _telling(sheet: CueSheet, found: Reading) -> CueSheet:
    """The sheet without what detectors measured and what speaks of no feeling: parted lips, a face in view, an ordinary phrase.

    A clip yields such lines by the dozen, the sheets that people write hold few of them, and among many the encoder loses the others.
    """

    def silent(id: str) -> bool:
        cue = sheet.cues[id]
        measured = cue.sense in ("face", "voice", "words", "situation") and bool(cue.measures)
        return measured and (id not in found.evidence or found.evidence[id].strength < SILENT)

    return sheet.only({id for id in sheet.cues if not silent(id)})


def _said(sheet: CueSheet) -> CueSheet:
    """A text without what our own senses read in it, where it is all there is: the encoder learnt feelings from bare texts and reads them
    better (GoEmotions dev: 70 % of 400 right, 68 with the words cue beside it). Whether words are meant shows beside that cue. The setting
    goes too: two plain lines about the scene changed 18 % of the answers about tweets."""
    read = {i for i, c in sheet.cues.items() if c.sense in ("words", "situation") and c.measures}
    rest = {i for i, c in sheet.cues.items() if i not in read and c.sense not in ("scene", "sound")}
    spoken = any(sheet.cues[i].sense in ("transcript", "screen") for i in rest)
    return sheet.only(rest) if spoken else sheet


def _meant(plan: Plan, found: Reading, sheet: CueSheet) -> Plan:
    """What a text alone means: the encoder takes warm texts for sarcasm too often, so it needs praise beside a mishap to be believed.

    Then the words do not carry their own feeling, and what is left goes by how sarcastic sheets of the training authors were judged.
    """
    ironic = any(e.ironic for key, e in found.evidence.items() if sheet.cues[key].sense == "transcript")
    if not ironic:
        calmed = {k: p * (0.2 if k in ("sarcastic", "masked") else 1.0) for k, p in plan.relation.items()}
        return plan.model_copy(update={"relation": normal(calmed)})
    # That one sense alone is there says nothing for or against it.
    several = normal({k: p for k, p in plan.relation.items() if k != "single"})
    if several["sarcastic"] < 0.5:
        return plan
    core = {name: SARCASTIC.get(name, 0.0) for name in EKMAN}
    sour, polar = spread(core, list(plan.labels)), sentiments(core, several)
    return plan.model_copy(
        update={
            "relation": {"single": 0.0} | several,
            "labels": {k: 0.2 * p + 0.8 * sour[k] for k, p in plan.labels.items()},
            "sentiment": {k: 0.2 * p + 0.8 * polar[k] for k, p in plan.sentiment.items()},
        }
    )


class EmbeddedPlanner:
    """Fills plans with the exported encoder. Reads its files at the first plan; one CPU thread."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self._folder = folder
        self._labels: dict[str, np.ndarray] = {}
        self._met: dict[tuple[int, ...], np.ndarray] | None = None
        self._sheets: list[tuple[list[Row], dict[str, np.ndarray]]] = []

    def remembering(self) -> EmbeddedPlanner:
        """The same planner, which reads nothing twice: for many sheets made of the same cues.

        Its first plan is that of `plan`. In later ones scores differ by a hair, because the int8 network scales the rows of a run
        together; a single cue may then fall on the other side of POINTED.
        """
        twin = EmbeddedPlanner(self._folder)
        twin.__dict__ |= {"_session": self._session, "_tokenizer": self._tokenizer, "_calibration": self._calibration}
        twin._labels, twin._met = self._labels, {}
        return twin

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """See `Planner.plan`."""
        typed = bool(sheet.media) and all(m.kind == "text" for m in sheet.media)
        if typed:  # that a text has no face and no voice says nothing about it
            sheet = sheet.model_copy(update={"gaps": ()})
        found = reading(sheet, person)
        telling = _telling(sheet, found)
        one = row(self._tokenizer, telling, question.text, person)
        bare = [row(self._tokenizer, _said(telling), question.text, person)] if verbal(found, sheet) else []
        seen = self._read([one, *bare])
        how = self._calibration
        scores = seen["sheet"][-1] @ self._vectors(labels).T
        senses = {_family(sheet.cues[key].sense) for key in found.evidence}
        emotion = how.voice if senses == {"voice"} else how.texts if verbal(found, sheet) else how.emotion
        relation = fused(how.relation, RELATIONS, seen["relation"][0], found.relation)
        names = list(dict.fromkeys(labels))
        chosen = fused(emotion, names, scores, spread(found.core, names))
        if len(senses) == 1:  # one sense alone has nothing to agree with
            relation |= {"single": relation["single"] + relation["agree"], "agree": 0.0}
        ruled = sentiments(found.core, found.relation)
        plan = Plan(
            labels={name: (1 - DOUBT) * p + DOUBT / len(names) for name, p in chosen.items()},
            relation=relation,
            sentiment=fused(how.sentiment, SENTIMENTS, seen["sentiment"][0], ruled),
            abstain=self._abstain(sheet, person, found, float(seen["abstain"][0])),
            intensity=round(0.5 * sigmoid(float(seen["intensity"][0])) + 0.5 * intensity(found), 4),
            weight=self._weight(sheet, one, seen["weight"][0], weights(sheet, found)),
            points=self._points(telling, found, names, person),
        )
        return _meant(plan, found, sheet) if typed else plan

    def vectors(self, sheets: Sequence[CueSheet]) -> np.ndarray:
        """Where sheets lie in the space of feelings, as rows of length 1 (N, D): near ones tell of like feelings."""
        made = [self._run([row(self._tokenizer, _telling(s, reading(s, None)), "", None)])["sheet"][0] for s in sheets]
        found = np.stack(made)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)

    def _abstain(self, sheet: CueSheet, person: str | None, found: Reading, encoder: float) -> float:
        if not self._speaks(sheet, person):
            return 0.99
        refused = self._sure(self._calibration.abstain, encoder, found.abstain)
        plain = any(
            e.strength >= PLAIN and sheet.cues[i].measures and max(e.scores, key=lambda k: e.scores[k]) != "neutral"
            for i, e in found.evidence.items()
            if e.scores
        )
        return round((refused + found.abstain) / 2, 4) if plain else refused

    @staticmethod
    def _speaks(sheet: CueSheet, person: str | None) -> bool:
        """Whether any cue can tell of the person at all: looked up, not learned. Words on screen may be the person's."""
        who = asked(sheet, person)
        return any(c.sense == "screen" or role(c, who) in ("self", "unknown") for c in sheet.cues.values())

    @staticmethod
    def _sure(how: Fusion, encoder: float, rules: float) -> float:
        return round(sigmoid(how.encoder * encoder + how.rules * logit(rules) + sum(how.bias)), 4)

    def _weight(self, sheet: CueSheet, one: Row, encoder: np.ndarray, rules: dict[str, float]) -> dict[str, float]:
        """Cues that did not fit into the row count by the rules alone."""
        own = dict(zip(one.cues, encoder.tolist(), strict=False))
        how = self._calibration.weight
        return {
            key: self._sure(how, own[key], rules[key]) if key in own else round(rules[key], 4) for key in sheet.cues
        }

    def _points(self, sheet: CueSheet, found: Reading, labels: list[str], person: str | None) -> dict[str, str]:
        """Each cue of the person that tells something (`_telling`) read as if it were all there is."""
        who = asked(sheet, person)
        own = [k for k, c in sheet.cues.items() if role(c, who) in ("self", "unknown") and c.sense not in SETTING]
        rows = {key: row(self._tokenizer, sheet.only({key}).model_copy(update={"gaps": ()}), "", who) for key in own}
        rows = {key: r for key, r in rows.items() if r.cues}
        if not rows:
            return {}
        scores = self._alone(list(rows.values())) @ self._vectors(labels).T
        points: dict[str, str] = {}
        for key, score in zip(rows, scores, strict=True):
            evidence = found.evidence.get(key)
            alone = (
                spread(normal(evidence.scores), labels)
                if evidence and evidence.strength > 0.05
                else dict.fromkeys(labels, 1.0)
            )
            how = self._calibration.emotion if sheet.cues[key].sense in ("face", "voice") else self._calibration.texts
            label, share = max(fused(how, labels, score, alone).items(), key=lambda pair: pair[1])
            if share >= max(POINTED, 1.2 / len(labels)) or len(labels) == 1:
                points[key] = label
        return points

    def _read(self, rows: list[Row]) -> dict[str, np.ndarray]:
        """Outputs for the rows of one sheet; what was left out of a sheet may have had no part in its rows."""
        if self._met is None:
            return self._run(rows)
        rows = rows[:1] if rows[0] == rows[-1] else rows
        for known, seen in self._sheets:
            if known == rows:
                return seen
        seen = self._run(rows)
        self._sheets.append((rows, seen))
        return seen

    def _alone(self, rows: list[Row]) -> np.ndarray:
        """Vectors (N, D) of rows with one cue each."""
        if self._met is None:
            return self._run(rows)["sheet"]
        new = {tuple(r.ids): r for r in rows if tuple(r.ids) not in self._met}
        if new:
            self._met |= dict(zip(new, self._run(list(new.values()))["sheet"], strict=True))
        return np.stack([self._met[tuple(r.ids)] for r in rows])

    def _vectors(self, labels: Sequence[str]) -> np.ndarray:
        """Embeddings of labels (L, D)."""
        names = list(dict.fromkeys(labels))
        if unknown := [name for name in names if name not in self._labels]:
            made = self._run([label_row(self._tokenizer, name) for name in unknown])["label"]
            self._labels |= dict(zip(unknown, made, strict=True))
        return np.stack([self._labels[name] for name in names])

    def _run(self, rows: list[Row]) -> dict[str, np.ndarray]:
        return dict(zip(OUTPUTS, self._session.run(list(OUTPUTS), batch(rows)), strict=True))

    @cached_property
    def _session(self) -> Any:
        try:
            return session(self._folder / "planner.onnx")
        except Exception as error:  # whatever onnxruntime raises
            raise ModelError(f"the planner's weights cannot be read: {error}", "install cuechain anew") from error

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        try:
            found: Any = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError(f"the planner's tokenizer cannot be read: {error}", "install cuechain anew") from error
        found.no_padding()
        found.no_truncation()
        return found

    @cached_property
    def _calibration(self) -> Calibration:
        try:
            return Calibration.model_validate_json((self._folder / "planner.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise ModelError(f"the planner's calibration cannot be read: {error}", "install cuechain anew") from error


def load(rest: str, settings: Settings) -> Model:
    """The planner of the spec `embedded`, or `embedded:FOLDER` for weights of one's own from `cuechain finetune export`.

    Raises:
        ModelError: The folder has no planner.onnx.
    """
    folder = Path(rest).expanduser() if rest else WEIGHTS
    if not (folder / "planner.onnx").is_file():
        raise ModelError(
            f"no planner.onnx in {folder}", "use --model rules, or make it with `cuechain finetune export`"
        )
    return Model(spec=f"embedded:{rest}" if rest else "embedded", planner=EmbeddedPlanner(folder))
