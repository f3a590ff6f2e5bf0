"""The tone head is trained by the real code on voices that are made here: forceful ones and soft ones, by several made speakers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.finetune.conftest import speech

from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.tone import LOW, Head, shipped
from cuechain.finetune.senses import channels, tone_fit
from cuechain.finetune.senses.tone import Session, elsewhere, main, recordings
from cuechain.finetune.senses.tone_fit import Fitted, arousal, chosen, held_out, narrow, predicted, reliability, uar


def test_recordings_are_heard_at_the_rate_of_the_senses_whatever_rate_they_have(tmp_path: Path) -> None:
    import soundfile

    t = np.arange(2 * 22_050) / 22_050
    soundfile.write(tmp_path / "a.flac", 0.3 * np.sin(2 * np.pi * 440 * t), 22_050)
    (tmp_path / "labels.csv").write_text("file,speaker,emotion\na.flac,1,happiness\n")
    (one,) = recordings(tmp_path)
    assert one.tone == "joy" and len(one.sound) == pytest.approx(2 * RATE, abs=32)
    assert np.abs(np.fft.rfft(one.sound[:RATE])).argmax() == 440


def test_the_verb_trains_a_head_that_tells_an_unseen_speaker_and_trains_it_again_the_same(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tone_fit, "WARMTH", (0.3, 1.0))  # a smaller grid takes a fifth of the time
    config = corpus / "tone.yaml"
    config.write_text(f"corpora: {corpus}\nout: {corpus}/run\nweights: {corpus}/weights\ncopies: 1\npicked: 7\n")
    main(config)
    first = (corpus / "weights/tone.json").read_text()
    told = json.loads(first)
    assert told["tones"] == ["joy", "sadness"] and told["report"]["n"] == 24
    assert told["report"]["session_uar"] > 0.9 and told["report"]["session_arousal"] > 0.9
    assert told["names"] == shipped().names
    main(config)  # from what it kept
    assert (corpus / "weights/tone.json").read_text() == first


def made(count: int = 6, each: int = 20, seed: int = 0) -> tuple[list[Session], np.ndarray]:
    """Sessions drawn from the model itself: two measures, two tones, offsets as large as the tones are apart."""
    rng = np.random.default_rng(seed)
    tone = np.array(["anger", "sadness"] * (count * each // 2))
    centre = np.where(tone == "anger", 1.0, -1.0)[:, None] * np.array([1.0, 0.5])
    found: list[Session] = []
    for s in range(count):
        items = np.arange(s * each, (s + 1) * each)
        rows = centre[items] + rng.normal(0, 1, 2) + rng.normal(0, 0.5, (each, 2))
        found.append(Session(str(s), "clean", items, rows))
    return found, tone


def test_the_fit_finds_the_tones_under_the_offsets_and_a_session_helps() -> None:
    heard, tone = made()
    fitted = Fitted(heard, ["a", "b"], tone)
    apart = (fitted.centres[0] - fitted.centres[1]) * fitted.spread
    assert apart == pytest.approx([2, 1], abs=0.3)
    heads = held_out(heard, ["a", "b"], tone)
    alone, together = (predicted(heads, heard, session=s) for s in (False, True))
    assert uar(tone[together[0]], together[1], ["anger", "sadness"]) > uar(
        tone[alone[0]], alone[1], ["anger", "sadness"]
    )


def test_a_head_of_a_fold_has_not_seen_its_speaker() -> None:
    heard, tone = made()
    other = [s._replace(rows=s.rows + 100) if s.speaker == "0" else s for s in heard]
    before, after = (held_out(some, ["a", "b"], tone)["0"] for some in (heard, other))
    assert np.array_equal(before.centres, after.centres) and before.warmth == after.warmth


def test_narrow_sessions_keep_rows_and_labels_together() -> None:
    heard, tone = made()
    for one in narrow(heard, tone):
        assert 4 <= len(one.items) <= 12
        whole = next(s for s in heard if s.speaker == one.speaker)
        assert np.array_equal(whole.rows[one.items - whole.items[0]], one.rows)


def test_scores_of_a_known_table() -> None:
    tones, right = ["anger", "neutral", "sadness"], np.array(["anger", "anger", "sadness", "neutral"])
    shares = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.1, 0.8, 0.1]])
    assert uar(right, shares, tones) == pytest.approx((0.5 + 1 + 1) / 3)
    assert arousal(right, shares, tones).tolist() == [True, False, True, True] and "sadness" in LOW
    error, brier = reliability(right, shares, tones)
    assert error == pytest.approx(0.25 * 0.4 + 0.25 * 0.7 + 0.5 * 0.2)  # bins .6, .7 and .8: right 1, 0 and 1
    assert brier == pytest.approx((0.06 + 1.14 + 0.26 + 0.06) / 4)


def test_the_head_that_is_chosen_is_one_of_those_that_were_tried() -> None:
    heard, tone = made(3)
    head = chosen(heard, ["a", "b"], tone)
    assert isinstance(head, Head) and np.isfinite(head.turn).all() and all(0 < w <= 1 for w in head.warmth)


def test_channels_keep_length_and_do_what_they_say() -> None:
    rng, sound = np.random.default_rng(0), np.tile(speech(150, True, 1), 2)
    noisy = channels.mixed(sound, channels.noise(len(sound), 1, rng), 10)
    assert 10 * np.log10((sound**2).mean() / ((noisy - sound) ** 2).mean()) == pytest.approx(10, abs=1)
    for other in (
        channels.telephone(sound),
        channels.clipped(sound, 0.05),
        channels.reverberant(sound, channels.room(0.4, 3, rng)),
        channels.tilted(sound, -6),
        channels.coded(sound, "libopus", 16_000),
        channels.coded(sound, "libmp3lame", 24_000),
    ):
        assert len(other) == len(sound) and np.isfinite(other).all() and np.abs(other).max() <= 1
    coded = channels.coded(sound, "libopus", 24_000)
    assert np.corrcoef(coded[4000:-4000], sound[4000:-4000])[0, 1] > 0.8  # aligned
    again = [elsewhere([sound], "a")[0] for _ in range(2)]
    assert np.array_equal(*again) and not np.array_equal(again[0], elsewhere([sound], "b")[0])
