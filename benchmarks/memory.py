"""Peak memory and time of the decode pass over a long clip: `python benchmarks/memory.py [--hours 1] [--side 720]`.

A short clip is encoded once and its packets are repeated, so that the film costs minutes of disk, not of encoding. Frames are taken
and dropped, the sound is mapped and read in windows, as senses do it. The film lies in a temporary folder.

One hour of 720p: peak RSS 319 MiB, 220 of them the mapped sound, which the system takes back when it needs the room.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from cuechain.agents.media import RATE, opened


def write(path: Path, hours: float, side: int) -> None:
    """A film of any length: sixty seconds of noise-like picture and tone, their packets repeated with later times."""
    seconds, fps, width = 60, 25, side * 16 // 9 // 2 * 2
    short = path.with_name("short.mkv")
    rng = np.random.default_rng(0)
    ground = np.kron(rng.integers(0, 255, (side // 8, width // 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    with av.open(str(short), "w") as out:
        video = out.add_stream("libx264", fps, options={"preset": "ultrafast", "g": "50"})
        video.width, video.height, video.pix_fmt = ground.shape[1], ground.shape[0], "yuv420p"
        audio = out.add_stream("aac", 48_000, layout="stereo")
        for second in range(seconds):
            for i in range(fps):
                frame = av.VideoFrame.from_ndarray(np.roll(ground, 4 * (second * fps + i), axis=1), "rgb24")
                frame.pts, frame.time_base = second * fps + i, Fraction(1, fps)
                out.mux(video.encode(frame))
            tone = 0.3 * np.sin(np.arange(48_000) * (0.02 + 0.001 * second)).astype(np.float32)
            for begin in range(0, 48_000, 960):
                block = av.AudioFrame.from_ndarray(np.stack([tone[begin : begin + 960]] * 2), "fltp", "stereo")
                block.sample_rate, block.pts = 48_000, second * 48_000 + begin
                out.mux(audio.encode(block))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))
    with av.open(str(path), "w") as out:
        with av.open(str(short)) as source:
            streams = {s.index: out.add_stream_from_template(s) for s in source.streams}
            length = (source.duration or 0) / av.time_base + 0.04  # the encoder's last packets reach a little over
        for turn in range(max(1, round(hours * 3600 / seconds))):
            with av.open(str(short)) as source:
                for packet in source.demux():
                    if packet.dts is None:
                        continue
                    later = round(turn * length / packet.time_base)
                    packet.pts, packet.dts = (packet.pts or 0) + later, packet.dts + later
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
    short.unlink()


def peak_mib() -> float:
    """Peak RSS of this process. Linux hands ru_maxrss of the parent on to a child, so the kernel's own count is read there."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def consume(path: Path) -> None:
    """One pass, as senses run it; prints the figures."""
    idle = peak_mib()
    begin, frames, energy = time.perf_counter(), 0, 0.0
    with opened(path) as clip:
        for _ in clip.frames(12.5):
            frames += 1
        sound = clip.sound
        if sound is not None:
            for start in range(0, len(sound), 30 * RATE):
                energy += float(np.square(sound[start : start + 30 * RATE]).sum())
    peak = peak_mib()
    spent = time.perf_counter() - begin
    length = 0 if sound is None else len(sound) / RATE
    print(f"{clip.media.duration:.0f} s of {clip.media.size}, {path.stat().st_size / 2**20:.0f} MiB on disk")
    print(
        f"{frames} frames, {length:.0f} s of sound in {spent:.0f} s ({(clip.media.duration or 0) / spent:.1f} times real time)"
    )
    print(f"peak RSS {peak:.0f} MiB, of which {idle:.0f} MiB before the pass; mapped sound counts while it is read")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--side", type=int, default=720, help="height of the picture in pixels")
    parser.add_argument("--file", type=Path, help="measure this film")
    given = parser.parse_args()
    if given.file:
        consume(given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mkv"
        write(path, given.hours, given.side)
        # A process of its own: what the encoder took does not count.
        subprocess.run([sys.executable, __file__, "--file", str(path)], check=True)


if __name__ == "__main__":
    main()
