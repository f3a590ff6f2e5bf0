from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.media import RATE, opened
from cuechain.agents.perception.acoustics.denoise import denoised
from cuechain.agents.perception.acoustics.phonation import SLOWER
from cuechain.agents.perception.acoustics.pitch import track
from cuechain.agents.perception.acoustics.timbre import slowed, timbre
from cuechain.agents.perception.acoustics.tone import Head, Tone, ahead, heard, shipped, tones
from cuechain.agents.perception.acoustics.vocal import toned
from cuechain.agents.values import Cue

DATA = Path(os.environ["CUECHAIN_DATA"]) if os.environ.get("CUECHAIN_DATA") else None
needs_data = pytest.mark.skipif(DATA is None, reason="CUECHAIN_DATA is not set")


def buzz(
    seconds: float, hertz: float = 150.0, *, wobble: float = 0.0, breath: float = 0.0, soft: float = 1.0
) -> np.ndarray:
    """A voice of harmonics; `wobble` jitters the length of its periods, `breath` adds noise, `soft` tilts the spectrum."""
    rng = np.random.default_rng(1)
    t = np.arange(round(seconds * RATE)) / RATE
    drift = np.interp(t, np.arange(0, seconds, 0.006), rng.normal(0, wobble, len(np.arange(0, seconds, 0.006))))
    phase = 2 * np.pi * np.cumsum(hertz * (1 + drift)) / RATE
    wave = sum(np.sin(phase * k) / k**soft for k in range(1, int(3600 / hertz)))
    return (0.15 * wave + breath * rng.standard_normal(len(t))).astype(np.float32)


def measured(sound: np.ndarray) -> dict[str, float]:
    return timbre(sound, track(sound))


def test_breath_lowers_harmonicity_wobble_raises_jitter_and_a_soft_voice_is_tilted() -> None:
    plain = measured(buzz(1.0))
    assert measured(buzz(1.0, breath=0.05))["hnr_mean"] < plain["hnr_mean"] - 5
    assert measured(buzz(1.0, wobble=0.02))["jitter_mean"] > 2 * plain["jitter_mean"]
    assert measured(buzz(1.0, soft=2.0))["tilt_harmonic_mean"] == pytest.approx(plain["tilt_harmonic_mean"] - 6, abs=1)
    assert measured(buzz(1.0, soft=2.0))["alpha_mean"] > plain["alpha_mean"] + 5


def test_measures_do_not_depend_on_the_level_of_the_recording() -> None:
    sound = buzz(1.0, 180, breath=0.01) * np.linspace(0.5, 1, RATE).astype(np.float32)
    loud, quiet = measured(sound), measured(0.05 * sound)
    assert list(loud) == list(quiet)
    assert all(quiet[name] == pytest.approx(loud[name], rel=0.1, abs=0.5) for name in loud)


@pytest.mark.parametrize("sound", [np.zeros(RATE), np.zeros(1), np.full(RATE, 0.9)], ids=["silent", "one", "constant"])
def test_without_a_voice_there_is_no_tone(sound: np.ndarray) -> None:
    assert heard(sound.astype(np.float32)) is None
    assert tones([None], session=True) == [None] and tones([], session=False) == []


def test_a_slowed_sound_is_longer_and_deeper_and_as_loud() -> None:
    sound = 0.3 * np.sin(2 * np.pi * 441 * np.arange(RATE) / RATE)
    slow = slowed(sound)
    assert len(slow) == RATE * SLOWER and np.abs(slow).max() == pytest.approx(0.3, rel=0.01)
    assert np.abs(np.fft.rfft(slow[:RATE])).argmax() == 320
    assert [len(slowed(sound[:n])) for n in (0, 1, 321)] == [0, 441, 882]


def test_the_tone_is_heard_in_the_slowed_voice() -> None:
    found = heard(buzz(1.0, 180))
    assert found is not None
    assert found["f0_mean"] == pytest.approx(12 * np.log2(1.8 / SLOWER), abs=0.3)


def test_a_short_voice_is_measured_with_finite_numbers() -> None:
    found = heard(buzz(0.15))
    assert found is not None and np.isfinite(list(found.values())).all()


def head() -> Head:
    """One measure: low is sadness, high is anger; speakers differ as much as tones do."""
    one = np.ones(1)
    return Head(
        ["x"], ["anger", "sadness"], np.zeros(1), one, np.eye(1), np.array([[1.0], [-1.0]]), 4 * one, (1.0, 1.0)
    )


def test_the_speakers_other_utterances_tell_an_offset_from_a_tone() -> None:
    """The same measure is anger for who is otherwise low, sadness for who is otherwise high."""
    for others, tone in (([-1.0, -0.9, -1.1], "anger"), ([3.0, 2.9, 3.1], "sadness")):
        said = [{"x": x} for x in (1.0, *others)]
        first = tones(said, session=True, head=head())[0]
        assert first is not None and max(first.posterior, key=lambda t: first.posterior[t]) == tone
        assert first.relative and sum(first.posterior.values()) == pytest.approx(1)
        assert tones(said, session=False, head=head())[0] != first


def test_what_is_too_far_out_is_cut_and_order_does_not_matter() -> None:
    said = [{"x": 1e9}, {"x": -1.0}, {"x": 0.5}]
    found = tones(said, session=True, head=head())
    assert tones(said[::-1], session=True, head=head())[::-1] == [
        Tone(pytest.approx(t.posterior), True)
        for t in found
        if t  # pyright: ignore
    ]


