"""What a planner says of its own answer: another feeling, how sure, how strong, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence

from cuechain.agents.agent.followups import Reply
from cuechain.agents.evidence import stance_of
from cuechain.agents.llm.labels import meaning
from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.llm.weighted import kin
from cuechain.agents.realise import adjective
from cuechain.agents.values import Answer, Claim, CueSheet, Focus, Plan
from cuechain.agents.weigh import named

MOST = 3
"""Sentences of evidence behind the one that answers."""

CLOSE = 0.5
"""Share of the answer's probability from which another feeling comes close to it; as `planned` names several feelings."""


def akin(one: str, other: str) -> bool:
    """Whether two labels are one kind of feeling."""
    return one == other or (meaning(one)[0] is not None and meaning(one)[0] == meaning(other)[0])


def _pointing(sheet: CueSheet, plan: Plan, person: str | None) -> list[str]:
    """Cues of the person that by themselves point somewhere, the weightiest first."""
    own = [i for i in plan.points if i in sheet.cues and sheet.cues[i].sense not in SETTING]
    own = [i for i in own if person is None or sheet.cues[i].person in (person, None)]
    return sorted(own, key=lambda i: -plan.weight.get(i, 0.0))


def aside(sheet: CueSheet, plan: Plan, ids: Sequence[str], label: str, most: int = MOST) -> tuple[Claim, ...]:
    """A claim for each thing that cues say; what is said again at another time is cited with it."""
    same: dict[tuple[str, str, str], list[str]] = {}
    for i in ids:
        same.setdefault((sheet.cues[i].sense, sheet.cues[i].text, plan.points[i]), []).append(i)
    claims = [
        Claim(cites=tuple(group), stance=stance_of(sheet, group[0], points, label), points=points)
        for (_, _, points), group in same.items()
    ]
    return tuple(sorted(claims, key=lambda c: c.stance == "weak")[:most])


def elsewhere(sheet: CueSheet, plan: Plan, person: str | None, label: str) -> list[str]:
    """Cues that by themselves point to another feeling; neutral is the want of a sign."""
    pointing = _pointing(sheet, plan, person)
    return [i for i in pointing if not akin(plan.points[i], label) and meaning(plan.points[i])[0] != "neutral"]


def why_not(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus, wanted: str) -> Answer:
    """What speaks for another feeling, and why it is not the answer."""
    assert answer.emotion is not None
    given = answer.emotion.label
    head, own = answer.claims[0], answer.claims[1:]
    who, noun = found.pronoun, as_noun(wanted)
    if akin(wanted, given):
        same = "that is the answer" if wanted == given else f"the answer is much the same, {as_noun(given)}"
        text = f"{noun} is not ruled out: {same}"
        return answer.model_copy(update={"claims": (_first(head, text), *own[:MOST])})
    speaking = [i for i in _pointing(sheet, plan, found.person) if akin(plan.points[i], wanted)]
    close = plan.labels.get(wanted, 0.0) >= CLOSE * plan.labels.get(given, 1.0)
    likelier = (
        f"{who} {'show' if who == 'they' else 'shows'} no strong feeling" if given == "neutral" else as_noun(given)
    )
    text = (
        (
            f"{noun} comes close, but the cues fit {as_noun(given)} better"
            if close
            else f"{noun} is less likely than {as_noun(given)}"
        )
        if given != "neutral"
        else f"{noun} is less likely than that {likelier}"
    )
    text += "" if speaking else f"; no cue by itself points to {noun}"
    # Words go together with the line that they read, as the answer itself tells them.
    theirs = [c for c in own if set(c.cites) & set(speaking)]
    others = [i for i in speaking if not any(i in c.cites for c in theirs)]
    kept = [c for c in own if c not in theirs][:MOST]
    lead = tuple(i for i in head.cites if i not in speaking) or head.cites
    head = _first(head.model_copy(update={"cites": lead}), text)
    return answer.model_copy(update={"claims": (head, *kept, *theirs, *aside(sheet, plan, others, given, 1))})


def undecided(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus, wanted: str | None, reply: Reply) -> Answer:
    """The same where no answer was given: what there is of the feeling that is asked for, or what would be needed."""
    speaking = [i for i in _pointing(sheet, plan, found.person) if wanted and akin(plan.points[i], wanted)][:MOST]
    if wanted is not None:
        noun = as_noun(wanted)
        signs = "is what little points to it" if speaking else f"no cue by itself points to {noun}"
        text = f"No feeling can be told here, {noun} included; {'this ' if speaking else ''}{signs}"
    elif reply == "change":
        have = {kin(c.sense) for c in sheet.cues.values()}
        lacking = [s for s in ("words", "voice", "face") if s not in have]
        beside = f", and there is nothing of {named(lacking)}" if lacking else ""
        text = f"There is no answer to change; one would need a cue that points to a feeling{beside}"
    else:
        return answer
    head = answer.claims[0]
    cites = tuple(speaking) or head.cites
    return answer.model_copy(update={"claims": (head.model_copy(update={"text": capital(text), "cites": cites}),)})


