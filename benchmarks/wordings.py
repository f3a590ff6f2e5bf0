# ruff: noqa: E501 - the wordings are tables, and read best a movement a line
"""What generated sheets tell, in words that no sheet had which anything was trained on; each was written before any planner had read it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

from cuechain.agents.perception.faces.face_words import UNITS
from cuechain.agents.values import Cue
from cuechain.finetune.config import CORPUS
from cuechain.finetune.embedded import generate
from cuechain.finetune.embedded.examples import written
from cuechain.finetune.embedded.lines import read_lines

FACE = {
    "au1": ("browInnerUp {x}", "medial eyebrow ends travel towards the hairline", "the brows slope up in the middle"),
    "au4": ("browDown L/R {x}/{x}", "a vertical crease forms between the eyebrows", "scowling brows"),
    "au5": ("eyeWideLeft {x}, eyeWideRight {x}", "white shows above both irises", "eyes opened right up"),
    "au6": ("cheekSquint {x}", "orbicularis oculi engaged, lower lid pouches up", "the cheeks bulge under the eyes"),
    "au7": ("eyeSquint mean {x}", "palpebral aperture shrinks by a third", "looks through slits"),
    "au9": ("noseSneer {x}", "bridge of the nose scrunches", "screws up the nose"),
    "au10": ("mouthUpperUp {x}", "upper teeth bared on both sides, nasolabial fold deepens", "the upper lip peels off the teeth"),
    "au12": ("mouthSmile L {x} R {x}", "zygomatic pull, mouth widens into an upward arc", "smiles from ear to ear"),
    "au15": ("mouthFrown {x}", "mouth takes the shape of an inverted U", "a downturned mouth"),
    "au17": ("mouthShrugLower {x}", "mentalis active, skin below the lip puckers", "the chin goes all crinkly"),
    "au20": ("mouthStretch {x}", "mouth drawn out horizontally, risorius active", "the mouth is pulled wide and flat"),
    "au23": ("mouthRoll inward {x}", "lip margins rolled in, red part hardly visible", "a thin hard line of a mouth"),
    "au24": ("mouthPress {x}", "lips clamped against each other", "keeps the lips jammed shut"),
    "au25": ("mouthClose low ({x})", "a gap of some millimetres between the lips", "mouth slightly ajar"),
    "au26": ("jawOpen {x}", "mandible lowered, teeth apart", "stands there open-mouthed"),
    "au45": ("eyeBlink {x}", "lids shut for a few frames", "shuts the eyes for a moment"),
}  # fmt: skip
"""Each movement in three styles: coefficients of another tool, an anatomist's words, everyday words."""
STILL = ("all blendshapes under 0.1", "facial musculature inactive throughout", "poker face")
TOGETHER = ("expression head: {e} {x}", "configuration typical of {e}", "taken together, a picture of {e}")
POLITE = ("mouthSmile {x}, cheekSquint 0.02", "non-Duchenne display, zygomatic only", "smiles, but just with the lips")
VOICE = {
    ("pitch", 1): ("F0 mean z = +1.{n}", "speaks near the top of the register", "piping, a good deal above the normal pitch"),
    ("pitch", -1): ("F0 mean z = -1.{n}", "speaks near the bottom of the register", "drops into the chest"),
    ("range", 1): ("F0 SD z = +1.{n}", "contour with big leaps", "goes up and down like a song"),
    ("range", -1): ("F0 SD z = -1.{n}", "contour without any peaks", "drones on one note"),
    ("loud", 1): ("RMS energy z = +1.{n}", "projects as if across a hall", "booming"),
    ("loud", -1): ("RMS energy z = -1.{n}", "barely audible above the room", "hardly more than a breath"),
    ("fast", 1): ("articulation rate 6.{n} syll/s", "words come one on top of another", "rattles it off"),
    ("fast", -1): ("articulation rate 2.{n} syll/s", "takes long between words", "takes ages over each word"),
    ("unsteady", 1): ("shimmer and perturbation well above the norm", "phonation wobbles", "shaky, about to give way"),
    ("hard", 1): ("steep glottal attack, H1-H2 small", "consonants spat out", "barks the words"),
    ("bright", 1): ("spectral tilt shallow, formants spread as in smiling", "radiant, sunny sound", "cheery ring to it"),
    ("bright", -1): ("spectral tilt steep, formants lowered", "leaden sound, exhales audibly first", "tired and grey, with a groan"),
}  # fmt: skip
CALM = ("all prosodic z scores within ±0.5", "prosody as in this talker's reference recording", "just talks, nothing special about it")  # fmt: skip
IRONY = {
    "face": ("mouthSmileLeft {x}, mouthSmileRight 0.03", "unilateral zygomatic contraction", "looks at the ceiling with a crooked mouth"),
    "voice": ("vowel duration z = +2.1, F0 SD z = -1.{n}", "prolonged vowels on a level tone", "says it in a mocking, sugary way"),
}  # fmt: skip
SAID = (
    "ASR (en): {t}", "caption: {t}", "{w} — {t}", "utterance 1: «{t}»", "subtitle track: {t}", "recognised speech: {t}", "[00:02] {t}",
    "verbatim: {t}", "speech-to-text output: {t}", "heard: '{t}'",
)  # fmt: skip
WORDS = (
    "polarity index {v}; classes: {l}", "NLP head: {l} / compound {v}", "lexicon {v}, transformer {l}", "tonality {v} [{l}]",
    "affect in text = {l}", "{l} (probabilities), polarity {v}", "opinion mining: {v}; feelings: {l}", "class scores of the text: {l}",
    "text affect API: {l}; score {v}", "utterance-level labels: {l}",
)  # fmt: skip
SCENES = (
    "indoor, gym with wall bars", "railway platform at dusk", "lecture theatre, back rows", "bathroom with white tiles", "supermarket aisle",
    "balcony above a courtyard", "workshop full of tools", "swimming pool edge", "library reading room", "tent, canvas walls",
)  # fmt: skip

