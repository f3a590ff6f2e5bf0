"""What the camera does in made shots, and what is heard besides words in made and in real sounds.

    python benchmarks/scene.py          # CUECHAIN_DATA names the data

Framing, light and colour were checked by looking at pictures: benchmarks/media_visual.md.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from figures import Figure
from PIL import Image

from cuechain.agents.media import Frame, opened
from cuechain.agents.perception.pictures.camera import Camera
from cuechain.agents.perception.sound import Sound
from cuechain.agents.settings import load
from cuechain.agents.values import Cue

WAYS = {
    "stands": "standing", "pans": "pans", "pans fast": "pans", "zooms in": "moves in", "zooms out": "moves out", "trembles": "not quite",
}  # fmt: skip


def shot(template: Path, way: str, seed: int) -> Camera:
    """Four seconds of a window of a picture that stands, moves, grows or trembles, with the noise of a sensor."""
    ground = Image.open(template).convert("RGB").resize((480, 270))
    noise, camera, at, speed = np.random.default_rng(seed), Camera(), np.zeros(2), np.zeros(2)
    for index in range(50):
        now, left, top, width = index * 0.08, 80.0, 45.0, 320.0
        if way in ("pans", "pans fast"):
            left += (now - 2) * (12 if way == "pans" else 38)
        elif way.startswith("zooms"):
            width *= 1 - 0.05 * now if way == "zooms in" else 0.8 + 0.05 * now
            left, top = 240 - width / 2, 135 - width * 9 / 32
        elif way == "trembles":
            speed = 0.8 * speed + noise.normal(0, 1.2, 2) - 0.05 * at
            at = np.clip(at + speed, -40, 40)
            left, top = left + at[0], top + at[1]
        box = (left, top, left + width, top + width * 9 / 16)
        image = np.asarray(ground.resize((320, 180), Image.Resampling.BILINEAR, box=box), np.float32)
        image = np.clip(image + noise.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
        camera.watch(Frame(now, image, index, 0, 0.01, 0.08, (320, 180)))
    return camera


def _camera(data: Path) -> Iterator[Figure]:
    templates = sorted((data / "media/imgflip_memes/templates").glob("*.jpg"))[::3]
    right: dict[str, list[int]] = {}
    for way, word in WAYS.items():
        told = [shot(t, way, seed).told() for seed, t in enumerate(templates)]
        right[way] = [sum(word in said for said in told), sum(bool(said) and word not in said for said in told)]
    for way, (hits, wrong) in right.items():
        yield Figure(
            "scene",
            f"a camera that {way}: told so",
            f"{hits}, told otherwise {wrong}",
            "-",
            len(templates),
            "made shots",
        )


def heard(path: Path) -> list[str]:
    with opened(path) as clip:
        return [c.text for c in Sound(load(cache=None)).perceive(clip, ()) if isinstance(c, Cue)]


def _sound(data: Path) -> Iterator[Figure]:
    spoken = sorted((data / "media/speech").glob("*.wav"))
    acted = sorted((data / "train/emodb_flac").rglob("*.flac"))
    random.Random(0).shuffle(acted)
    files, begin = [*spoken, *acted[:60]], time.process_time()
    said = [heard(path) for path in files]
    spent = (time.process_time() - begin) / sum(soundfile.info(p).duration for p in files)
    for word in ("sudden loud", "background", "no speech"):
        false = sum(any(word in text for text in texts) for texts in said)
        yield Figure("sound", f"'{word}' told of clean speech", str(false), "-", len(files), "speech, EmoDB")
    yield Figure("sound", "CPU for a second of sound", f"{1000 * spent:.1f} ms", "-", len(files), "speech, EmoDB")
    hits = {"sudden loud": 0, "background": 0, "no speech": 0}
    noise, long = np.random.default_rng(0), [p for p in spoken if soundfile.info(p).duration > 4]
    with tempfile.TemporaryDirectory() as folder:
        for path in long:
            clean, rate = soundfile.read(path, dtype="float32")
            clean = clean if clean.ndim == 1 else clean.mean(axis=1)
            loud = float(np.percentile(np.abs(clean), 99))
            bang = clean.copy()
            bang[2 * rate : 2 * rate + rate // 10] += noise.normal(0, 4 * loud, rate // 10) * np.linspace(
                1, 0, rate // 10
            )
            noisy = clean + noise.normal(0, loud / 8, clean.shape)
            tones = sum(np.sin(2 * np.pi * hz * np.arange(4 * rate) / rate) for hz in (262, 330, 392))
            music = np.concatenate([clean, 0.2 * loud * tones])
            for word, made in (("sudden loud", bang), ("background", noisy), ("no speech", music)):
                file = Path(folder) / "made.wav"
                soundfile.write(file, np.clip(made, -1, 1), rate)
                hits[word] += any(word in text for text in heard(file))
    for word, count in hits.items():
        made = {"sudden loud": "a burst", "background": "noise", "no speech": "4 s of a chord after it"}[word]
        yield Figure("sound", f"'{word}' told where it is", str(count), "-", len(long), f"read speech with {made}")


def figures(data: Path) -> Iterator[Figure]:
    """Rows for the table."""
    yield from _camera(data)
    yield from _sound(data)


if __name__ == "__main__":
    for row in figures(Path(os.environ["CUECHAIN_DATA"])):
        print(f"{row.sense} | {row.what} | {row.value} | n={row.n} | {row.data}", flush=True)
