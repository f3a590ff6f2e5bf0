"""Moments of a run's clips, found by what their cues mean and by filters.

A query of several parts ("laughs while saying something sad") is looked for as such: a moment is as good as the mean over the parts of
the best cue for each within a few seconds, in one clip. How well a cue fits a part is the cosine of their vectors, and a share of BM25
(Robertson & Zaragoza 2009; k1 1.2, b 0.75), divided by the most that the part could get, for words that are the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import PurePath
from typing import Any

from cuechain.agents.errors import ConfigError
from cuechain.agents.library.meaning import vectors, words

LEXICAL = 0.3
"""Weight of the same words beside the cosine: chosen among 0.1 to 1 on the 50 queries of benchmarks/library.jsonl that look for one cue
(higher ones find less), and on 60 queries of three words out of a line (higher ones find more)."""

WINDOW = 2.0
"""Seconds that may lie between the cues of a moment; of a conversation's turns, the one before and the one after. Ours."""

MOST = 1_000
"""Characters of a query; a longer one is refused rather than cut."""

FAR = 0.28
"""Score under which the best moment has little to do with the query, as told to the user: for 50 queries that have an answer it had
0.30 or more, for eight about physics, tax law or nothing 0.26 or less (benchmarks/library.jsonl; two small runs). Ours."""

_PARTS = re.compile(
    r"\s*[;,]\s+(?:and\s+|but\s+|then\s+)?"
    r"|\s+(?:while|whilst|but|although|though|whereas|and(?:\s+then)?|then)\s+",
    re.I,
)
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True)
class Filters:
    """What cues and their cases must have; empty fields allow everything. Each tuple holds alternatives."""

    sense: tuple[str, ...] = ()
    """Of the cue."""
    person: tuple[str, ...] = ()
    """Whom the cue is about."""
    label: tuple[str, ...] = ()
    """That the case was answered with."""
    gold: tuple[str, ...] = ()
    """That people gave."""
    relation: tuple[str, ...] = ()
    """How the senses relate, by the answer."""
    dataset: tuple[str, ...] = ()
    """Of the item."""
    least: float = 0.0
    """Confidence of the cue; one whose tool tells no confidence stays."""


@dataclass(frozen=True)
class Found:
    """A cue of a moment."""

    id: str
    """In its sheet."""
    sense: str
    """The tool that made it."""
    text: str
    """Its words."""
    person: str | None
    """Whom it is about."""
    score: float
    """How well it fits its part of the query."""


@dataclass(frozen=True)
class Moment:
    """A stretch of a clip, or a turn of a conversation, with the cues that were looked for."""

    item: str
    """Id of the item."""
    score: float
    """Mean over the parts of the query; about -0.1 to 1.3."""
    cues: tuple[Found, ...]
    """The best one for each part."""
    file: str | None
    """Where it can be seen or heard."""
    kind: str | None
    """video, audio, image or text."""
    start: float | None
    """Seconds."""
    end: float | None
    """Seconds."""
    line: int | None
    """Turn of a conversation."""
    label: str | None
    """What the case was answered with."""
    gold: str | None
    """What people said."""
    place: int
    """Byte of cases.jsonl where the case's line begins."""
    also: tuple[str, ...] = ()
    """Other items that hold the same moment: each utterance of a dialogue is an item with the whole dialogue."""

    @property
    def address(self) -> str | None:
        """The file with the time as a media fragment (W3C Media Fragments URI 1.0)."""
        if self.file is None:
            return None
        name = self.file if "://" in self.file else PurePath(self.file).as_posix()
        return name if self.start is None or self.kind == "image" else f"{name}#t={self.start:.2f}"


def parts(query: str) -> list[str]:
    """The parts of a query that are looked for together; words in double quotes stay together."""
    held = _QUOTED.findall(query)
    rest = _QUOTED.sub(lambda found: f'"{held.index(found[1])}"', query)
    made = [re.sub(r'"(\d+)"', lambda found: f'"{held[int(found[1])]}"', part) for part in _PARTS.split(rest)]
    return list(dict.fromkeys(part.strip() for part in made if re.search(r"\w", part)))


