"""What lies beside a clip: subtitles in a file of their own, further pages of a picture."""

from __future__ import annotations

from pathlib import Path

from cuechain.agents.probe import MAX_TEXT, image_of
from cuechain.agents.subtitles import SUBTITLE_SUFFIXES, Subtitle, decode_text, parse
from cuechain.agents.values import Gap, Media


def beside(path: Path, media: Media) -> tuple[tuple[Subtitle, ...], tuple[Gap, ...]]:
    """Subtitles in a file of their own, and what is to be said about the files."""
    if media.streams == ("subtitles",):
        return tuple(parse(media.text or "", path.suffix)), ()
    if media.kind == "image" and media.duration is None:
        with image_of(path) as image:
            pages = getattr(image, "n_frames", 1)
        told = Gap(sense="media", reason=f"only the first of {pages} pages is looked at", hint="give each as a file")
        return (), (told,) if pages > 1 and image.format == "TIFF" else ()
    if media.kind not in ("video", "audio"):
        return (), ()
    notes: list[Gap] = []
    for suffix in SUBTITLE_SUFFIXES:
        other = path.with_suffix(suffix)
        if not other.is_file():
            continue
        try:
            with other.open("rb") as file:
                data = file.read(MAX_TEXT + 1)
        except OSError as error:
            notes.append(Gap(sense="media", reason=f"{other.name} cannot be read: {error.strerror or error}"))
            continue
        if len(data) > MAX_TEXT:
            data = data[: data.rfind(b"\n", 0, MAX_TEXT) + 1]  # a letter cut in half would make all of it unreadable
            reason = f"{other.name} is over {MAX_TEXT // 1_000_000} MB: its end is not read"
            notes.append(Gap(sense="media", reason=reason))
        lines = tuple(parse(decode_text(data), suffix))
        if lines:
            return lines, tuple(notes)
        notes.append(Gap(sense="media", reason=f"{other.name} holds no subtitle that can be read"))
    return (), tuple(notes)
