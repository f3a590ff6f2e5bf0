"""A clip of any length made of a short one: its packets are repeated with later times, so that it costs disk and no encoding."""

from __future__ import annotations

from pathlib import Path

import av


def looped(source: Path, target: Path, seconds: float) -> Path:
    """Write `source` again and again into `target` until it is that long. Each turn begins with a key frame, which is a cut."""
    with av.open(str(target), "w") as out:
        with av.open(str(source)) as film:
            kept = [*film.streams.video[:1], *film.streams.audio[:1]]
            streams = {s.index: out.add_stream_from_template(s) for s in kept}
            # The turn ends where its longest stream does, so that times never go back.
            length = max(float((s.duration or 0) * s.time_base) for s in kept) or (film.duration or 0) / av.time_base
        turn, last = 0, dict[int, int]()
        while turn * length < seconds:
            with av.open(str(source)) as film:
                for packet in film.demux([film.streams[i] for i in streams]):
                    if packet.dts is None:
                        continue
                    later = round(turn * length / packet.time_base)
                    place = packet.stream.index
                    # What a turn holds before its second 0 (the priming of the sound) would go back in time.
                    packet.dts = last[place] = max(packet.dts + later, last.get(place, -(2**62)) + 1)
                    packet.pts = max((packet.pts or 0) + later, packet.dts)
                    packet.stream = streams[place]
                    out.mux(packet)
            turn += 1
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
