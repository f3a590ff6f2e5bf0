"""How well the voice sense tells acted tones, on speakers that were kept from it, in quiet and in noise.

    CUECHAIN_DATA=… python benchmarks/voice.py              # some minutes: EmoDB, ten folds, each without one speaker
    CUECHAIN_DATA=… python benchmarks/voice.py --planner    # rules and embedded planner by voice alone, heads without the speaker

The head of each fold, its shrinkage and its temperatures are fitted without that fold's speaker. Conditions are read on every second
recording. `alone`: one utterance; `session`: all of the speaker's utterances known (unlabelled, in all seven tones); `narrow`: 4 to 12 of
them in one to three tones, as in a clip.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from figures import Figure

from cuechain.agents.perception.acoustics.denoise import denoised
from cuechain.agents.perception.acoustics.tone import HIGH, LOW, Head, Tone, ahead, tones
from cuechain.agents.perception.acoustics.tone import heard as timbre_of
from cuechain.agents.perception.acoustics.vocal import AHEAD, FORCE
from cuechain.finetune.embedded import voiced
from cuechain.finetune.senses import channels
from cuechain.finetune.senses.tone import Recording, Session, as_session, recordings, sessions
from cuechain.finetune.senses.tone_fit import arousal, held_out, narrow, predicted, reliability, uar

KEPT = Path("runs/tone/sessions.npz")
"""Where `cuechain finetune tone` keeps what it measured; measured anew where it is not there."""

COPIES, PICKED = 6, 18
"""As in finetune/configs/tone.yaml."""

Channel = Callable[[np.ndarray], np.ndarray]


def english(data: Path) -> list[np.ndarray]:
    """Voices for babble."""
    from cuechain.agents.media import opened

    found: list[np.ndarray] = []
    for path in sorted((data / "media/speech").glob("*.wav")):
        with opened(path) as clip:
            found.append(np.array(clip.sound))
    return found


def conditions(data: Path, speaker: str) -> dict[str, Channel]:
    """What a speaker's recordings are put through."""
    voices = english(data)

    def rng(name: str) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(f"{speaker}-{name}".encode()))

    babble, music, steady, tail = rng("babble"), rng("music"), rng("steady"), channels.room(0.6, 0, rng("reverb"))
    found: dict[str, Channel] = {
        "babble 10 dB": lambda s: channels.mixed(s, channels.babble(voices, len(s), babble), 10),
        "music 10 dB": lambda s: channels.mixed(s, channels.music(len(s), music), 10),
        "pink noise 10 dB": lambda s: channels.mixed(s, channels.noise(len(s), 1, steady), 10),
        "telephone": channels.telephone,
        "5 % clipped": lambda s: channels.clipped(s, 0.05),
        "room, 0.6 s": lambda s: channels.reverberant(s, tail),
    }
    return found


def heard_in(
    recorded: Sequence[Recording], data: Path, wanted: Sequence[str], *, clean: bool = False
) -> dict[str, list[Session]]:
    """Every second recording of each speaker under each condition; with `clean`, denoised afterwards."""
    found: dict[str, list[Session]] = {name: [] for name in wanted}
    for speaker in sorted({r.speaker for r in recorded}):
        items = [i for i, r in enumerate(recorded) if r.speaker == speaker][::2]
        ways = conditions(data, speaker)
        for name in wanted:
            sounds = [ways[name](recorded[i].sound) for i in items]
            sounds = [np.array(denoised(s)) for s in sounds] if clean else sounds
            found[name].append(as_session(speaker, name, items, sounds)[0])
    return found


def scored(heads: Mapping[str, Head], heard: Sequence[Session], tone: np.ndarray, *, session: bool) -> tuple[str, str]:
    """UAR and share of right arousal, each with its 95 % bootstrap interval over recordings."""
    items, shares = predicted(heads, heard, session=session)
    right, tones = tone[items], next(iter(heads.values())).tones
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(right), (500, len(right)))
    spread = [uar(right[d], shares[d], tones) for d in drawn]
    calm = arousal(right, shares, tones)
    calmer = rng.choice(calm, (500, len(calm))).mean(axis=1)
    return _with(uar(right, shares, tones), spread), _with(float(calm.mean()), calmer)


class Energy(NamedTuple):
    """Whether utterances are told rightly to be more or less energetic than the speaker's others."""

    ordered: list[float]
    """For each pair of one of high and one of low arousal of a speaker, whether they are told in that order."""
    told: list[bool]
    """For each that is told, whether it is: its level (high 1, low -1, disgust 0) against the mean of the others."""
    said: int
    """Utterances heard."""
    false: tuple[int, int]
    """Clips whose utterances are all high or all low; those of them in which a contrast is told, and all."""


def energy(heads: Mapping[str, Head], heard: Sequence[Session], tone: np.ndarray) -> Energy:
    """Relative arousal by the code that makes the cues, each session by itself."""
    ordered: list[float] = []
    told: list[bool] = []
    false, even = 0, 0
    for s in heard:
        head = heads[s.speaker]
        found = [Tone(dict(zip(head.tones, p, strict=True)), True) for p in head.posteriors(s.rows, session=True)]
        level = np.array([float(t in HIGH) - float(t in LOW) for t in tone[s.items]])
        value = np.array([t.arousal for t in found])
        ordered += (value[level == 1][:, None] > value[level == -1]).ravel().tolist()
        more, n = ahead(found), len(level)
        others = (level.sum() - level) / (n - 1)
        told += [
            (m > 0) == (x > o) and x != o for m, x, o in zip(more, level, others, strict=True) if m and abs(m) >= AHEAD
        ]
        if abs(level.sum()) == n:
            even, false = even + 1, false + (more[0] is not None)
    return Energy(ordered, told, sum(len(s.items) for s in heard), (false, even))


