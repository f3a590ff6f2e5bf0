"""Pictures with words on them whose truth is known: memes, burnt-in subtitles and slides, drawn over the templates of `CUECHAIN_DATA`.

Two halves that share no template, caption or sentence: the screen sense was tuned on `tune`, its figures come from `read`.
"""

from __future__ import annotations

import io
import json
import random
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

OWN_WORDS = ("Ancient-Aliens", "Disaster-Girl", "Marked-Safe-From", "Who-Would-Win")
"""Templates with words of their own, which no caption's truth has."""

MEME_FACES = (
    "BebasNeue-Bold",
    "LiberationSansNarrow-Bold",
    "RobotoCondensed-Bold",
    "DejaVuSansCondensed-Bold",
    "Lato-Black",
    "DejaVuSans-Bold",
)
"""Narrow bold faces as near to Impact as free ones are, and two wide ones."""
PLAIN_FACES = (
    "LiberationSans-Regular",
    "DejaVuSans",
    "Lato-Bold",
    "LiberationSans-Bold",
    "ComicNeue-Bold",
    "LiberationSerif-Regular",
)
"""For subtitles and slides."""


@dataclass(frozen=True)
class Drawn:
    """A picture and what stands on it."""

    kind: str
    """meme, subtitle or slide."""
    name: str
    """Template and face."""
    truth: str
    image: np.ndarray
    """uint8 RGB."""


def drawn(data: Path, half: str, kind: str) -> Iterator[Drawn]:
    """The pictures of one half ("tune" or "read") and kind, always the same ones."""
    place = ("tune", "read").index(half)
    folder = data / "media/imgflip_memes"
    templates = [p for p in sorted((folder / "templates").glob("*.jpg")) if p.stem not in OWN_WORDS][place::2]
    choose = random.Random(f"{half} {kind}")
    if kind == "meme":
        rows = [json.loads(line) for line in (folder / "memes_sample.jsonl").open(encoding="utf-8")]
        for template in templates:
            own = [r["boxes"] for r in rows if r["template"] == template.stem and len(r["boxes"]) <= 2]
            for boxes in choose.sample(own, min(12, len(own))):
                yield _meme(template, [b for b in boxes if b.strip()], choose)
        return
    part = "val" if half == "tune" else "test"
    table = (data / f"train/lj_text/ljs_audio_text_{part}_filelist.txt").read_text(encoding="utf-8").splitlines()
    said = [line.split("|")[1] for line in table if line.split("|")[1].isascii()]
    for _ in range(120 if kind == "subtitle" else 60):
        yield (_subtitle(choose.choice(templates), said, choose) if kind == "subtitle" else _slide(said, choose))


