"""What the words themselves carry: polarity by VADER and feelings that they name, for people to see; beside it what a text model hears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.perception.texts.language import COMMON, NAMES, line_language
from cuechain.agents.perception.texts.polarity import NEGATED, named, polarity, tokens_of
from cuechain.agents.perception.texts.reading import INTENSE, Reading, calibration, read
from cuechain.agents.perception.transcript import quoted
from cuechain.agents.values import EKMAN, Cue, Gap, Span

if TYPE_CHECKING:
    from cuechain.agents.media import Clip
    from cuechain.agents.settings import Settings

_CLEAR, _SOME, _NONE = 0.7, 0.3, 0.05
"""Compound score above which words are clearly, probably, possibly of one polarity; 0.05 is VADER's own limit (Hutto & Gilbert 2014)."""

_LEXICAL = 0.55
_MADE_OUT = "the words that were made out"
_MOST, _LEAST = 2, 0.3
"""Feelings of the model that a cue tells at most, and their probability at least: the best threshold of a rare one lies near 0.1."""


def _reliabilities() -> tuple[Reliability, ...]:
    """The lexicon's, and the precision of each feeling that the model may tell."""
    lexicon = Reliability(
        "polarity by lexicon",
        _LEXICAL,
        "TweetEval sentiment, validation: 56 % get the right one of three polarities, 5 to 20 % the opposite one (n=2,000)",
    )
    basis = "share of GoEmotions' development comments that people labelled so, of those in which it is told"
    return (
        lexicon,
        *(Reliability(f"{k} by text model", round(p, 2), basis) for k, p in calibration().by_label.items()),
    )


class Words(Sense):
    """Polarity and feelings of each utterance."""

    name: ClassVar[str] = "words"
    version: ClassVar[str] = "3"
    about: ClassVar[str] = (
        "what the words carry: polarity (VADER), feelings they name, feelings a text model hears; English only"
    )
    streams: ClassVar[frozenset[str]] = frozenset({"audio", "subtitles", "text", "image"})
    after: ClassVar[tuple[str, ...]] = ("transcript", "screen")
    reliabilities: ClassVar[tuple[Reliability, ...]] = _reliabilities()

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        return str(settings.language)

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        said, gaps = utterances(clip, heard, self.settings)
        if not said and not gaps:
            yield Gap(sense=self.name, reason="there are no words to read")
        for (cue, words), one in zip(said, read([words for _, words in said]), strict=True):
            yield self._cue(cue, words, one)
        for reason, span in gaps:
            yield Gap(sense=self.name, reason=reason, span=span)

    def _cue(self, cue: Cue, words: str, heard: Reading) -> Cue:
        valence, carriers = polarity(words)
        names = named(tokens_of(words))
        told = [k for k in heard.told if k != "neutral" and heard.feelings[k] >= _LEAST][:_MOST]
        measures: dict[str, float | str] = {"valence": round(valence, 2), "valence_model": round(heard.valence, 2)}
        measures |= {label: round(heard.feelings[label], 2) for label in told}
        if told and told[0] in INTENSE:
            measures["intensity"] = round(heard.intensity[told[0]], 2)
        total = sum(map(len, names.values()))
        for label, hits in names.items():
            # Words name a feeling; whose it is, and whether it is meant, they do not say: the model's ear counts for more.
            measures.setdefault(label, round(0.4 * len(hits) / total, 2))
        if names:
            measures["named"] = ", ".join(names)
        carriers = [(w, v) for w, v in carriers if not NEGATED.match(w.lower())]  # a bare "no" carries nothing
        strong = [w for w, v in carriers if v > 0.5], [w for w, v in carriers if v < -0.5]
        strength = max(abs(valence), 0.5 if names else 0.0)
        plain = not names and not told and strength < _NONE and not (strong[0] and strong[1])
        kept = cue.measures.get("kept_share", 1.0)
        kept = kept if isinstance(kept, float | int) else 1.0
        if "line" in cue.measures:
            measures["line"] = cue.measures["line"]
        if plain and kept > 0.9:  # where words are missing, the feeling may be in them
            measures["neutral"] = round(max(0.4, heard.feelings["neutral"]), 2)
        confidence = 0.5 if plain or (strong[0] and strong[1]) else min(0.9, 0.25 + 0.6 * strength)
        reliability = _LEXICAL
        if told:
            confidence, reliability = heard.feelings[told[0]], calibration().by_label[told[0]]
            strength = max(strength, confidence)
            if strong[0] and strong[1]:
                confidence = min(0.5, confidence)
        confidence *= kept
        if words.rstrip(" '").endswith("?"):
            confidence *= 0.7  # what is asked is not what is felt
        subject = "the words on the picture" if cue.sense == "screen" else "the words" if kept > 0.9 else _MADE_OUT
        return Cue(
            sense=self.name,
            text=_clause(valence, strong, names, subject, heard, told),
            span=cue.span,
            person=cue.person,
            confidence=round(min(0.95, confidence), 2),
            reliability=round(reliability * (cue.reliability or 1.0), 2),
            salience=0.1 if plain else round(min(0.9, 0.25 + 0.6 * strength), 2),
            measures=measures,
            source=self.source(),
        )


