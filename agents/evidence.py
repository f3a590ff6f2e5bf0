"""Which cues an answer tells, what each does for the conclusion, and how sure they allow it to be."""

from __future__ import annotations

from collections.abc import Sequence

from cuechain.agents.llm.labels import meaning
from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.values import CLASHES, Claim, Cue, CueSheet, Focus, Plan, Relation, Stance

DECISIVE = 0.35
"""Weight from which a cue is told as evidence."""

MOST_CLAIMS = 5
"""Evidence sentences in one answer: more are not read."""

MOST_OF_A_SENSE = 2
"""Evidence sentences of one sense: a third line of talk convinces less than a first look at the face."""

HAIR = 0.1
"""Lead of neutral that counts as none where a cue that decides points to a feeling."""


def evidence(sheet: CueSheet, plan: Plan, label: str, person: str | None, *, torn: bool) -> tuple[Claim, ...]:
    """A claim for each cue that decides, strongest first; words go together with the line they read.

    Where the senses are torn, the strongest cue against the conclusion is told too, however little it decided.
    """
    order = sorted((i for i in plan.weight if i in sheet.cues), key=lambda i: -plan.weight[i])
    order = [i for i in order if person is None or sheet.cues[i].person in (person, None)] or order
    order = [i for i in order if sheet.cues[i].sense not in SETTING] or order
    # What points nowhere is told after what points somewhere.
    order.sort(
        key=lambda i: -plan.weight[i] * (0.4 if stance_of(sheet, i, plan.points.get(i), label) == "weak" else 1.0)
    )
    told: list[str] = []
    for i in [i for i in order if plan.weight[i] >= DECISIVE] or order[:1]:
        same = [j for j in told if sheet.cues[j].sense == sheet.cues[i].sense]
        if len(told) < MOST_CLAIMS and len(same) < MOST_OF_A_SENSE:
            told.append(i)
    against = [i for i in order if stance_of(sheet, i, plan.points.get(i), label) == "conflicts"]
    if torn and against and not set(against) & set(told):
        told = [*told[: MOST_CLAIMS - 1], against[0]]
    claims: list[Claim] = []
    used: set[str] = set()
    for i in told:
        if i in used:
            continue
        partner = _partner(sheet, i)
        cites = [j for j in ((partner, i) if sheet.cues[i].sense == "words" else (i, partner)) if j]
        # What was seen or heard in the same words at another time goes into the same sentence.
        cites += [j for j in order if j not in cites and j not in used and _repeats(sheet.cues[j], sheet.cues[i])]
        used.update(cites)
        points = plan.points.get(i) or (plan.points.get(partner) if partner else None)
        claims.append(Claim(cites=tuple(cites), stance=stance_of(sheet, i, points, label), points=points))
    # What points to the conclusion itself comes before what only leans its way, and that before what speaks against it.
    return tuple(sorted(claims, key=lambda c: (c.stance == "conflicts", not kindred(c.points, label))))


def _repeats(one: Cue, other: Cue) -> bool:
    return (one.sense, one.text, one.person) == (other.sense, other.text, other.person)


def _partner(sheet: CueSheet, id: str) -> str | None:
    """The line that a words cue reads, or the words cue of a line."""
    cue = sheet.cues[id]
    other = {"words": "transcript", "transcript": "words"}.get(cue.sense)
    line = cue.measures.get("line")
    same = [
        i
        for i, c in sheet.cues.items()
        if c.sense == other and (c.person, c.span, c.measures.get("line")) == (cue.person, cue.span, line)
    ]
    return same[0] if len(same) == 1 else None


def stance_of(sheet: CueSheet, id: str, points: str | None, label: str) -> Stance:
    """What a cue that by itself points to one label does for another: pleasant against unpleasant is a conflict."""
    if sheet.cues[id].sense in SETTING:
        return "context"
    if points is None:
        return "supports"
    if points == label or meaning(points)[0] == meaning(label)[0]:
        return "supports"
    one, two = meaning(points)[1], meaning(label)[1]
    # Neutral and surprise lie between pleasant and unpleasant, and contradict neither.
    if min(abs(one), abs(two)) < 0.3:
        return "weak"
    return "conflicts" if one * two < 0 else "supports"


def grounded(plan: Plan, label: str) -> bool:
    """Whether some cue by itself points to a label or to one of the same kind."""
    return any(kindred(points, label) for points in plan.points.values())


def kindred(points: str | None, label: str) -> bool:
    """Whether what a cue points to is a label, or of the same kind."""
    kind = meaning(label)[0]
    return points == label or bool(points and kind and meaning(points)[0] == kind)


def signed(plan: Plan, ranked: list[tuple[str, float]]) -> bool:
    """Whether neutral leads by a hair over a feeling that a deciding cue points to: neutral is the want of a sign, and there is one."""
    (first, p), (second, q) = ranked[:2]
    if meaning(first)[0] != "neutral" or p - q > HAIR:
        return False
    return any(points == second and plan.weight.get(i, 0.0) >= 0.5 for i, points in plan.points.items())


def related(plan: Plan, *, pleasant: bool) -> Relation:
    """How the senses relate: first whether they clash, then how. Three ways to clash would else lose to one way to agree.

    Args:
        plan: The planner's.
        pleasant: Whether the feeling is: words that mean their opposite exclude that.
    """

    def share(relation: Relation) -> float:
        return 0.0 if pleasant and relation == "sarcastic" else plan.relation.get(relation, 0.0)

    plain: tuple[Relation, ...] = ("agree", "single")
    clashing = sum(map(share, CLASHES)) > sum(map(share, plain))
    return max(CLASHES if clashing else plain, key=share)


def partial(sheet: CueSheet) -> bool:
    """Whether somebody speaks whose words are unknown, wholly or in part, and no face was seen: calm may then be what was missed."""
    cues = list(sheet.cues.values())
    if any(c.sense == "face" for c in cues):
        return False
    kept = [c.measures.get("kept_share", 1.0) for c in cues if c.sense == "transcript"]
    unheard = any(g.sense == "transcript" for g in sheet.gaps) and any(c.sense == "voice" for c in cues)
    return any(isinstance(k, float) and k <= 0.9 for k in kept) or (unheard and not kept)


def ceiling(sheet: CueSheet, claims: Sequence[Claim]) -> float:
    """No answer is surer than its evidence: between a half and one, by the chance that some supporting cue is right (noisy-or).

    Cues whose tool states no reliability do not lower it.
    """
    cues = [sheet.cues[i] for c in claims if c.stance == "supports" for i in c.cites]
    if not cues or any(c.reliability is None for c in cues):
        return 1.0
    wrong = 1.0
    for cue in cues:
        wrong *= 1 - (cue.reliability or 0.0) * (0.5 if cue.confidence is None else cue.confidence)
    return 0.5 + 0.5 * (1 - wrong)


def closest(sheet: CueSheet, plan: Plan, found: Focus) -> Claim:
    """What an answer that abstains may still point at: the cue of the person that came nearest to deciding."""
    own = [
        i
        for i, c in sheet.cues.items()
        if c.sense not in SETTING and (found.person is None or c.person in (found.person, None))
    ]
    best = max(own, key=lambda i: plan.weight.get(i, 0.0), default=None)
    return Claim(cites=(best,) if best else (), stance="weak")
