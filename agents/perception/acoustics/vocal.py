"""Prosodic measures in words: what stands out in an utterance, hedged by how far it stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cuechain.agents.perception.acoustics.prosody import Delivery, Usual, rate
from cuechain.agents.perception.acoustics.tone import Tone

_SHORT = 1.0
"""Seconds of voice under which pace and range are not spoken of: a word or two has no pace of its own."""

# Reference for adults where the speaker's usual is not known. Pitch: 120 Hz is typical of men and 210 Hz of women, with about the same
# spread in semitones (Traunmüller & Eriksson 1995), so only what is outside both registers can be said. Pace: articulation rates of
# American English lie near 5 syllables a second (Jacewicz, Fox & Wei 2010); nuclei that are heard are some 20 % fewer.
_LOW_HERTZ, _HIGH_HERTZ = 75.0, 330.0
_SLOW, _FAST = 2.3, 6.3

_LONG_PAUSE = 1.0
"""Seconds inside an utterance; Campione & Véronis (2002) call pauses from 1 s on long."""

_BROKEN = 2.0
"""Breaks per second of voice: exceeded by 2 % of EmoDB's utterances, by 15 % of the sad ones."""

FLAT, LIVELY, SEVERAL = 3.5, 14.0, 17.0
"""Semitones from the 10th to the 90th percentile of pitch. EmoDB's acted utterances lie between 3.7 (10 %) and 12 (90 %), a lively reader
between 9 and 13; beyond the last, several voices are likelier than one."""


_PLAIN, _TOGETHER, _BESIDE, _SURE = 0.5, 0.7, 0.2, 0.8
"""Shares: of one tone, and of the first two, from which they are told; of the second from which it is named too; of one that needs no
"possibly"."""

FORCE = 0.6
"""Arousal, to either side, from which a voice without a known usual is called energetic or low in energy."""

AHEAD, _PLAINLY = 0.5, 0.8
"""Arousal above or below the speaker's other utterances from which the difference is told, and needs no "possibly"."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that stands out."""

    text: str
    """Comparison: "higher than this speaker's usual (+3.2 semitones)", or the rest of a clause after "the voice is"."""
    strength: float
    """1 where it just stands out, 2 where it is plain."""
    kind: str = "is"
    """How the clause goes on: "is" (the voice is …) or "has" (with …)."""


def remarks(one: Delivery, own: Usual | None) -> list[Remark]:
    """What stands out in an utterance, plainest first; empty when nothing does.

    Args:
        one: The utterance.
        own: The speaker's usual; without it only what no adult's usual explains is said.
    """
    found = _relative(one, own) if own else _absolute(one)
    if one.pause_max >= _LONG_PAUSE:
        found.append(Remark(f"a pause of {one.pause_max:.1f} s", one.pause_max / _LONG_PAUSE, "has"))
    if one.voiced >= _SHORT and one.breaks >= _BROKEN and one.pitch_range < SEVERAL:
        # Creak at the end of a sentence, a second voice and mistakes of the pitch tracker look the same: never plain.
        found.append(Remark(f"possible breaks ({one.breaks:.1f} per second)", 1.0, "has"))
    return sorted(found, key=lambda r: -r.strength)


def _relative(one: Delivery, own: Usual) -> list[Remark]:
    pitch, loud, sharp = one.pitch - own.pitch, one.loudness - own.loudness, one.sharpness - own.sharpness
    found = [
        Remark(f"{'higher' if pitch > 0 else 'lower'} ({pitch:+.1f} semitones)", abs(pitch) / (1.3 * own.pitch_unit)),
        Remark(f"{'louder' if loud > 0 else 'quieter'} ({loud:+.0f} dB)", abs(loud) / (1.3 * own.loudness_unit)),
        Remark(f"{'sharper' if sharp > 0 else 'softer'} ({sharp:+.0f} dB above 1 kHz)", abs(sharp) / 5),
    ]
    if one.clean and one.harmonicity is not None and own.harmonicity is not None:
        pure = one.harmonicity - own.harmonicity
        found.append(
            Remark(f"{'clearer' if pure > 0 else 'rougher or breathier'} ({pure:+.0f} dB harmonicity)", abs(pure) / 5)
        )
    if one.voiced >= _SHORT:
        ratio, pace = one.pitch_range / max(own.pitch_range, 1.0), rate(one, own)
        wide = "livelier" if ratio > 1 else "flatter"
        found.append(Remark(f"{wide} (pitch range {one.pitch_range:.0f} semitones)", _far(ratio, 1.6)))
        found.append(Remark(f"{'faster' if pace > 1 else 'slower'} ({pace - 1:+.0%})", _far(pace, 1.3)))
    return [r for r in found if r.strength >= 1]