def test_the_shipped_head_is_whole_and_names_what_is_measured() -> None:
    told = shipped()
    found = measured(buzz(1.0))
    assert told.names == list(found) and len(told.tones) == 7
    assert told.turn.shape == (len(found),) * 2 and told.centres.shape == (7, len(found))
    (tone,) = tones([found], session=False)
    assert tone is not None and -1 <= tone.arousal <= 1 and -1 <= tone.valence <= 1


def posterior(**shares: float) -> Tone:
    rest = (1 - sum(shares.values())) / (7 - len(shares))
    names = ("anger", "boredom", "disgust", "fear", "joy", "neutral", "sadness")
    return Tone({name: shares.get(name, rest) for name in names}, True)


def test_tones_are_told_hedged_and_never_as_a_feeling() -> None:
    more = "the voice is more energetic than in this speaker's other utterances"
    assert toned(posterior(anger=0.9), 1.2) == f"{more}, like acted anger"
    assert toned(posterior(anger=0.5, joy=0.4), 0.6) == (
        f"{more.replace('is', 'is possibly', 1)}, possibly like acted anger or joy"
    )
    assert toned(posterior(anger=0.34, fear=0.3, joy=0.3), 0.9) == more
    assert toned(posterior(sadness=0.3, boredom=0.3), -0.9) == more.replace("more", "less", 1)
    assert (
        toned(posterior(neutral=0.6, boredom=0.3), -0.1) == "the tone of voice is possibly like plain speech or boredom"
    )
    assert toned(posterior(anger=0.3, sadness=0.3), 0.1) is None


def test_without_contrast_no_acted_tone_is_named() -> None:
    for tone, force in ((posterior(anger=0.9), "energetic"), (posterior(sadness=0.9), "low in energy")):
        text = toned(tone, None)
        assert text == f"the voice is {force} beside acted German ones, which may be this speaker's usual"


def test_energy_is_told_against_the_speakers_others_only_where_these_differ() -> None:
    angry, sad = posterior(anger=0.95), posterior(sadness=0.95)
    assert ahead([angry, angry, angry, angry]) == [None] * 4
    assert ahead([angry, sad]) == [None] * 2  # two cannot tell which of them is the usual
    first, gap, *rest = ahead([angry, None, sad, sad, sad])
    assert gap is None and first == pytest.approx(angry.arousal - sad.arousal)
    assert all(r is not None and r < 0 for r in rest)


def test_a_tone_is_evidence_only_beside_others_of_the_speaker_and_prosody_beside_it_counts_less() -> None:
    measures: dict[str, float | str] = {f"tone_{name}": p for name, p in posterior(sadness=0.8).posterior.items()}
    alone = Cue(sense="voice", text="x", measures=measures, source="voice@5")
    assert read_cue(alone).strength == 0
    scores = read_cue(alone.model_copy(update={"measures": {**measures, "arousal_rel": -0.9}})).scores
    assert max(scores, key=lambda k: scores[k]) == "sadness"
    prosody = Cue(sense="voice", text="x", measures={"f0_rel_st": 4.0, "loudness_rel_db": 6.0}, source="voice@5")
    beside = prosody.model_copy(update={"measures": {**prosody.measures, "tone": "told apart"}})
    assert 0 < read_cue(beside).strength < 0.5 * read_cue(prosody).strength


@pytest.mark.parametrize(
    "text", ["within the common range of adult speech (8 semitones)", "within this speaker's usual range"]
)
def test_a_voice_within_its_range_is_not_thin_and_speaks_for_no_feeling(text: str) -> None:
    cue = Cue(sense="voice", text=f"the voice is {text}", measures={"reference": "general"}, source="voice@5")
    assert set(read_cue(cue).scores) == {"neutral"}


def test_denoised_sound_keeps_its_length_and_place_and_loses_steady_noise() -> None:
    rng = np.random.default_rng(0)
    on = np.arange(RATE * 12) % RATE < RATE // 2
    voice = np.where(on, np.resize(buzz(1.0), RATE * 12), 0).astype(np.float32)
    noisy = voice + 0.02 * rng.standard_normal(len(voice)).astype(np.float32)
    found = denoised(noisy)
    assert len(found) == len(noisy)
    gaps = np.arange(len(voice)) % RATE > 0.7 * RATE
    assert found[gaps].std() < 0.5 * noisy[gaps].std()
    assert np.corrcoef(found, voice)[0, 1] > 0.97
    assert [len(denoised(voice[:n])) for n in (0, 1, RATE)] == [0, 1, RATE]


@needs_data
def test_acted_anger_and_sadness_are_told_apart() -> None:
    """In-corpus: that the shipped head, the measures and the files fit together, not how good it is."""
    assert DATA
    found: dict[str, float] = {}
    for name in ("03a01Wa", "03a02Ta"):
        with opened(DATA / f"train/emodb_flac/{name}.flac") as clip:  # in the product's rate, not the file's
            sound = clip.sound
            assert sound is not None
            (tone,) = tones([heard(sound)], session=False)
        assert tone is not None
        found[name] = tone.arousal
    assert found["03a01Wa"] > 0.5 and found["03a02Ta"] < -0.5
