"""Make demo.mp4: a face and its words that disagree, on purpose.

A portrait in the public domain is moved and morphed. At first the face is neutral and the voice ordinary, so that a baseline exists. Then
the words congratulate a friend while the lip corners pull down (AU15), the inner brows rise and draw together (AU1, AU4), the eyes drop
and the voice gets lower, slower, flatter and quieter. Nothing here was felt or said by the woman in the picture.

Needs, beside the `face` extra (mediapipe, OpenCV): scikit-image for the picture (data/astronaut.png of its wheel) and
`espeak-ng` on the PATH for the speech. None of them is needed to use demo.mp4. The same versions give the same file:

    python examples/make_demo.py [OUT.mp4]
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from puppet import SIZE, Face, Puppet, portrait
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt

FPS, SECONDS, SOUND = 25, 14.4, 24000

# start (s), what she says, espeak-ng pitch (0-99), words per minute, pitch range (%), level (dB), how dull (0 bright, 1 nothing over 1 kHz)
LINES = (
    (0.30, "Hey, it's me. I just got back from the supermarket.", 55, 198, 85, 0.0, 0.0),
    (3.55, "So, what's the big news?", 56, 190, 90, 0.0, 0.0),
    (5.90, "Wow! Congratulations on the new job!", 36, 144, 35, -5.0, 0.45),
    (10.20, "I'm fine, really. I'm so happy for you!", 33, 144, 30, -5.5, 0.5),
)

# How strong a movement is, from time (s) to time; 1 is what puppet.py calls a full movement.
# fmt: off
CURVES = {
    "grief": ((5.4, 0), (6.3, 0.45), (8.6, 0.5), (9.1, 1.15), (10.1, 1.15), (10.5, 0.6), (13, 0.6), (13.5, 1.15)),
    "brows": ((5.9, 0), (6.7, 2.0), (8.6, 2.0), (9.1, 2.2), (10.2, 2.2), (10.6, 2.0), (13, 2.0), (13.6, 2.2)),
    "droop": ((5.4, 0), (6.3, 0.2), (9, 0.3), (10.1, 0.28), (13, 0.3), (13.8, 0.45)),
    "gaze": ((5.4, 0), (6.3, 1.3), (7.2, 0.4), (9, 1.6), (10.2, 1.7), (10.8, 0.5), (12.4, 1), (13.6, 1.9)),
    "away": ((12.9, 0), (13.7, 1)),
}
# fmt: on
BLINKS = (1.5, 4.3, 7.6, 12.4)

ASS_HEADER = (
    b"[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour\nStyle: Default,Arial,16,&Hffffff\n"
    b"[Events]\nFormat: Layer, Start, End, Style, Text\n"
)


def moves(t: np.ndarray, loud: np.ndarray) -> dict[str, np.ndarray]:
    """Strength of every movement at the times t (s), given how far the voice opens the mouth (0-1)."""

    def curve(name: str) -> np.ndarray:
        return PchipInterpolator(*np.array(((0, 0), *CURVES[name], (SECONDS, CURVES[name][-1][1]))).T)(t)

    def wave(period: float, phase: float) -> np.ndarray:
        return np.sin(2 * np.pi * (t / period + phase))

    grief, away = curve("grief"), curve("away")
    blink = sum(np.exp(-(((t - at) / 0.15) ** 4)) for at in BLINKS)
    return {
        "rest": np.ones_like(t),
        "jaw": loud * (0.62 - 0.14 * np.minimum(grief, 1)),
        "corners_down": grief,
        "brows": curve("brows") + 0.03 * wave(2.3, 0.1),
        "lids": np.clip(curve("droop") + blink, 0, 1),
        "gaze": curve("gaze"),
        "turn": 0.035 * wave(4.7, 0.0) + 0.02 * wave(2.9, 0.3) - 0.19 * away,
        "nod": 0.02 * wave(3.7, 0.2) + 0.02 * loud + 0.04 * grief + 0.04 * away,
        "sway": 3.0 * wave(5.3, 0.1) + 1.2 * wave(3.1, 0.4) - 5.0 * away,
        "sink": 0.8 * wave(4.1, 0.6) + 3.0 * grief + 7.0 * away,
        "roll": 0.9 * wave(6.1, 0.2) - 1.2 * grief - 2.0 * away,
    }


def speech() -> tuple[np.ndarray, list[tuple[float, float, str]]]:
    """The sound (float, SOUND Hz) over a faint room tone, and (start, end, words) of every line."""
    sound = np.random.default_rng(0).normal(0, 10 ** (-66 / 20), int(SECONDS * SOUND))
    said: list[tuple[float, float, str]] = []
    for start, words, pitch, speed, span, gain, dull in LINES:
        markup = f'<prosody range="{span}%">{words}</prosody>'
        command = ["espeak-ng", "-v", "en-us+f5", "-p", str(pitch), "-s", str(speed), "-m", "--stdout", markup]
        voice, rate = soundfile.read(io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout))
        loud = np.flatnonzero(np.abs(voice) > 0.01)
        voice = voice[loud[0] : loud[-1]]
        voice = np.interp(np.arange(0, len(voice), rate / SOUND), np.arange(len(voice)), voice)
        voice += dull * (sosfiltfilt(butter(2, 1000, fs=SOUND, output="sos"), voice) - voice)
        voice *= 0.09 / np.sqrt(np.mean(voice**2)) * 10 ** (gain / 20)
        begin = int(start * SOUND)
        sound[begin : begin + len(voice)] += voice
        said.append((start, start + len(voice) / SOUND, words))
    return sound, said


def openness(sound: np.ndarray, said: list[tuple[float, float, str]], t: np.ndarray) -> np.ndarray:
    """How far the voice opens the mouth at the times t, 0 to 1: the envelope, each line measured by its own loudest part."""
    power = gaussian_filter1d(np.asarray(sound) ** 2, 0.035 * SOUND)
    level = np.sqrt(power)[np.minimum((t * SOUND).astype(int), len(sound) - 1)]
    out = np.zeros_like(t)
    for start, end, _ in said:
        inside = (t > start - 0.05) & (t < end + 0.1)
        out[inside] = np.clip(level[inside] / np.percentile(level[inside], 90) - 0.12, 0, 1)
    return out


def write(path: Path, frames, sound: np.ndarray, said: list[tuple[float, float, str]]) -> None:
    """Mux h264, aac and a mov_text track; one thread, so that the bytes do not depend on the machine's load."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        video = out.add_stream("libx264", FPS, options={"crf": "21", "preset": "slow", "threads": "1"})
        video.width = video.height = SIZE
        video.pix_fmt = "yuv420p"
        audio = out.add_stream("aac", SOUND, layout="mono", bit_rate=64000)
        text = out.add_stream("mov_text")
        text.codec_context.subtitle_header = (
            ASS_HEADER  # the encoder asks for a style, though the packets come ready-made
        )
        text.metadata["language"] = "eng"
        for image in frames:
            out.mux(video.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        out.mux(video.encode())
        piece = av.AudioFrame.from_ndarray(sound[None].astype(np.float32), "fltp", "mono")
        piece.sample_rate, piece.pts = SOUND, 0
        out.mux(audio.encode(piece))
        out.mux(audio.encode())
        for start, end, words in said:
            packet = av.Packet(struct.pack(">H", len(words.encode())) + words.encode())
            packet.stream, packet.time_base = text, Fraction(1, 1000)
            packet.pts = packet.dts = round(start * 1000)
            packet.duration = round((end - start) * 1000)
            out.mux(packet)


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("demo.mp4")
    image, points = portrait()
    puppet = Puppet(image, Face(points))
    sound, said = speech()
    t = np.arange(round(SECONDS * FPS)) / FPS
    strength = moves(t, openness(sound, said, t))
    write(path, (puppet.draw({k: float(v[i]) for k, v in strength.items()}) for i in range(len(t))), sound, said)
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB", *(f"{a:.2f}-{b:.2f} {w}" for a, b, w in said), sep="\n")


if __name__ == "__main__":
    main()