@cache
def _face(name: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(f"{name}.ttf", size)
    except OSError:
        try:
            return ImageFont.truetype(f"{name}.otf", size)
        except OSError:
            return None


def faces(names: tuple[str, ...]) -> list[str]:
    """Those of the faces that are installed here (Debian: fonts-bebas-neue, -liberation, -roboto-unhinted, -lato, -comic-neue, -dejavu)."""
    return [n for n in names if _face(n, 20)]


def _wrapped(draw: ImageDraw.ImageDraw, words: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(longer, font=face) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _meme(template: Path, boxes: list[str], choose: random.Random) -> Drawn:
    """White capitals with a black edge at the top and the bottom, as large as three lines a box allow."""
    image = Image.open(template).convert("RGB")
    draw, name = ImageDraw.Draw(image), choose.choice(faces(MEME_FACES))
    edges = ("top", "bottom") if len(boxes) > 1 else (choose.choice(("top", "bottom")),)
    for words, edge in zip(boxes, edges, strict=True):
        size = image.height // 8
        while size > 9:
            face = _face(name, size)
            assert face
            lines = _wrapped(draw, words, face, 0.94 * image.width)
            longest = max(draw.textlength(line, font=face) for line in lines)
            if len(lines) <= 3 and longest <= 0.96 * image.width and len(lines) * size < 0.4 * image.height:
                break
            size -= 1
        text, at = "\n".join(lines), (image.width / 2, 4 if edge == "top" else image.height - 6)
        draw.multiline_text(
            at, text, font=face, fill="white", stroke_width=max(1, size // 14), stroke_fill="black",
            anchor="ma" if edge == "top" else "md", align="center", spacing=2,
        )  # fmt: skip
    truth = " ".join(boxes)
    truth = truth.upper() if name.startswith("Bebas") else truth  # it has capitals only
    return Drawn("meme", f"{template.stem} {name} {size}", truth, _compressed(image, choose.choice((75, 90))))


def _subtitle(template: Path, said: list[str], choose: random.Random) -> Drawn:
    """One or two lines at the bottom of a video picture: with an edge, in yellow, or on a dark box."""
    shape = choose.choice(((512, 512), (640, 360), (854, 480), (480, 270)))
    image = Image.open(template).convert("RGB").resize(shape)
    words = choose.choice([s for s in said if 8 < len(s) < 84])
    lines, name = textwrap.wrap(words, 42), choose.choice(faces(PLAIN_FACES))
    size = max(13, round(shape[1] * choose.uniform(0.042, 0.07)))
    while size > 9 and max(_face(name, size).getlength(line) for line in lines) > 0.96 * shape[0]:  # type: ignore[union-attr]
        size -= 1
    face, draw = _face(name, size), ImageDraw.Draw(image, "RGBA")
    text, at = "\n".join(lines), (shape[0] / 2, shape[1] * 0.95)
    look = choose.choice(("edge", "yellow", "box"))
    if look == "box":
        left, top, right, bottom = draw.multiline_textbbox(at, text, font=face, anchor="md", align="center")
        draw.rectangle((left - 6, top - 4, right + 6, bottom + 4), fill=(0, 0, 0, 150))
    draw.multiline_text(
        at, text, font=face, fill="yellow" if look == "yellow" else "white", anchor="md", align="center",
        stroke_width=0 if look == "box" else max(1, size // 12), stroke_fill="black",
    )  # fmt: skip
    return Drawn("subtitle", f"{template.stem} {name} {size} {look} {shape}", words, _compressed(image, 70))


def _slide(said: list[str], choose: random.Random) -> Drawn:
    """A heading and three to five points, dark on light or light on dark."""
    light = choose.random() < 0.6
    image = Image.new(
        "RGB", (960, 540), choose.choice(("white", "#f4efe6")) if light else choose.choice(("#1d2b45", "#222"))
    )
    draw, name = ImageDraw.Draw(image), choose.choice(faces(PLAIN_FACES))
    ink, top, truth = ("#222" if light else "white"), 46.0, list[str]()
    sizes = [44] + [choose.choice((24, 28))] * choose.randint(3, 5)
    for size in sizes:
        face = _face(name, size)
        words = choose.choice([s for s in said if 8 < len(s) < (36 if size == 44 else 110)])
        lines = _wrapped(draw, words, face, 840)  # type: ignore[arg-type]
        if top + len(lines) * size * 1.3 > 530:
            break
        for line in lines:
            draw.text((60, top), line, font=face, fill=ink)
            top += size * 1.25
        top += 0.7 * size
        truth.append(words)
    return Drawn("slide", f"{name} {sizes[-1]}", " ".join(truth), _compressed(image, 85))


def _compressed(image: Image.Image, quality: int) -> np.ndarray:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@dataclass(frozen=True)
class Said:
    """One subtitle of a made film."""

    start: float
    end: float
    words: str


def film(data: Path, half: str, number: int) -> tuple[list[tuple[float, np.ndarray]], list[Said]]:
    """A film of a slow pan over a template at 12.5 pictures a second, 640×360, with subtitles that follow each other; every third fades in
    over 0.4 s, and the first one comes back at the end. Every second film also cuts, in the middle of a subtitle."""
    choose = random.Random(f"{half} film {number}")
    place = ("tune", "read").index(half)
    folder = sorted((data / "media/imgflip_memes/templates").glob("*.jpg"))
    templates = [p for p in folder if p.stem not in OWN_WORDS][place::2]
    part = "val" if half == "tune" else "test"
    table = (data / f"train/lj_text/ljs_audio_text_{part}_filelist.txt").read_text(encoding="utf-8").splitlines()
    said = [t for t in (line.split("|")[1] for line in table) if t.isascii() and 15 < len(t) < 80]
    truth, time = list[Said](), choose.uniform(0.5, 2.0)
    words = choose.sample(said, 5)
    for line in [*words, words[0]]:
        end = time + choose.uniform(1.2, 4.0)
        truth.append(Said(time, end, line))
        time = end + choose.choice((0.0, 0.2, 0.2, 1.5))
    cut = (truth[2].start + truth[2].end) / 2 if number % 2 else 1e9
    grounds = [Image.open(t).convert("RGB").resize((800, 450)) for t in choose.sample(templates, 2)]
    name, size = choose.choice(faces(PLAIN_FACES)), choose.randint(17, 24)
    pictures = list[tuple[float, np.ndarray]]()
    for index in range(int((truth[-1].end + 1.5) * 12.5)):
        now = index / 12.5
        ground = grounds[now >= cut]
        left, top = int(80 + 70 * np.sin(now / 2)), int(45 + 40 * np.cos(now / 3))
        image = ground.crop((left, top, left + 640, top + 360))
        for place, line in enumerate(truth):
            if line.start <= now < line.end:
                shown = image.copy()
                ImageDraw.Draw(shown).multiline_text(
                    (320, 340), "\n".join(textwrap.wrap(line.words, 42)), font=_face(name, size), fill="white", anchor="md",
                    align="center", stroke_width=2, stroke_fill="black",
                )  # fmt: skip
                image = Image.blend(image, shown, min(1.0, (now - line.start + 0.08) / 0.4) if place % 3 == 2 else 1.0)
        pictures.append((now, _compressed(image, 70)))
    return pictures, truth
