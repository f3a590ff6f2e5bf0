"""What a dry run finds: which items there are, what is odd about them, and how long they and how much room they will take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from statistics import median

from cuechain.agents.datasets import Fault
from cuechain.agents.errors import MediaError
from cuechain.agents.fetch import is_address, size_of
from cuechain.agents.probe import probe
from cuechain.agents.values import Media, Sample, Span

TIMES_MEDIAN = 5.0
"""A clip that is that many times longer or shorter than half of the others is told: it may be mis-cut."""

SHORT_SECONDS = 0.3
"""Shorter than a spoken word."""

FAST, SLOW = 8.0, 2.0
"""Times real time that perceiving takes on two cores, with subtitles and without; benchmarks/perception.py."""

PICTURES = (1.0, 4.0)
"""Pictures a second on two cores, large ones and small ones."""

TEXTS = (100.0, 200.0)
"""Texts a second on two cores."""

START = 3.0
"""Seconds in which workers have loaded what they need."""

CASE_KB, SECOND_KB = 25.0, 2.0
"""Kilobytes of disk that an item and a second of media take in the run folder and the cue cache, many small files."""

AT_ONCE = 16
"""Servers' answers that are waited for at once."""

MOST_TOLD = 5
"""Examples of one kind of fault."""

MOST_LABELS = 20
"""Labels that are named."""


@dataclass(frozen=True)
class Looked:
    """What a dry run finds."""

    items: int
    """Items that would be answered."""
    faults: tuple[Fault, ...]
    """What cannot be used, or looks wrong."""
    seconds: float
    """Of video and sound."""
    texts: int
    """Items of words alone."""
    kinds: dict[str, int] = field(default_factory=dict[str, int])
    """Kind of medium to how many files."""
    afar: dict[str, int | None] = field(default_factory=dict[str, "int | None"])
    """Address of a file to its bytes; None where the server does not tell."""
    outside: dict[str, int] = field(default_factory=dict[str, int])
    """What people said that is no label of the set, to how many items."""

    def told(self) -> Iterator[str]:
        """The findings in lines."""
        kinds = [f"{self.texts:,} of words alone"] if self.texts else []
        kinds += [f"{n:,} {kind} file{'s' * (n != 1)}" for kind, n in self.kinds.items()]
        yield f"{self.items:,} item{'s' * (self.items != 1)}" + (f": {', '.join(kinds)}" if kinds else "")
        if self.afar:
            yield self._told_afar()
        pictures, texts = self.kinds.get("image", 0), self.texts + self.kinds.get("text", 0)
        low = START + self.seconds / FAST + pictures / PICTURES[1] + texts / TEXTS[1]
        high = START + self.seconds / SLOW + pictures / PICTURES[0] + texts / TEXTS[0]
        if self.seconds:
            yield f"{lasting(self.seconds)} of video and sound"
        if self.seconds or self.kinds or self.texts:
            long = between(low, high)
            some = "" if long.startswith("a ") else "some "
            yield f"perceiving takes {some}{long} on two cores; the answers of a chat model come on top"
        megabytes = (self.items * CASE_KB + self.seconds * SECOND_KB) / 1000
        yield f"the run folder and the cue cache take some {size(1e6 * megabytes)}"
        for reason, count in Counter(f.reason for f in self.faults).most_common():
            yield f"{count} × {reason}"
            some = list(dict.fromkeys(f"    {f.id}: {f.detail}" for f in self.faults if f.reason == reason))
            yield from some[:MOST_TOLD]
            if len(some) > MOST_TOLD:
                yield f"    and {len(some) - MOST_TOLD} more"
        if self.outside:
            most = sorted(self.outside.items(), key=lambda one: -one[1])
            named = ", ".join(f"{label} ({count:,} ×)" for label, count in most[:MOST_LABELS])
            more = f" and {len(most) - MOST_LABELS} more" if len(most) > MOST_LABELS else ""
            yield f"labels of people outside the set, left out when the run is scored: {named}{more}"

    def _told_afar(self) -> str:
        known = [bytes for bytes in self.afar.values() if bytes is not None]
        hidden = len(self.afar) - len(known)
        told = f"{len(self.afar)} files to fetch into the cache"
        told += f": {size(sum(known))}" if known else ""
        return (
            told + (f"; of {hidden} the size is not known" if hidden else "") + "; how long they last is not known yet"
        )


def size(bytes: float) -> str:
    """Bytes as people write them."""
    for unit in ("kB", "MB", "GB"):
        bytes /= 1000
        if bytes < 1000 or unit == "GB":
            break
    return f"{bytes:.0f} {unit}" if bytes >= 10 else f"{max(bytes, 0.1):.1f} {unit}"


