"""How fast and how large perception is, against pure decoding of the same file in the same run.

    python benchmarks/speed.py clip.mp4 [more clips]      # prints a Markdown table

Each figure comes from a process of its own (median of three), model loading included, interpreter start excluded. `subtitles` puts a
subtitle file beside a copy of the clip, so that no recogniser runs; `recogniser` leaves that to what is installed (PocketSphinx where no
Whisper model is cached).
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINE = "1\n00:00:00,500 --> 00:00:04,000\nWe did not know what would happen, and I was scared.\n\n"


def decode(path: str) -> int:
    import av

    with av.open(path) as container:
        wanted = [*container.streams.video[:1], *container.streams.audio[:1]]
        for stream in wanted:
            stream.thread_type = "AUTO"
        return sum(len(packet.decode()) for packet in container.demux(wanted))


def perceive(path: str) -> int:
    from cuechain.agents import settings
    from cuechain.agents.pipeline import perceive as perceive_clip

    loaded = settings.load().model_copy(update={"cache": None})
    return len(perceive_clip(path, loaded).cues)


def measure(mode: str, path: str) -> dict[str, float]:
    begin = time.perf_counter()
    count = {"decode": decode, "perceive": perceive}[mode](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - begin, "peak_mb": peak, "count": count}


def apart(mode: str, path: Path, runs: int = 3) -> dict[str, float]:
    made = [
        json.loads(
            subprocess.run([sys.executable, __file__, "--one", mode, str(path)], capture_output=True, check=True).stdout
        )
        for _ in range(runs)
    ]
    return {key: statistics.median(m[key] for m in made) for key in made[0]}


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(*sys.argv[2:4])))
        return
    from cuechain.agents.probe import probe

    print(
        "| clip | seconds | decoding alone | with subtitles | × real time | × decoding | with a recogniser | × real time | peak MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in sys.argv[1:]:
        length = probe(name).duration or 0.0
        with tempfile.TemporaryDirectory() as folder:
            captioned = Path(shutil.copy(name, folder))
            captioned.with_suffix(".srt").write_text(LINE)
            bare, sub, asr = apart("decode", Path(name)), apart("perceive", captioned), apart("perceive", Path(name))
        peak = max(sub["peak_mb"], asr["peak_mb"])
        cells = [Path(name).name, f"{length:.1f}", f"{bare['seconds']:.2f} s", f"{sub['seconds']:.2f} s"]
        cells += [f"{length / sub['seconds']:.1f}", f"{sub['seconds'] / bare['seconds']:.1f}"]
        cells += [f"{asr['seconds']:.2f} s", f"{length / asr['seconds']:.1f}", f"{peak:.0f}"]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