def search(db: Any, query: str, filters: Filters, limit: int = 10) -> list[Moment]:
    """The best moments, best first; without a query, those of the cues that stand out most.

    Args:
        db: A connection of `index.opened` with `meaning`.
        query: English words; what stands in double quotes must be in a cue as it is.
        filters: What cues and cases must have.
        limit: How many moments.

    Raises:
        ConfigError: Nothing is looked for, or the query is too long.
    """
    query = query.strip().encode("utf-8", "replace").decode()
    if len(query) > MOST:
        raise ConfigError(f"the query has {len(query):,} characters, the limit is {MOST:,}", "say it in a sentence")
    wanted = parts(query)
    if not wanted and (query or filters == Filters()):
        raise ConfigError("there is nothing to look for", "give words, or a filter such as --label anger")
    _candidates(db, wanted, filters)
    found = _moments(db, len(wanted) or 1, limit * 100)
    return _distinct(db, found, limit, single=not wanted)


def _candidates(db: Any, wanted: Sequence[str], filters: Filters) -> None:
    """Temporary table `fitting`: the cues that pass the filters, with a score s0, s1 … for each part."""
    made: list[str] = []
    given: list[Any] = []
    joins = ""
    for k, part in enumerate(wanted):
        joins += f" JOIN ({_scores(db, part, given)}) t{k} ON t{k}.id = c.text_id"
        score = f"t{k}.score"
        for phrase in _QUOTED.findall(part):
            score = f"CASE WHEN contains(lower(c.text), lower(${len(given) + 1})) THEN {score} END"
            given.append(phrase)
        made.append(f"{score} AS s{k}")
    conditions = ["true"]
    for one in fields(filters):
        value = getattr(filters, one.name)
        if not value:
            continue
        given.append(value if one.name == "least" else [v.lower() for v in value])
        if one.name == "least":
            conditions.append(f"(c.confidence IS NULL OR c.confidence >= ${len(given)})")
        else:
            table = "c" if one.name in ("sense", "person") else "k"
            conditions.append(f"list_contains(${len(given)}::VARCHAR[], lower({table}.{one.name}))")
    if filters.label or filters.gold or filters.relation:  # in a conversation, they are about the judged turn
        conditions.append("(k.turn IS NULL OR c.line IS NULL OR c.line = k.turn)")
    db.execute(
        "CREATE OR REPLACE TEMP TABLE fitting AS "
        f"SELECT c.*, coalesce(c.line = k.turn, false) AS own, {', '.join(made) or 'c.salience AS s0'} "
        f"FROM cues c JOIN cases k USING (item){joins} WHERE {' AND '.join(conditions)}",
        given,
    )


def _scores(db: Any, part: str, given: list[Any]) -> str:
    """SQL of each text's score for one part; its values are added to `given`."""
    vector, own = vectors([part])[0], sorted(set(words(part)))
    count, average = db.execute("SELECT count(*), coalesce(avg(length), 1) FROM search.texts").fetchone()
    met = "SELECT word, count(*) FROM search.postings WHERE word IN (SELECT unnest($1::VARCHAR[])) GROUP BY 1"
    known: dict[str, int] = dict(db.execute(met, [own]).fetchall())
    rarity = {word: math.log(1 + (count - known.get(word, 0) + 0.5) / (known.get(word, 0) + 0.5)) for word in own}
    most = sum(rarity.values()) * 2.2 or 1.0
    n = len(given)
    given += [vector.tolist(), own, [rarity[word] for word in own]]
    return (
        f"SELECT x.id, array_inner_product(x.place, ${n + 1}::FLOAT[{len(vector)}]) + {LEXICAL} * coalesce(b.bm25, 0) AS score "
        "FROM search.texts x LEFT JOIN (SELECT p.id, "
        f"sum(w.rarity * p.times * 2.2 / (p.times + 1.2 * (0.25 + 0.75 * y.length / {max(average, 1.0)}))) / {most} AS bm25 "
        f"FROM search.postings p JOIN (SELECT unnest(${n + 2}::VARCHAR[]) AS word, unnest(${n + 3}::DOUBLE[]) AS rarity) w USING (word) "
        "JOIN search.texts y ON y.id = p.id GROUP BY p.id) b ON b.id = x.id"
    )


_NEAR = f"""(CASE
    WHEN a.start_s IS NOT NULL AND b.start_s IS NOT NULL
        THEN a.file IS NOT DISTINCT FROM b.file AND b.start_s <= a.end_s + {WINDOW} AND b.end_s >= a.start_s - {WINDOW}
    WHEN a.line IS NOT NULL AND b.line IS NOT NULL THEN abs(a.line - b.line) <= 1
    ELSE true END)"""
"""Whether cues a and b of one item belong to one moment: by time, by turn; a cue without either belongs to the whole item."""


