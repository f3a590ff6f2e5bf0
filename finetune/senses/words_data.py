"""Corpora of the words model: comments with feelings, sentences with polarity, texts with intensities, events with reactions.

Only licence-clean corpora of `train/` are read. Reactions to events (ATOMIC) are free words; they are put into the groups of REACTIONS.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cuechain.agents.perception.texts.reading import INTENSE, REACTIONS

_REACTED = {
    "joy": """happy, good, glad, pleased, joyful, great, elated, overjoyed, ecstatic, entertained, amused, cheerful, positive, fun,
        delighted, lucky, content, satisfied, fulfilled, better, nice, wonderful, thrilled, in love""",
    "pride": """accomplished, proud, successful, powerful, confident, smart, strong, productive, competent, important, capable,
        empowered, good about themselves, intelligent""",
    "relief": "relieved, relief, safe, secure, free",
    "excitement": "excited, eager, energized, motivated, determined, hopeful, adventurous",
    "gratitude": """grateful, thankful, loved, appreciative, appreciated, cared for, supported, helped, included, respected, understood,
        touched""",
    "interest": "curious, interested, intrigued, informed, enlightened, impressed",
    "calm": "relaxed, calm, refreshed, comfortable, rested, peaceful, warm",
    "tiredness": "tired, exhausted, bored, weary, drained, overworked, sleepy",
    "sadness": """sad, upset, unhappy, hurt, bad, disappointed, lonely, depressed, alone, heartbroken, miserable, pain, nostalgic, let down,
        sorrowful""",
    "anger": "angry, mad, annoyed, frustrated, irritated, furious, impatient, betrayed, jealous, disgusted, resentful, offended",
    "fear": """nervous, worried, scared, anxious, stressed, concerned, afraid, terrified, cautious, desperate, fearful, panicked, tense,
        frightened""",
    "shame": "guilty, ashamed, embarrassed, embarassed, regretful, sorry, stupid, awkward, humiliated, remorseful",
    "surprise": "surprised, shocked, confused, amazed, astonished",
    "neutral": "neutral, indifferent, normal, ok, okay, fine, none",
}
_GROUP = {word.strip(): group for group, words in _REACTED.items() for word in words.split(",")}

_IRREGULAR = """
    goes:went has:had is:was gets:got loses:lost finds:found makes:made takes:took gives:gave tells:told sees:saw comes:came
    buys:bought feels:felt leaves:left keeps:kept runs:ran falls:fell breaks:broke wins:won meets:met thinks:thought eats:ate does:did
    says:said puts:put catches:caught brings:brought spends:spent teaches:taught writes:wrote drives:drove pays:paid sends:sent
    hears:heard holds:held becomes:became begins:began builds:built draws:drew forgets:forgot grows:grew hits:hit hurts:hurt
    knows:knew lets:let reads:read rides:rode sells:sold sets:set sings:sang sits:sat sleeps:slept speaks:spoke stands:stood
    steals:stole swims:swam throws:threw understands:understood wakes:woke wears:wore
