"""How fast and how large perception is, against a naive loop, pure decoding and its own models, all in the same run.

    python benchmarks/speed.py [clip.mp4 ...]      # without clips: those of CUECHAIN_DATA, and forth and back for a minute

Each figure comes from a process of its own (median of three; the naive loop runs once), loading of models included, interpreter start
excluded, without the cue cache. `with subtitles` puts a subtitle file beside the clip, so that no recogniser runs; `with a recogniser`
leaves that to what is installed (PocketSphinx where no Whisper model is cached).

- Pure decoding: every packet of picture and sound through FFmpeg, pictures not converted.
- The models alone: what the model calls of the same perception take (ONNX Runtime, MediaPipe's graphs, OpenCV's detectors, PocketSphinx),
  on the frames and sounds that it asks them about, one call after another, loading excluded.
- The naive loop: MediaPipe's FaceMesh on every frame, librosa's pYIN on the sound, RapidOCR on a frame a second, one after another.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from figures import Figure
from looped import captioned, looped

RUNS = 3
MINUTE = 60.0


def decode(path: str) -> dict[str, float]:
    import av

    with av.open(path) as container:
        wanted = [*container.streams.video[:1], *container.streams.audio[:1]]
        for stream in wanted:
            stream.thread_type = "AUTO"
        return {"count": sum(len(packet.decode()) for packet in container.demux(wanted))}


def perceive(path: str) -> dict[str, float]:
    from cuechain.agents.pipeline import SenseDone, see

    took = {e.perceived.sense: e.perceived.seconds for e in see([path], _settings()) if isinstance(e, SenseDone)}
    return {f"{sense}_s": seconds for sense, seconds in took.items()}


def models(path: str) -> dict[str, float]:
    """The same perception in one thread, with a clock around each model call."""
    spent = {"calls": 0.0, "models_s": 0.0, "models_cpu_s": 0.0}
    _clocked(spent)
    from cuechain.agents.media import opened
    from cuechain.agents.perception import senses
    from cuechain.agents.values import Cue

    settings = _settings()
    with opened(path) as clip:
        has = {*clip.media.streams, *(["subtitles"] if clip.has_subtitles else [])}
        used = [s for s in senses(settings) if s.streams & has and s.missing() is None]
        made = {s.name: s(settings) for s in used}
        frames = clip.frames(settings.fps)
        # Some at a time, so that the decoder's threads rest while the clocks run.
        while some := [frame for frame, _ in zip(frames, range(100), strict=False)]:
            for frame in some:
                for sense in made.values():
                    sense.watch(frame)
        found: dict[str, list[Any]] = {}
        for sense in used:
            heard = [c for name in sense.after for c in found.get(name, []) if isinstance(c, Cue)]
            with suppress(Exception):  # what fails is a gap, here as in the product
                found[sense.name] = list(made.pop(sense.name).perceive(clip, heard))
    spent["models_cpu_s"] += _children()
    return spent


def _children() -> float:
    """CPU seconds of processes that were started and have ended: PocketSphinx's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _clocked(spent: dict[str, float]) -> None:
    """Put a clock around everything that runs a model. The first call of each is left out: it warms up."""
    import cv2
    import mediapipe.python as mediapipe
    import onnxruntime

    from cuechain.agents.perception.speech import decoders

    def clock(call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(self: Any, *args: Any, **kwargs: Any) -> Any:
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return call(self, *args, **kwargs)
            finally:
                spent["models_s"] += time.perf_counter() - wall
                spent["models_cpu_s"] += time.process_time() - cpu
                spent["calls"] += 1

        return timed

    onnxruntime.InferenceSession.run = clock(onnxruntime.InferenceSession.run)
    decoders.Decoding.received = clock(decoders.Decoding.received)  # a process of its own decodes
    for module, name, methods in (
        (mediapipe, "CalculatorGraph", ("add_packet_to_input_stream", "wait_until_idle")),
        (cv2, "CascadeClassifier", ("detectMultiScale",)),
    ):
        plain = getattr(module, name)
        setattr(module, name, type(name, (plain,), {m: clock(getattr(plain, m)) for m in methods}))


def naive(path: str) -> dict[str, float]:
    """What one writes first."""
    import av
    import librosa
    import numpy as np
    from mediapipe.python.solutions.face_mesh import FaceMesh
    from rapidocr import RapidOCR

    mesh = FaceMesh(max_num_faces=5, refine_landmarks=True)
    with av.open(path) as container:
        for frame in container.decode(video=0):
            mesh.process(frame.to_ndarray(format="rgb24"))
    with av.open(path) as container:
        if container.streams.audio:
            resampler = av.AudioResampler("flt", "mono", 16_000)
            parts = [r.to_ndarray()[0] for f in container.decode(audio=0) for r in resampler.resample(f)]
            librosa.pyin(np.concatenate(parts), fmin=60, fmax=600, sr=16_000)
    reader, due = RapidOCR(), 0.0
    with av.open(path) as container:
        for frame in container.decode(video=0):
            if (frame.time or 0.0) >= due:
                due += 1.0
                reader(frame.to_ndarray(format="bgr24"))
    return {}


def _settings() -> Any:
    from cuechain.agents import settings

    return settings.load().model_copy(update={"cache": None})


def one(mode: str, path: str) -> dict[str, float]:
    """Measure in this process."""
    begin = time.perf_counter()
    told = {"decode": decode, "perceive": perceive, "models": models, "naive": naive}[mode](path)
    from memory import peak_mib

    return {
        "seconds": time.perf_counter() - begin,
        "cpu_s": time.process_time() + _children(),
        "peak_mib": peak_mib(),
        **told,
    }


def apart(mode: str, path: Path, runs: int = RUNS) -> dict[str, float]:
    """Medians over processes of their own."""
    made: list[dict[str, float]] = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--one", mode, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{mode} of {path.name} failed: {done.stderr[-2000:]}")
        made.append(json.loads(done.stdout.splitlines()[-1]))
    return {key: statistics.median(m[key] for m in made) for key in made[0]}