def how_strong(answer: Answer, found: Focus) -> Answer:
    """How strongly; cues tell strong from faint, and no number of a scale."""
    assert answer.emotion is not None
    strength = answer.emotion.intensity or 0.0
    degree = "strongly" if strength >= 2 / 3 else "moderately" if strength >= 1 / 3 else "faintly"
    who, given = found.pronoun, answer.emotion.label
    feels = f"{who} {'seem' if who == 'they' else 'seems'} {degree} {adjective(given)}"
    text = f"cues tell strong from faint, not a place on a scale: {feels}"
    return answer.model_copy(update={"claims": (_first(answer.claims[0], text), *answer.claims[1 : 1 + MOST])})


def what_used(answer: Answer) -> Answer:
    """The cues that the answer went by, and no others."""
    assert answer.emotion is not None
    own = tuple(c for c in answer.claims[1:] if c.stance == "supports")
    cites = tuple(dict.fromkeys(i for c in own for i in c.cites)) or answer.claims[0].cites
    text = f"the answer is {as_noun(answer.emotion.label)}, and it went by {'this' if len(cites) == 1 else 'these'}"
    return answer.model_copy(
        update={"claims": (Claim(text=capital(text), cites=cites, points=answer.emotion.label), *own)}
    )


def what_against(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus) -> Answer:
    """What speaks against the answer."""
    assert answer.emotion is not None
    given = answer.emotion.label
    against = [c for c in answer.claims[1:] if c.stance == "conflicts"]
    told = {i for c in against for i in c.cites}
    other = [i for i in elsewhere(sheet, plan, found.person, given) if i not in told]
    claims = (*against, *aside(sheet, plan, other, given))[:MOST]
    cites = tuple(dict.fromkeys(i for c in claims for i in c.cites)) or answer.claims[0].cites
    speaks = "this speaks against it" if claims else "no cue by itself points to another feeling"
    text = f"the answer is {as_noun(given)}; {speaks}"
    return answer.model_copy(update={"claims": (Claim(text=capital(text), cites=cites, points=given), *claims)})


def how_sure(sheet: CueSheet, answer: Answer, plan: Plan, found: Focus) -> Answer:
    """How sure it is, what carries it, and what points elsewhere."""
    assert answer.emotion is not None
    given, sure = answer.emotion.label, answer.emotion.confidence or 0.0
    lead = "quite sure" if sure >= 0.75 else "fairly sure, not certain" if sure >= 0.5 else "not sure"
    # The first claim answers, and may cite what speaks against it.
    backing = tuple(dict.fromkeys(i for c in answer.claims[1:] if c.stance == "supports" for i in c.cites))[:4]
    senses = list(dict.fromkeys(sheet.cues[i].sense for i in backing))
    names = list(dict.fromkeys("words" if s in ("transcript", "words", "situation") else s for s in senses))
    told = named(names) if names else "little"
    only = len(names) == 1
    verb = "carries" if only and names[0] != "words" else "carry"
    carried = f"{'only ' if only else ''}{told} {verb} it"
    who = found.pronoun
    state = "shows no strong feeling" if given == "neutral" else f"feels {adjective(given)}"
    state = state.replace("shows", "show").replace("feels", "feel") if who == "they" else state
    text = f"{lead} that {who} {state}; {carried}"
    against = [c for c in answer.claims if c.stance == "conflicts"]
    told_of = {i for c in against for i in c.cites}
    other = [i for i in elsewhere(sheet, plan, found.person, given) if i not in told_of]
    claims = (Claim(text=capital(text), cites=backing or answer.claims[0].cites, points=given), *against[:MOST])
    return answer.model_copy(
        update={"claims": (*claims, *aside(sheet, plan, other, given, MOST - len(against[:MOST])))}
    )


def as_noun(label: str) -> str:
    """The feeling as a noun."""
    return "a neutral state" if label.lower() == "neutral" else label.replace("_", " ")


def _first(head: Claim, text: str) -> Claim:
    return head.model_copy(update={"text": capital(text)})


def capital(text: str) -> str:
    """A clause as a sentence."""
    return f"{text[0].upper()}{text[1:]}."