def lasting(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def between(low: float, high: float) -> str:
    """Two durations in one unit."""
    if high < 10:
        return "a few seconds"
    if high < 90:
        return f"{low:.0f} to {high:.0f} s"
    part, unit = (60, "minutes") if high < 5400 else (3600, "hours")
    return (
        f"{low / part:.1f} to {high / part:.1f} {unit}"
        if low < 10 * part
        else f"{low / part:.0f} to {high / part:.0f} {unit}"
    )


def looked(items: Iterable[Sample | Fault], labels: Callable[[Sample], Sequence[str]] = lambda _: ()) -> Looked:
    """Open each file as far as its head, and tell what is missing, unreadable, there twice, or suspiciously long or short.

    Of what has an address the size is asked; nothing is fetched.

    Args:
        items: Of a reader.
        labels: What an item may be answered with; nothing where that is not a closed set.
    """
    faults: list[Fault] = []
    lengths: dict[tuple[str, Span | None], tuple[str, float]] = {}
    seen: dict[str, str] = {}
    rows: dict[tuple[object, ...], str] = {}
    unusable: set[str] = set()
    kinds: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    afar: dict[str, str] = {}
    tried: set[str] = set()
    count = texts = 0

    # Many rows may be stretches of one long file, and many turns of one conversation are looked at with each of them.
    @cache
    def of(file: str) -> Media | MediaError:
        try:
            return probe(file)
        except MediaError as error:
            return error

    for item in items:
        if isinstance(item, Fault):
            faults.append(item)
            continue
        count += 1
        if among := {label.casefold() for label in labels(item)}:
            outside.update(label for label in set(item.target.labels or ()) if label.casefold() not in among)
        # What people said of it and what it is called make it no other one.
        row = (item.text, item.turns, item.turn, item.files, item.span, item.question, item.labels)
        alike = rows.setdefault(row, item.id)
        if alike != item.id:
            faults.append(Fault(item.id, "twice", f"it is the same as {alike}"))
        files = [(file, item.span) for file in item.files]
        turns = Counter(t.file for t in item.turns)  # of those that name one file, each is a stretch of it
        files += [(t.file, t.span if turns[t.file] > 1 else None) for t in item.turns if t.file]
        texts += not files
        for file, span in files:
            if is_address(file):
                afar.setdefault(file, item.id)
                if span:
                    lengths.setdefault((file, span), (item.id, span.length))
                continue
            media = of(file)
            new = file not in tried
            tried.add(file)
            if isinstance(media, MediaError):
                faults.append(Fault(item.id, "unreadable", media.message))
                unusable |= {item.id} if file in item.files else set()
                continue
            kinds[media.kind] += new
            first = seen.setdefault(media.sha256, item.id)
            if first != item.id and alike == item.id and not span and file in item.files:
                faults.append(Fault(item.id, "twice", f"{file} has the same bytes as that of {first}"))
            if media.duration is not None and media.kind in ("video", "audio"):
                lengths.setdefault((file, span), (item.id, span.length if span else media.duration))
                if span and span.end > media.duration + 0.5:
                    told = f"it ends at {span.end:.1f} s, the file at {media.duration:.1f} s"
                    faults.append(Fault(item.id, "miscut", told))
    found = dict(_asked(afar))
    gone = [one for one in found.values() if isinstance(one, Fault)]
    faults += gone
    unusable |= {one.id for one in gone}
    sizes = {address: one for address, one in found.items() if not isinstance(one, Fault)}
    faults += _odd(list(lengths.values()))
    seconds = sum(s for _, s in lengths.values())
    return Looked(count - len(unusable), tuple(faults), seconds, texts, dict(kinds), sizes, dict(outside))


def _asked(afar: dict[str, str]) -> Iterator[tuple[str, int | Fault | None]]:
    """What servers say of files, each with the item that wants it first."""

    def one(address: str) -> int | Fault | None:
        try:
            return size_of(address)
        except MediaError as error:
            return Fault(afar[address], "missing", error.message)

    if afar:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="cuechain-look") as pool:
            yield from zip(afar, pool.map(one, afar), strict=True)


def _odd(lengths: list[tuple[str, float]]) -> Sequence[Fault]:
    if not lengths:
        return ()
    usual = median(seconds for _, seconds in lengths)
    found: list[Fault] = []
    for id, seconds in lengths:
        far = len(lengths) >= 5 and not usual / TIMES_MEDIAN <= seconds <= usual * TIMES_MEDIAN
        if far or seconds < SHORT_SECONDS:
            found.append(Fault(id, "length", f"{seconds:.1f} s, half of the clips are shorter than {usual:.1f} s"))
    return found
