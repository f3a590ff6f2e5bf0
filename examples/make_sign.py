"""Make sign.png: a note on a fridge, drawn with Pillow. What it says and how it says it disagree.

python examples/make_sign.py [OUT.png]
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (720, 600)
LINES = (
    "To whoever ate my lunch",
    "for the third time this week:",
    "",
    "Thank you SO much.",
    "I just LOVE being hungry.",
)
STEEL, HANDLE, PAPER, INK = (196, 201, 205), (120, 126, 131), (255, 244, 170), (38, 44, 92)


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("sign.png")
    image = Image.new("RGB", SIZE, STEEL)
    draw = ImageDraw.Draw(image)
    draw.line((0, 505, SIZE[0], 505), HANDLE, 6)  # the gap between the two doors
    for top, bottom in ((60, 450), (540, 640)):
        draw.rounded_rectangle((28, top, 52, bottom), 12, HANDLE)

    note = Image.new("RGBA", (560, 380), PAPER)
    ink = ImageDraw.Draw(note)
    font = ImageFont.load_default(34)  # the font that Pillow carries, so that the picture is the same everywhere
    for row, line in enumerate(LINES):
        ink.text((40, 70 + 54 * row), line, INK, font)
    ink.line((40, 70 + 54 * 4 - 10, 352, 70 + 54 * 4 - 14), INK, 3)
    note = note.rotate(2, Image.Resampling.BICUBIC, expand=True)

    shadow = Image.new("RGBA", note.size, (60, 60, 60, 110))
    shadow.putalpha(note.getchannel("A").point(lambda a: a * 110 // 255))
    dark = Image.new("RGBA", SIZE)
    dark.paste(shadow, (110, 64))
    image.paste(Image.new("RGB", SIZE, (60, 60, 60)), mask=dark.filter(ImageFilter.GaussianBlur(5)).getchannel("A"))
    image.paste(note, (100, 52), note)
    draw.ellipse((366, 50, 406, 90), (190, 40, 45))
    draw.ellipse((376, 57, 388, 69), (235, 140, 140))
    image.quantize(128).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
