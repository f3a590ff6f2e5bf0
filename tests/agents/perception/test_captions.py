"""Captions by a tiny LLaVA of the real classes, and what happens when the captioner cannot."""

import numpy as np
import pytest

from cuechain.agents.pipeline import perceive
from cuechain.agents.settings import load


@pytest.fixture
def picture(tmp_path):
    from PIL import Image

    path = tmp_path / "red.png"
    Image.fromarray(np.full((64, 96, 3), (200, 30, 30), np.uint8)).save(path)
    return path


def test_a_configured_captioner_describes_keyframes(picture, film, tmp_path):
    pytest.importorskip("transformers")
    from tests.agents.llm import tiny

    spec = f"hf:{tiny.llava(tmp_path / 'llava')}"
    settings = load(senses=("scene",), captioner=spec)
    said = [c for c in perceive(picture, settings).cues.values() if "captioning model" in c.text]
    assert len(said) == 1 and said[0].measures["captioner"] == spec and said[0].span is None
    shots = perceive(film(tmp_path / "two.mp4", seconds=4, shots=2), settings)
    assert len([c for c in shots.cues.values() if "captioning model" in c.text and c.span]) == 2
    assert not any("captioning" in c.text for c in perceive(picture, load(senses=("scene",))).cues.values())


def test_a_captioner_that_cannot_see_is_a_gap_beside_what_was_measured(picture):
    sheet = perceive(picture, load(senses=("scene",), captioner="rules"))
    assert sheet.cues and any("cannot see" in g.reason for g in sheet.gaps)
