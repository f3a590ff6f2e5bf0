"""What every test gets: no network, a cache of its own, and media that are made on the spot."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

# Hubs are told before anything imports them, and subprocesses inherit it.
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1", LANGSMITH_TRACING="false")
for _name in [n for n in os.environ if n.startswith("CUECHAIN_") and n != "CUECHAIN_DATA"]:
    del os.environ[_name]  # what a developer has set must not decide about a test

RATE = 16_000


class NetworkRefusedError(OSError):
    """A test reached for the network."""


# A shell that runs this in the background ignores Ctrl-C for it; programs that are started here would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection but those to this machine."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def local(host: Any) -> bool:
        return host in (None, "", "localhost", "::1") or str(host).startswith("127.")

    def checked(host: Any) -> None:
        if not local(host):
            raise NetworkRefusedError(f"network refused in tests: {host}")

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                checked(address[0])
            return real(self, address)

        return call

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        checked(host.decode() if isinstance(host, bytes) else host)
        return getaddrinfo(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded(connect))
    patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    patch.setattr(socket, "getaddrinfo", resolve)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def _session_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For fixtures that outlive one test."""
    os.environ["CUECHAIN_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cue cache of this test alone."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CUECHAIN_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of clips that are not part of the repository."""
    folder = os.environ.get("CUECHAIN_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("CUECHAIN_DATA names no folder of clips")
    return Path(folder)


@pytest.fixture(scope="session")
def tone() -> Callable[..., Any]:
    """tone(seconds, hz=220, level=0.3) → float32 samples at 16 kHz; level 0 is silence."""
    import numpy as np

    def make(seconds: float, hz: float = 220.0, level: float = 0.3) -> Any:
        return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def wav() -> Callable[..., Path]:
    """wav(path, samples, rate=16000) writes a float32 array as 16-bit PCM."""
    import soundfile

    def write(path: Path, samples: Any, rate: int = RATE) -> Path:
        soundfile.write(path, samples, rate, subtype="PCM_16")
        return path

    return write


def _scene(time: float, shot: int, size: tuple[int, int], *, still: bool) -> Any:
    """A coloured ground, another one for each shot, with a bright square that goes to and fro in two seconds."""
    import numpy as np

    width, height = size
    colours = ((30, 60, 120), (200, 180, 60), (20, 140, 40), (220, 90, 200), (90, 20, 20), (200, 220, 240))
    image = np.empty((height, width, 3), np.uint8)
    image[:] = colours[shot % len(colours)]
    side = height // 3
    left = 0 if still else round(abs((time + 1) % 2 - 1) * (width - side))
    image[height // 3 : height // 3 + side, left : left + side] = (250, 250, 250)
    return image


@pytest.fixture(scope="session")
def film() -> Callable[..., Path]:
    """film(path, ...) writes an h264/aac clip.

    Args of the function:
        seconds: Length of the picture.
        fps: Frames per second.
        size: Width and height.
        shots: Number of shots of equal length.
        still: Nothing moves within a shot.
        sound: float32 samples at 16 kHz; None for a clip without sound.
        times: Times of the frames in seconds, for a variable frame rate; replaces seconds and fps.
        rotation: Degrees in the display matrix, counter-clockwise.
        subtitles: (start, end, text) of an embedded track.
        options: Of the container, such as {"movflags": "faststart"}.
    """
    import av
    import numpy as np

    def write(
        path: Path,
        *,
        seconds: float = 2.0,
        fps: int = 25,
        size: tuple[int, int] = (320, 180),
        shots: int = 1,
        still: bool = False,
        sound: Any = None,
        times: list[float] | None = None,
        rotation: int = 0,
        subtitles: tuple[tuple[float, float, str], ...] = (),
        options: dict[str, str] | None = None,
    ) -> Path:
        times = times or [i / fps for i in range(round(seconds * fps))]
        length = times[-1] + 1 / fps
        with av.open(str(path), "w", container_options=options or {}) as out:
            video = out.add_stream("libx264", fps, options={"preset": "ultrafast", "crf": "23"})
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            video.time_base = video.codec_context.time_base = Fraction(1, 1000)
            video.codec_context.thread_count = 1
            if rotation:
                video.set_display_rotation(rotation)
            audio = out.add_stream("aac", RATE, layout="mono") if sound is not None else None
            lines = out.add_stream("mov_text") if subtitles else None
            if lines is not None:
                lines.codec_context.subtitle_header = b"[Events]\n"
            packets = []
            for time in times:
                image = _scene(time, int(shots * time / length), size, still=still)
                frame = av.VideoFrame.from_ndarray(image, "rgb24")
                frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
                packets += video.encode(frame)
            packets += video.encode(None)
            if audio is not None:
                for begin in range(0, len(sound), 1024):
                    part = np.ascontiguousarray(sound[begin : begin + 1024], np.float32)[None]
                    frame = av.AudioFrame.from_ndarray(part, "fltp", "mono")
                    frame.sample_rate, frame.pts = RATE, begin
                    packets += audio.encode(frame)
                packets += audio.encode(None)
            for start, end, text in subtitles:
                body = text.encode()
                packet = av.Packet(len(body).to_bytes(2, "big") + body)  # mov_text: length, then UTF-8
                packet.stream, packet.time_base = lines, Fraction(1, 1000)
                packet.pts = packet.dts = round(start * 1000)
                packet.duration = round((end - start) * 1000)
                packets.append(packet)
            # Interleaved as a camera writes them, so that a file that is cut off has lost the end of both.
            for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
                out.mux(packet)
        return path

    return write


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """plugin(code, kind="perception", **names) installs a module, its attributes registered under names, for this test alone.

    Returns the folder that was put on the path, for subprocesses (PYTHONPATH).
    """
    from cuechain.agents import registry

    made: list[str] = []

    def install(code: str, kind: str = "perception", **names: str) -> Path:
        module = f"made_{abs(hash(tmp_path))}_{len(made)}"
        made.append(module)
        site = tmp_path / "site"
        info = site / f"{module}-1.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(code, encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n", encoding="utf-8")
        lines = [f"[cuechain.{kind}]", *(f"{name} = {module}:{attr}" for name, attr in names.items())]
        (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.syspath_prepend(str(site))
        registry._entries.cache_clear()
        return site

    yield install
    monkeypatch.undo()
    for module in made:
        sys.modules.pop(module, None)
    registry._entries.cache_clear()