def of_clip(path: Path, *, spoken: bool, loop: bool) -> Iterator[Figure]:
    """The figures of one clip.

    Args:
        path: The clip, without a subtitle file beside it.
        spoken: Also measure it with a recogniser.
        loop: Also time the naive loop.
    """
    from cuechain.agents.probe import probe

    media = probe(path)
    length, size = media.duration or 0.0, media.size or (0, 0)
    what, data = f"{path.stem}, {length:.0f} s", f"media/videos, {size[0]}×{size[1]}"
    bare = apart("decode", path)
    asr = apart("perceive", path) if spoken else None
    captioned(path, length)
    sub, own = apart("perceive", path), apart("models", path, 1)
    path.with_suffix(".srt").unlink()
    slow = apart("naive", path, 1) if loop else None
    least = bare["seconds"] + own["models_s"]
    compared = f"decoding alone {length / bare['seconds']:.0f}"
    if slow:
        compared += f", naive loop {length / slow['seconds']:.2f}"
    yield Figure("all", f"× real time, subtitles; {what}", _told(length, sub), compared, RUNS, data)
    yield Figure(
        "all",
        f"time over decoding + models alone; {what}",
        f"{sub['seconds'] / least:.2f} (CPU {sub['cpu_s'] / (bare['cpu_s'] + own['models_cpu_s']):.2f})",
        f"{bare['seconds']:.2f} s + {own['models_s']:.2f} s = {least:.2f} s",
        RUNS,
        data,
    )
    if slow:
        ratio = slow["seconds"] / sub["seconds"]
        loss = f"naive loop {slow['seconds']:.1f} s, CPU {slow['cpu_s']:.1f} s"
        yield Figure("all", f"times as fast as the naive loop; {what}", f"{ratio:.1f}", loss, 1, data)
    if asr:
        yield Figure("all", f"× real time, recogniser; {what}", _told(length, asr), "-", RUNS, data)


def _told(length: float, run: dict[str, float]) -> str:
    return f"{length / run['seconds']:.1f} ({run['seconds']:.2f} s, CPU {run['cpu_s']:.1f} s, peak {run['peak_mib']:.0f} MiB)"


def figures(data: Path) -> Iterator[Figure]:
    """A talking head as it is (which shows the fixed cost) and forth and back for a minute, and several people."""
    videos = data / "media" / "videos"
    with tempfile.TemporaryDirectory() as folder:
        for name in ("talking_wda_aoc.mp4",):
            short = Path(folder) / name
            short.symlink_to(videos / name)
            minute = looped(short, Path(folder) / name.replace(".mp4", "_looped.mp4"), MINUTE)
            yield from of_clip(minute, spoken=True, loop=False)
            yield from of_clip(short, spoken=True, loop=True)
        several = Path(folder) / "googlework_short.mp4"
        several.symlink_to(videos / several.name)
        yield from of_clip(several, spoken=True, loop=False)


def given(clips: list[str]) -> Iterator[Figure]:
    """The figures of any clips."""
    for clip in clips:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(clip).name
            path.symlink_to(Path(clip).absolute())
            yield from of_clip(path, spoken=True, loop=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(*sys.argv[2:4])))
    else:
        from perception import table

        for line in table(given(sys.argv[1:]) if sys.argv[1:] else figures(Path(os.environ["CUECHAIN_DATA"]))):
            print(line, flush=True)