def _far(ratio: float, limit: float) -> float:
    """How far a ratio is from 1, in units of a limit, the same upwards and downwards."""
    ratio = max(ratio, 1e-3)
    larger = max(ratio, 1 / ratio)
    return (larger - 1) / (limit - 1)


def _absolute(one: Delivery) -> list[Remark]:
    found: list[Remark] = []
    if one.hertz > _HIGH_HERTZ and one.voiced >= 1.5 * _SHORT:
        found.append(Remark(f"very high for an adult ({one.hertz:.0f} Hz)", one.hertz / _HIGH_HERTZ))
    if one.hertz < _LOW_HERTZ and one.voiced >= 1.5 * _SHORT:
        found.append(Remark(f"very low ({one.hertz:.0f} Hz)", _LOW_HERTZ / one.hertz))
    if one.voiced >= 2 * _SHORT and one.pace > _FAST:
        found.append(Remark(f"fast for common speech ({one.pace:.1f} syllables/s)", one.pace / _FAST))
    if one.voiced >= 2 * _SHORT and 0 < one.pace < _SLOW:
        found.append(Remark(f"slow for common speech ({one.pace:.1f} syllables/s)", _SLOW / one.pace))
    if one.voiced >= 2 * _SHORT and one.pitch_range < FLAT:
        found.append(
            Remark(f"rather flat (pitch range {one.pitch_range:.1f} semitones)", FLAT / max(one.pitch_range, 1))
        )
    if one.voiced >= 2 * _SHORT and LIVELY < one.pitch_range < SEVERAL:
        found.append(Remark(f"lively (pitch range {one.pitch_range:.0f} semitones)", one.pitch_range / LIVELY))
    return found


def clause(found: Sequence[Remark], *, own: bool) -> str:
    """One clause of the two plainest comparisons and the plainest of the rest.

    Args:
        found: At least one remark, plainest first.
        own: Whether the comparisons are with the speaker's usual.
    """
    compared = [r for r in found if r.kind == "is"][:3]
    having = [r.text for r in found if r.kind == "has"][:2]
    if not compared:
        return "the voice has " + " and ".join(having)
    strength = compared[0].strength
    hedge = "clearly " if own and strength >= 2 else "" if strength >= 1.4 else "possibly "
    first, *rest = (r.text for r in compared)
    if own:
        word, bracket = first.split(" ", 1)
        first = f"{word} than this speaker's usual {bracket}"
    joined = f"{', '.join([first, *rest[:-1]])} and {rest[-1]}" if rest else first
    return f"the voice is {hedge}{joined}" + (f", with {' and '.join(having)}" if having else "")


def toned(tone: Tone, ahead: float | None) -> str | None:
    """What the tone of an utterance is like, hedged; None where nothing stands out.

    Args:
        tone: Of the utterance.
        ahead: Its arousal less that of the speaker's other utterances. None where these do not differ or are not known: then no acted
            tone is named, as it may be nothing but how this speaker always sounds.
    """
    force = (
        "energetic" if tone.arousal > FORCE else "low in energy" if tone.arousal < -FORCE else "in between in energy"
    )
    if ahead is None:
        return f"the voice is {force} beside acted German ones, which may be this speaker's usual"
    named = _named(tone)
    if abs(ahead) < AHEAD:
        return f"the tone of voice is {named}" if named else None
    hedge, more = "" if abs(ahead) >= _PLAINLY else "possibly ", "more" if ahead > 0 else "less"
    text = f"the voice is {hedge}{more} energetic than in this speaker's other utterances"
    return f"{text}, {named}" if named else text


def _named(tone: Tone) -> str | None:
    """The acted tone that has a plain share, or the two that have one together."""
    (first, p), (second, q), *_ = sorted(tone.posterior.items(), key=lambda item: -item[1])
    if p < _PLAIN and p + q < _TOGETHER:
        return None
    names = [first, second] if q >= _BESIDE else [first]
    like = "acted " + " or ".join(name if name != "neutral" else "plain speech" for name in names)
    return f"{'' if p >= _SURE else 'possibly '}like {like.replace('acted plain', 'plain')}"
