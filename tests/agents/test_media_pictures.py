"""Pictures of every kind through the decode pass."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuechain.agents.frames import MAX_SIDE
from cuechain.agents.media import probe

from .decoding import notes, refused, seen


def test_still_image(tmp_path: Path):
    Image.new("RGB", (2000, 500), (10, 200, 30)).save(tmp_path / "a.png")
    (frame,) = seen(tmp_path / "a.png")
    assert (frame.hold, frame.motion, frame.shot, frame.size) == (0, 0, 0, (2000, 500))
    assert frame.image.shape == (320, MAX_SIDE, 3) and frame.image[0, 0].tolist() == [10, 200, 30]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_animation(tmp_path: Path, format: str):
    pages = [Image.new("RGB", (64, 48), colour) for colour in ("red", "blue", "white")]
    path = tmp_path / f"a.{format.lower()}"
    pages[0].save(path, format, save_all=True, append_images=pages[1:], duration=400, lossless=True)
    frames = seen(path)
    assert probe(path).duration == pytest.approx(1.2)
    assert [f.time for f in frames] == pytest.approx([0, 0.4, 0.8])
    assert [f.hold for f in frames] == pytest.approx([0.4] * 3)
    assert np.abs(frames[1].image[5, 5].astype(int) - (0, 0, 255)).max() < 12


def test_pages_of_a_document_are_told(tmp_path: Path):
    pages = [Image.new("RGB", (64, 48), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    assert probe(tmp_path / "a.tiff").duration is None
    assert len(seen(tmp_path / "a.tiff")) == 1
    assert "first of 2 pages" in notes(tmp_path / "a.tiff")


def _modes() -> dict[str, Image.Image]:
    grey = np.full((40, 60), 128, np.uint8)
    palette = Image.fromarray(grey).convert("P")
    return {
        "cmyk.jpg": Image.new("CMYK", (60, 40), (0, 0, 0, 127)),
        "cmyk.tiff": Image.new("CMYK", (60, 40), (0, 0, 0, 127)),
        "sixteen.png": Image.fromarray(np.full((40, 60), 128 * 257, np.uint16)),
        "sixteen.tiff": Image.fromarray(np.full((40, 60), 128 * 257, np.uint16)),
        "float.tiff": Image.fromarray(np.full((40, 60), 0.5, np.float32)),
        "palette.png": palette,
        "palette.gif": palette,
        "grey.jpg": Image.fromarray(grey),
        "grey_alpha.png": Image.merge("LA", (Image.new("L", (60, 40), 0), Image.new("L", (60, 40), 127))),
        "alpha.png": Image.new("RGBA", (60, 40), (0, 0, 0, 127)),
        "alpha.webp": Image.new("RGBA", (60, 40), (0, 0, 0, 127)),
        "plain.bmp": Image.fromarray(grey),
    }


@pytest.mark.parametrize("name", sorted(_modes()))
def test_pictures_of_every_mode_come_out_grey(tmp_path: Path, name: str):
    _modes()[name].save(tmp_path / name)
    (frame,) = seen(tmp_path / name)
    assert frame.image.shape == (40, 60, 3) and frame.image.dtype == np.uint8
    assert np.abs(frame.image.astype(int) - 128).max() <= 4, frame.image[0, 0]


def test_large_sixteen_bit_picture(tmp_path: Path):
    values = np.full((900, 9000), 20_000, np.uint16)
    values[:, 4500:] = 60_000
    Image.fromarray(values).save(tmp_path / "a.png")
    (frame,) = seen(tmp_path / "a.png")
    assert frame.size == (9000, 900) and frame.image.shape == (128, MAX_SIDE, 3)
    assert abs(int(frame.image[64, 100, 0]) - 78) < 3 and abs(int(frame.image[64, -100, 0]) - 233) < 3


def test_one_bit_picture(tmp_path: Path):
    Image.new("1", (60, 40), 1).save(tmp_path / "a.png")
    assert seen(tmp_path / "a.png")[0].image.min() == 255


def test_picture_is_turned_as_its_exif_says(tmp_path: Path):
    image = Image.new("RGB", (80, 40), "red")
    image.paste("blue", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif, quality=95)
    (frame,) = seen(tmp_path / "a.jpg")
    assert frame.image.shape == (80, 40, 3) and frame.size == (40, 80)
    assert frame.image[5, 20, 2] > 200 and frame.image[75, 20, 0] > 200


def test_wide_picture_is_read_and_a_bomb_is_not(tmp_path: Path):
    Image.new("L", (16_000, 1_000), 77).save(tmp_path / "wide.png")
    assert seen(tmp_path / "wide.png")[0].image.shape == (80, MAX_SIDE, 3)
    for side in (16_000, 30_000, 2_000_000_000):  # above the limit, above twice the limit, absurd
        header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
        (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT")
        refused(tmp_path / "bomb.png", "megapixels")


def test_damaged_pictures(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    for name in ("a.png", "a.jpg", "a.gif", "a.webp"):
        Image.fromarray(noise).save(tmp_path / name)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
        refused(tmp_path / name, "damaged picture|cannot be decoded")