_H = "(?:possibly |clearly )?"
_PLAIN = sorted(((text, unit) for unit, texts in generate.PLAIN.items() for text in texts), key=lambda p: -len(p[0]))
_SOUNDING = [
    (re.escape(text).replace(r"\{h\}", _H).replace(r"\{n\}", r"\d"), key) for key, texts in generate.SOUNDING.items() for text in texts
]  # fmt: skip
_IRONY = re.compile("|".join(re.escape(t).replace(r"\{h\}", _H) for t in generate.IRONY))


def reworded(cue: Cue, style: int | None, chance: random.Random) -> str:
    """A generated cue in the words of another detector, of three styles; None rewords what tells of words and scene alone."""
    level = {"slight": 0.35, "medium": 0.55, "strong": 0.8}
    grade = re.search(r"(slight|medium|strong)\)$", cue.text)
    share = f"{(level[grade[1]] if grade else 0.6) + chance.uniform(-0.08, 0.08):.2f}"

    def told(texts: Sequence[str], **more: str) -> str:
        text = chance.choice(texts) if len(texts) > 3 else texts[style or 0]
        return text.format(x=share, n=chance.randint(2, 7), **more)

    if cue.sense == "scene":
        return told(SCENES)
    if cue.sense == "transcript":
        return told(SAID, t=cue.text.removeprefix('the speaker says "').removesuffix('"'), w=str(cue.person))
    if cue.sense == "words":
        scores = {k: float(v) for k, v in cue.measures.items() if not k.startswith(("valence", "intens", "named"))}
        classes = ", ".join(f"{k} {v:.2f}" for k, v in scores.items()) or "none above threshold"
        return told(WORDS, v=f"{float(cue.measures.get('valence', 0.0)):+.2f}", l=classes)
    if style is None:
        return cue.text
    if _IRONY.fullmatch(cue.text):
        return told(IRONY[cue.sense])
    if together := re.match(r"together these movements are often seen with (\w+)", cue.text):
        return told(TOGETHER, e=together[1])
    if cue.text in generate.POLITE:
        return told(POLITE)
    if cue.text in generate.CALM:
        return told(CALM)
    if re.match("the face hardly|no action unit|the face is at rest", cue.text):
        return told(STILL)
    return chance.choice((", ", "; ", " + ")).join(told(texts) for texts in _pieces(cue))


def shown(cue: Cue) -> str | None:
    """What a generated face or voice shows other than what is felt: a polite smile or irony; None where it shows that."""
    if _IRONY.fullmatch(cue.text):
        return "irony"
    return "unfelt" if cue.text in generate.POLITE else None


def _pieces(cue: Cue) -> list[tuple[str, ...]]:
    """The new wordings of each movement or sound that a cue tells, in its order."""
    if cue.sense == "face" and (own := re.search(r"\((AU\d+), \w+\)$", cue.text)):
        return [FACE[own[1].lower()]]
    left, found = cue.text, list[tuple[int, tuple[str, ...]]]()
    table = (
        [(re.escape(t), FACE[u]) for t, u in _PLAIN] if cue.sense == "face" else [(p, VOICE[k]) for p, k in _SOUNDING]
    )
    for pattern, new in sorted(table, key=lambda p: -len(p[0])):
        for hit in re.finditer(pattern, left):
            found.append((hit.start(), new))
            left = f"{left[: hit.start()]}{'_' * (hit.end() - hit.start())}{left[hit.end() :]}"
    assert not left.strip("_,;| "), cue.text
    return [new for _, new in sorted(found)]


def known() -> list[str]:
    """Wordings whose fixed words occur in a sheet that something was trained or chosen on, or in the generator: there should be none."""
    seen = " ".join(
        c.text for part in ("train", "dev") for path in (CORPUS / part).glob("*.jsonl") for x in written(path) for c in x.sheet.cues.values()
    )  # fmt: skip
    seen += " ".join(line.text for line in read_lines(CORPUS / "lines" / "train").all)
    seen += Path(generate.__file__).read_text(encoding="utf-8") + " ".join(
        " ".join(map(str, u)) for u in UNITS.values()
    )
    tables = [*FACE.values(), *VOICE.values(), STILL, TOGETHER, POLITE, CALM, *IRONY.values(), WORDS, SCENES]
    parts = {text: [p.strip(" ;:,[(=/+-") for p in re.split(r"\{\w\}", text)] for table in tables for text in table}
    return [
        text
        for text, found in parts.items()
        if all(re.search(rf"\b{re.escape(p)}\b", seen, re.I) for p in found if p.strip("])."))
    ]