def utterances(
    clip: Clip, heard: Sequence[Cue], settings: Settings
) -> tuple[list[tuple[Cue, str]], list[tuple[str, Span | None]]]:
    """The lines of a clip that are English, each with its words; and why and where others cannot be read."""
    said = [(cue, words) for cue in heard if cue.sense == "transcript" and (words := quoted(cue))]
    if (
        clip.media.kind == "image"
    ):  # a note or a meme says what it says on the picture; a film's street signs say nothing
        shown = [cue for cue in heard if cue.sense == "screen" and quoted(cue)]
        said += [(shown[0], " ".join(map(quoted, shown)))] if shown else []
    whole = line_language(" ".join(words for _, words in said[:200]))
    english: list[tuple[Cue, str]] = []
    foreign: list[tuple[str, Span | None]] = []
    for cue, words in said:
        language = str(cue.measures.get("language") or line_language(words) or settings.language or whole or "")
        if language == "en" or (not language and _known(words)):
            english.append((cue, words))
        elif foreign and foreign[-1][0] == language:
            foreign[-1] = (language, _joined(foreign[-1][1], cue.span))
        else:
            foreign.append((language, cue.span))
    gaps: list[tuple[str, Span | None]] = []
    for language, span in foreign:
        name = NAMES.get(language, "in another language than English")
        reason = f"the words seem to be {name}, and their feeling can be read in English only"
        gaps.append((reason if language else "the words are too few to tell their language", span))
    return english, gaps


def _known(words: str) -> bool:
    """Whether a line too short for its language to be told holds an English word or a sign (emoji) that can be read."""
    score, carriers = polarity(words)
    tokens = tokens_of(words)
    return bool(score or carriers or named(tokens) or any(t.plain.strip(".,!?").lower() in COMMON for t in tokens))


def _clause(
    valence: float,
    strong: tuple[list[str], list[str]],
    names: dict[str, list[str]],
    subject: str,
    heard: Reading,
    told: list[str],
) -> str:
    """What the lexicons find, then what the model hears; where they differ, both."""
    whole = subject != _MADE_OUT
    hedge = (
        "clearly" if abs(valence) >= _CLEAR and whole else "probably" if abs(valence) >= _SOME else "possibly slightly"
    )
    kind = "positive" if valence > 0 else "negative"
    ranked = sorted(names, key=lambda label: (-len(names[label]), EKMAN.index(label)))[:2]
    quoted_names = " and ".join(f'{label} ("{names[label][0]}")' for label in ranked)
    calm = False
    if strong[0] and strong[1]:
        against = f'"{strong[0][0]}" against "{strong[1][0]}"'
        how = f"mostly {kind}" if abs(valence) >= _CLEAR else "mixed"
        base = f"{subject} are {how} ({valence:.2f}), with {against}"
    elif abs(valence) < _NONE:
        calm = not names
        base = f"{subject} possibly name {quoted_names}" if names else f"{subject} carry no clear feeling"
        quoted_names = ""
    else:
        carriers = strong[0] if valence > 0 else strong[1]
        shown = " and ".join(f'"{w}"' for w in carriers[:2])
        base = f"{subject} are {hedge} {kind} ({valence:.2f})" + (f", with {shown}" if shown else "")
    base = f"{base}; they name {quoted_names}" if quoted_names else base
    if not told:
        neutral = heard.feelings["neutral"]
        apart = abs(valence) >= _SOME and "neutral" in heard.told
        return f"{base}, but a text model hears no feeling in them (neutral {neutral:.2f})" if apart else base
    hearing = " and ".join(f"{label} ({heard.feelings[label]:.2f})" for label in told)
    sure = heard.feelings[told[0]]
    hears = "hears" if sure >= 0.7 and whole else "probably hears" if sure >= 0.45 and whole else "possibly hears"
    if calm:
        return f"{subject} hold no word of feeling, but a text model {hears} {hearing} in them"
    against = min(valence, heard.valence) < -_SOME and max(valence, heard.valence) > _SOME
    return f"{base}{', but' if against else ';'} a text model {hears} {hearing} in them"


def _joined(first: Span | None, second: Span | None) -> Span | None:
    if first is None or second is None:
        return first or second
    return Span(start=min(first.start, second.start), end=max(first.end, second.end))
