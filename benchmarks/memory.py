"""Peak memory and time of all senses over a long clip with subtitles: `python benchmarks/memory.py [--minutes 60] [--clip FILE]`.

The talking head of CUECHAIN_DATA (512×512, 25 frames a second) plays forth and back: one turn is encoded and repeated packet by packet,
so that the film costs a gigabyte of disk and little time. The sound is mapped from a temporary file: its pages count while they are
read, and the system takes them back when it needs the room.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from looped import captioned, looped


def peak_mib() -> float:
    """Peak RSS of this process. Linux hands ru_maxrss of the parent on to a child, so the kernel's own count is read there."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def consume(path: Path) -> None:
    """Perceive it; prints the figures."""
    from cuechain.agents import settings
    from cuechain.agents.pipeline import Opened, SenseDone, SheetReady, see

    loaded = settings.load().model_copy(update={"cache": None})
    begin = time.perf_counter()
    for event in see([path], loaded):
        spent = time.perf_counter() - begin
        if isinstance(event, Opened):
            length = event.media.duration or 0.0
            print(f"{length:.0f} s of {event.media.size}, {path.stat().st_size / 2**20:.0f} MiB on disk", flush=True)
        elif isinstance(event, SenseDone):
            done = event.perceived
            print(
                f"{spent:7.1f} s  {peak_mib():5.0f} MiB  {done.sense}: {len(done.found)} found in {done.seconds:.1f} s",
                flush=True,
            )
        elif isinstance(event, SheetReady):
            print(f"{spent:7.1f} s  {peak_mib():5.0f} MiB  the sheet has {len(event.sheet.cues)} cues", flush=True)
    cpu = time.process_time()
    print(
        f"peak RSS {peak_mib():.0f} MiB; {length / spent:.1f} times real time; CPU {cpu:.0f} s ({length / cpu:.1f} times)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--clip", type=Path, help="repeat this one")
    parser.add_argument("--file", type=Path, help="measure this film as it is")
    given = parser.parse_args()
    if given.file:
        consume(given.file)
        return
    data = Path(os.environ.get("CUECHAIN_DATA", ""))
    clip = given.clip or data / "media" / "videos" / "talking_wda_aoc.mp4"
    if not clip.is_file():
        sys.exit(f"error: {clip} is missing\nhint: set CUECHAIN_DATA, or give --clip")
    with tempfile.TemporaryDirectory() as folder:
        path = captioned(looped(clip, Path(folder) / f"long{clip.suffix}", 60 * given.minutes), 60 * given.minutes)
        # A process of its own: what writing took does not count.
        subprocess.run([sys.executable, __file__, "--file", str(path)], check=True)


if __name__ == "__main__":
    main()