"""
"""Third person and past of irregular verbs that are common in the events."""
_PAST = {pair.split(":")[0]: pair.split(":")[1] for pair in _IRREGULAR.split()}
_BEFORE = ("", "", "", "", "so ", "well, ", "yeah, ", "and then ", "today ", "yesterday ", "you know, ")
_OTHERS = ("he", "she", "my friend", "my boss", "my brother", "a colleague", "my sister", "someone")


@dataclass(frozen=True)
class Text:
    """A text with what one corpus says of it."""

    text: str
    """As it stands."""
    target: tuple[float, ...]
    """Labels as 0 and 1, a valence of -1 to 1, intensities of 0 to 1, or shares of reactions."""


def comments(folder: Path, part: str) -> list[Text]:
    """GoEmotions: Reddit comments, 28 labels as 0 and 1 in the order of labels.txt (Demszky et al. 2020, CC BY 4.0)."""
    found: list[Text] = []
    with gzip.open(folder / f"{part}.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            text, labels, _ = line.rstrip("\n").split("\t")
            chosen = {int(i) for i in labels.split(",")}
            found.append(Text(text, tuple(float(i in chosen) for i in range(28))))
    return found


def intensities(folder: Path, part: str) -> list[Text]:
    """BRIGHTER, English, track b: five emotions rated 0 to 3, here 0 to 1 in the order of INTENSE (CC BY 4.0)."""
    rows = csv.DictReader(io.StringIO((folder / f"track_b_{part}_eng.csv").read_text(encoding="utf-8")))
    return [Text(row["text"].replace("\\n", " "), tuple(float(row[name]) / 3 for name in INTENSE)) for row in rows]


def polarities(train: Path) -> list[Text]:
    """Sentences with a valence: the means of at least ten raters (Hutto & Gilbert 2014, MIT), and Pang & Lee's film sentences at ±0.5.

    The film snippets of the former are of the same reviews as the latter, so only the rated ones are taken where both are there.
    """
    found: list[Text] = []
    known: set[str] = set()
    for path in sorted((train / "vader" / "groundtruth").glob("*_GroundTruth.txt.gz")):
        for line in gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines():
            _, mean, text = line.split("\t", 2)
            found.append(Text(text.replace("&amp;", "&").strip(), (max(-1.0, min(1.0, float(mean) / 4)),)))
            known.add(_bare(text))
    with zipfile.ZipFile(train / "nltk_data" / "sentence_polarity.zip") as archive:
        for name in sorted(archive.namelist()):
            valence = {"rt-polarity.pos": 0.5, "rt-polarity.neg": -0.5}.get(name.rsplit("/", 1)[-1])
            if valence is not None:
                lines = archive.read(name).decode("latin-1").splitlines()
                found += [Text(line.strip(), (valence,)) for line in lines if _bare(line) not in known]
    return found


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text).lower()[:60]


def events(folder: Path) -> dict[str, Counter[str]]:
    """Event of ATOMIC (Sap et al. 2019, CC BY 4.0) to how often its people wrote a reaction of each group.

    `PersonX …` holds what PersonX feels; `PersonX … PersonY` with a leading `*` what the other feels.
    """
    found: dict[str, Counter[str]] = {}
    for path in sorted(folder.glob("v4_atomic_*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                views = [(row["event"], row["xReact"])]
                views += [(f"*{row['event']}", row["oReact"])] if "PersonY" in row["event"] else []
                for event, said in views:
                    for word in json.loads(said):
                        group = reaction(word)
                        if group and not (
                            event[0] == "*" and group == "neutral"
                        ):  # "none" there: nobody else was thought of
                            found.setdefault(event, Counter())[group] += 1
    return found


def reaction(word: str) -> str | None:
    """Group of a reaction in free words; None where the table does not know it."""
    plain = re.sub(r"^(?:very|so|really|also|more|a bit|feels?) ", "", word.lower().strip(" ."))
    return _GROUP.get(plain)


def told(event: str, chance: random.Random) -> str:
    """An event as the one who feels would tell it, or as somebody tells it of another."""
    other = event[0] == "*"
    text = event.lstrip("*").replace("___", chance.choice(("something", "it", "that", "things")))
    if other:
        who = chance.choice(_OTHERS)
        text = re.sub(r"PersonX's", "their", re.sub(r"^PersonX", who, text)).replace("PersonX", "them")
        text = re.sub(r"PersonY's", "my", text)
        text = re.sub(r"PersonY", "me", text)
        return _spoken(_verb(text, len(who.split()), chance, first=False), chance)
    text = re.sub(r"PersonZ", chance.choice(("a friend", "somebody")), text)
    text = re.sub(r"PersonY's", chance.choice(("her", "his", "their", "my friend's")), text)
    text = re.sub(r"PersonY", chance.choice(("her", "him", "them", "my friend", "somebody")), text)
    first = chance.random() < 0.75
    who, whose, whom = ("I", "my", "me") if first else chance.choice((("she", "her", "her"), ("he", "his", "him")))
    text = re.sub(r"PersonX", whom, re.sub(r"PersonX's", whose, re.sub(r"^PersonX(?!')", who, text)))
    return _spoken(_verb(text, 1, chance, first=first), chance)


def _verb(text: str, place: int, chance: random.Random, *, first: bool) -> str:
    """Put the verb behind the subject into the past, or into the first person."""
    words = text.split()
    if len(words) <= place:
        return text
    verb = words[place]
    base = re.sub(r"ies$", "y", verb) if verb.endswith("ies") else re.sub(r"(?<=ss|sh|ch|.x|.z)es$|(?<!s)s$", "", verb)
    if chance.random() < 0.6:
        regular = (
            f"{base}d"
            if base.endswith("e")
            else f"{base[:-1]}ied"
            if base.endswith("y") and base[-2:-1] not in "aeiou"
            else f"{base}ed"
        )
        words[place] = _PAST.get(verb, regular)
    elif first:
        words[place] = {"is": "am", "has": "have", "goes": "go", "does": "do"}.get(verb, base)
    return " ".join(words)


def _spoken(text: str, chance: random.Random) -> str:
    text = chance.choice(_BEFORE) + text + chance.choice(("", ".", ".", "!"))
    return text[:1].upper() + text[1:] if chance.random() < 0.6 else text


def shares(counts: Counter[str]) -> tuple[float, ...]:
    """Counts as shares in the order of REACTIONS."""
    total = sum(counts.values())
    return tuple(counts[name] / total for name in REACTIONS)


def held_out(names: Iterator[str], share: float = 0.1) -> set[str]:
    """A tenth of the events, chosen by their own words so that it is the same each time; both views of an event together."""
    import hashlib

    return {n for n in names if int(hashlib.sha256(n.lstrip("*").encode()).hexdigest()[:8], 16) < share * 2**32}
