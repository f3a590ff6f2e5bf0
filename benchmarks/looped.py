"""A clip of any length made of a short one that plays forth and back: it is encoded once and its packets are repeated, so that an hour
costs disk alone and nowhere shows a cut."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av


def looped(source: Path, target: Path, seconds: float) -> Path:
    """Write `source` forth and back, again and again, into `target` until it is that long. The sound always runs forth."""
    with tempfile.TemporaryDirectory() as folder:
        turn = _there_and_back(source, Path(folder) / source.name)
        with av.open(str(target), "w") as out:
            with av.open(str(turn)) as film:
                streams = {s.index: out.add_stream_from_template(s) for s in film.streams}
                # The turn ends where its longest stream does, so that times never go back.
                length = max(float((s.duration or 0) * (s.time_base or 0)) for s in film.streams)
            number, last = 0, dict[int, int]()
            while number * length < seconds:
                with av.open(str(turn)) as film:
                    for packet in film.demux():
                        if (begin := packet.dts) is None:
                            continue
                        later = round(number * length / packet.time_base)
                        place = packet.stream.index
                        # What a turn holds before its second 0 (the priming of the sound) would go back in time.
                        packet.dts = last[place] = max(begin + later, last.get(place, -(2**62)) + 1)
                        packet.pts = max((packet.pts or 0) + later, packet.dts)
                        packet.stream = streams[place]
                        out.mux(packet)
                number += 1
    return target


def _there_and_back(source: Path, target: Path) -> Path:
    """One turn, in the codecs and at the bit rate of the source, so that decoding costs what it did."""
    with av.open(str(source)) as film, av.open(str(target), "w") as out:
        shown, heard = film.streams.video[0], next(iter(film.streams.audio), None)
        rate = Fraction(shown.average_rate or 25)
        made: Any = out
        picture = made.add_stream(shown.codec_context.name, rate=rate)
        picture.width, picture.height, picture.pix_fmt = shown.width, shown.height, shown.pix_fmt
        picture.bit_rate = shown.bit_rate or 2_000_000
        sound = made.add_stream(heard.codec_context.name, rate=heard.rate) if heard else None
        frames: list[Any] = [frame for packet in film.demux() for frame in packet.decode()]
        pictures = [frame for frame in frames if isinstance(frame, av.VideoFrame)]
        for number, frame in enumerate([*pictures, *reversed(pictures)]):
            frame.pts, frame.time_base, frame.pict_type = number, 1 / rate, 0
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        if sound:
            begin, sounds = 0, [frame for frame in frames if isinstance(frame, av.AudioFrame)]
            for frame in [*sounds, *sounds]:
                frame.pts, frame.time_base = begin, Fraction(1, frame.sample_rate)
                begin += frame.samples
                out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    return target


def captioned(path: Path, seconds: float) -> Path:
    """A subtitle file beside a clip: a line every four seconds, one thing after another that somebody may say."""
    said = (
        "We did not know what would happen, and I was scared.",
        "But everybody came to help us, and I am so grateful for that!",
        "The bill was read on Monday.",
        "I cannot believe that they let this go on for years.",
        "So we sat down and wrote it all again.",
    )
    lines: list[str] = []
    for number in range(max(1, int(seconds // 4))):
        start = 4 * number
        lines.append(f"{number + 1}\n{_clock(start + 0.3)} --> {_clock(start + 3.6)}\n{said[number % len(said)]}\n")
    path.with_suffix(".srt").write_text("\n".join(lines), encoding="utf-8")
    return path


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"
