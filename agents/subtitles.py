"""Subtitle files (.srt, .vtt) of any encoding into timed lines. FFmpeg parses; this adds encodings, speakers and tolerance."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from cuechain.agents.values import Span

SUBTITLE_SUFFIXES = (".srt", ".vtt")

_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]+)>")  # WebVTT voice span: <v Anna>
_SPEAKER = re.compile(r"^\s*(?:-\s*)?([A-Z][\w.'’]{0,20}(?: [A-Z][\w.'’]{0,20}){0,2}|[A-Z]{2,20}):\s+(?=\S)")
_ASS_TAG = re.compile(r"\{\\[^}]*\}")
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>")


@dataclass(frozen=True, slots=True)
class Subtitle:
    """One subtitle."""

    span: Span
    """When it is shown."""
    text: str
    """The words, one line, without markup."""
    speaker: str | None = None
    """Who speaks, where the file says so."""

    def since(self, start: float) -> Subtitle:
        """The same line with its times counted from another second 0."""
        span = Span(start=self.span.start - start, end=self.span.end - start)
        return Subtitle(span, self.text, self.speaker)


def decode_text(data: bytes) -> str:
    """Bytes of a text file into characters: byte order mark, else UTF-16 or UTF-8, else Windows-1252, which reads any byte."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    start = data[:2000]
    for name, high in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if high.count(0) > 0.4 * len(high) and start.count(0) < 0.6 * len(
            start
        ):  # half of each letter is zero, the other is not
            return data.decode(name, "replace")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    # One spoilt byte in a UTF-8 file must not garble all its other letters.
    return text if sum(c > "\x7f" for c in text) >= 2 * broken else data.decode("cp1252", "replace")


def said(raw: str, start: float, end: float) -> Subtitle | None:
    """One subtitle from its raw text (the words of an ASS event, or plain); None when nothing is said in it."""
    words = _MARKUP.sub("", _ASS_TAG.sub("", raw)).replace("\\N", " ").replace("\\n", " ").replace("\\h", " ")
    words = " ".join(words.split())
    match = _SPEAKER.match(words)
    speaker = match.group(1).strip().title() if match else None
    words = words[match.end() :] if match else words
    return Subtitle(Span(start=max(0.0, start), end=max(start, end, 0.0)), words, speaker) if words else None


def parse(text: str, suffix: str) -> list[Subtitle]:
    """Timed lines of an .srt or .vtt text; damaged entries are left out, an unreadable file gives an empty list."""
    import av
    from av.error import FFmpegError

    text = _VOICE.sub(r"\1: ", text.replace("\x00", ""))
    kind = "webvtt" if suffix.lower() == ".vtt" else "srt"
    if kind == "webvtt" and not text.lstrip().startswith("WEBVTT"):
        text = "WEBVTT\n\n" + text
    lines: list[Subtitle] = []
    try:
        with av.open(io.BytesIO(text.encode()), "r", format=kind) as container:
            for packet in container.demux(container.streams.subtitles):
                try:
                    items = packet.decode()
                except FFmpegError:
                    continue
                for item in items:
                    if packet.pts is None or packet.duration is None:
                        continue
                    start = float(packet.pts * packet.time_base)
                    end = start + float(packet.duration * packet.time_base)
                    raw = getattr(item, "dialogue", b"") or getattr(item, "text", b"")
                    line = said(raw.decode("utf-8", "replace"), start, end)
                    lines.extend([line] if line else [])
    except (FFmpegError, ValueError):
        return lines
    return lines