def _moments(db: Any, parts: int, most: int) -> list[tuple[Any, ...]]:
    """Rows of item, score, and for each part the cue's id and score, best first.

    Each item's three best cues for each part are the middle of a moment.
    """
    each = range(parts)
    best = " OR ".join(f"row_number() OVER (PARTITION BY item ORDER BY s{k} DESC NULLS LAST, cue) <= 3" for k in each)
    mean = " + ".join(f"max(b.s{k})" for k in each)
    pairs = ", ".join(f"arg_max(b.cue, b.s{k}) AS c{k}, max(b.s{k})" for k in each)
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE hits AS WITH middle AS (SELECT * FROM fitting QUALIFY {best}) "
        f"SELECT DISTINCT a.item, ({mean}) / {parts} AS score, {pairs}, a.own "
        f"FROM middle a JOIN fitting b ON a.item = b.item AND {_NEAR} "
        f"GROUP BY a.item, a.cue, a.own HAVING score IS NOT NULL ORDER BY score DESC, a.own DESC, a.item LIMIT {most}"
    )
    return db.execute("SELECT * EXCLUDE (own) FROM hits ORDER BY score DESC, own DESC, item, c0").fetchall()


def _distinct(db: Any, rows: Sequence[tuple[Any, ...]], limit: int, single: bool) -> list[Moment]:
    """Moments that do not overlap; one that several items share is told once, as the item whose judged turn it is.

    With `single`, each item has one moment.
    """
    parts = range((len(rows[0]) - 2) // 2) if rows else range(0)
    of_item = {c["item"]: c for c in _dicts(db, "SELECT * FROM cases WHERE item IN (SELECT item FROM hits)")}
    wanted = " UNION ".join(f"SELECT item, c{k} AS cue FROM hits" for k in parts)
    held = (
        {(c["item"], c["cue"]): c for c in _dicts(db, f"SELECT cues.* FROM cues JOIN ({wanted}) USING (item, cue)")}
        if rows
        else {}
    )
    found: dict[tuple[Any, ...], Moment] = {}
    judged: set[tuple[Any, ...]] = set()
    for item, score, *pairs in rows:
        ids = list(dict.fromkeys(pairs[::2]))
        case, cues = of_item[item], [held[item, id] for id in ids]
        same = (case["item_group"] or item, *((c["sense"], c["text"], c["start_s"], c["line"]) for c in cues))
        moment = _moment(case, cues, score, dict(zip(pairs[::2], pairs[1::2], strict=True)))
        turn = case["turn"] is not None and any(c["line"] == case["turn"] for c in cues)
        former = found.get(same)
        if former is None:
            if len(found) < limit and not any(_overlap(moment, other, single) for other in found.values()):
                found[same] = moment
                judged |= {same} if turn else set()
        elif item not in (former.item, *former.also):
            if turn and same not in judged:
                found[same] = replace(moment, also=(former.item, *former.also))
                judged.add(same)
            else:
                found[same] = replace(former, also=(*former.also, item))
    return list(found.values())


def _dicts(db: Any, sql: str) -> list[dict[str, Any]]:
    found = db.execute(sql)
    names = [c[0] for c in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _moment(case: dict[str, Any], cues: Sequence[dict[str, Any]], score: float, each: dict[str, float]) -> Moment:
    starts = [c["start_s"] for c in cues if c["start_s"] is not None]
    ends = [c["end_s"] for c in cues if c["end_s"] is not None]
    return Moment(
        item=case["item"],
        score=round(score, 3),
        cues=tuple(Found(c["cue"], c["sense"], c["text"], c["person"], round(each[c["cue"]], 3)) for c in cues),
        file=next((c["file"] for c in cues if c["file"]), case["file"]),
        kind=next((c["kind"] for c in cues if c["file"]), None),
        start=min(starts, default=None) if starts else case["start_s"],
        end=max(ends, default=None) if ends else case["end_s"],
        line=next((c["line"] for c in cues if c["line"] is not None), None),
        label=case["label"],
        gold=case["gold"],
        place=case["place"],
    )


def _overlap(one: Moment, other: Moment, single: bool) -> bool:
    """Whether two moments of one item show the same."""
    if one.item != other.item:
        return False
    if single or {c.id for c in one.cues} & {c.id for c in other.cues}:
        return True
    if one.start is None or other.start is None or one.end is None or other.end is None:
        return one.line == other.line
    return one.start <= other.end and other.start <= one.end