def _with(value: float, drawn: Sequence[float] | np.ndarray) -> str:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{value:.3f} ({low:.2f}–{high:.2f})"


def figures(data: Path) -> Iterator[Figure]:
    """The rows of this part."""
    recorded = recordings(data / "train/emodb_flac")
    tone = np.array([r.tone for r in recorded])
    heard, names = sessions(recorded, COPIES, PICKED, KEPT)
    heads = held_out(heard, names, tone)
    clean = [s for s in heard if s.name == "clean"]
    where = "EmoDB, acted German, speaker held out"
    for what, some, together in (
        ("alone", clean, False),
        ("session", clean, True),
        ("narrow", narrow(clean, tone), True),
    ):
        recall, calm = scored(heads, some, tone, session=together)
        n = sum(len(s.items) for s in some)
        yield Figure("voice", f"acted tone, UAR of 7, {what}", recall, "chance 0.143", n, where)
        yield Figure("voice", f"arousal high or low, accuracy, {what}", calm, "majority 0.53", n, where)
        cold = {s: h._replace(warmth=(1.0, 1.0)) for s, h in heads.items()}
        (error, brier), (before, worse) = (
            reliability(tone[items], shares, next(iter(h.values())).tones)
            for h in (heads, cold)
            for items, shares in [predicted(h, some, session=together)]
        )
        yield Figure("voice", f"calibration error, {what}", f"{error:.3f}", f"uncalibrated {before:.3f}", n, where)
        yield Figure("voice", f"Brier score, {what}", f"{brier:.3f}", f"uncalibrated {worse:.3f}", n, where)
    for what, some in (
        ("all utterances of the speaker known", clean),
        ("4 to 12 of them", narrow(clean, tone, times=20)),
    ):
        e = energy(heads, some, tone)
        yield Figure(
            "voice",
            f"pairs of high and low arousal in order, {what}",
            f"{np.mean(e.ordered):.3f}",
            "chance 0.5",
            len(e.ordered),
            where,
        )
        yield Figure(
            "voice",
            f"more or less energetic than the others, right of those told, {what}",
            _with(float(np.mean(e.told)), np.random.default_rng(0).choice(e.told, (500, len(e.told))).mean(axis=1)),
            f"told of {e.said}",
            len(e.told),
            where,
        )
        if e.false[1]:
            yield Figure(
                "voice",
                "contrast told though all utterances are high, or all low",
                f"{e.false[0]}",
                "should be 0",
                e.false[1],
                where,
            )
    yield from neutral_readers(data)
    every = [s._replace(items=s.items[::2], rows=s.rows[::2]) for s in clean]
    quiet = {together: scored(heads, every, tone, session=together) for together in (False, True)}
    wanted = ("babble 10 dB", "music 10 dB", "pink noise 10 dB", "telephone", "5 % clipped", "room, 0.6 s")
    for reduced in (False, True):
        for name, some in heard_in(recorded, data, wanted[:3] if reduced else wanted, clean=reduced).items():
            for together in (False, True):
                how = f"{name}{', denoised' if reduced else ''}, {'session' if together else 'alone'}"
                n = sum(len(s.items) for s in some)
                for what, value, best in zip(
                    ("UAR of 7", "arousal"), scored(heads, some, tone, session=together), quiet[together], strict=True
                ):
                    yield Figure("voice", f"{what}, {how}", value, f"quiet {best}", n, where)


def neutral_readers(data: Path) -> Iterator[Figure]:
    """How the head that ships takes English readers, each clip alone: it should call none of them energetic or low in energy."""
    from cuechain.agents.media import opened

    for who, pattern in (("one lively English reader", "LJ*.wav"), ("other English speakers", "l[!J]*.wav")):
        arousal_of: list[float] = []
        for path in sorted((data / "media/speech").glob(pattern)):
            with opened(path) as clip:
                sound = np.array(clip.sound)
            (one,) = tones([timbre_of(sound)], session=False)
            arousal_of += [one.arousal] if one else []
        high, low = (sum(side * a > FORCE for a in arousal_of) for side in (1, -1))
        text = f"{high} energetic, {low} low, median {np.median(arousal_of):+.2f}"
        yield Figure(
            "voice",
            f"read text beside acted voices, {who}",
            text,
            "0 energetic, 0 low",
            len(arousal_of),
            "media/speech",
        )


def planned(data: Path) -> str:
    """The planners by voice alone, each speaker's cues made by the head that was fitted without that speaker."""
    import planner

    folder = data / "train/emodb_flac"
    examples = list(voiced.voices(folder, voiced.heads(folder, KEPT, COPIES, PICKED)))
    return planner.voices_table(examples, ("rules", "embedded"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planner", action="store_true")
    folder = Path(os.environ["CUECHAIN_DATA"])
    if parser.parse_args().planner:
        print(planned(folder))
    else:
        for row in figures(folder):
            print(f"| {row.what} | {row.value} | {row.baseline} | {row.n} |", flush=True)
