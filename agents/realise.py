"""Fill every claim that a planner left open with a sentence made from its cited cues.

A sentence is put together from what the plan decided and from the cues' own words, so it cannot say what no cue says. The same
realiser replaces a sentence of a language model that failed the check.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.values import Answer, Claim, Cue, CueSheet, Emotion, Focus, Gap

_ADJECTIVES = {
    "joy": "happy", "happiness": "happy", "sadness": "sad", "anger": "angry", "fear": "afraid", "surprise": "surprised",
    "disgust": "disgusted", "amusement": "amused", "gratitude": "grateful", "pride": "proud", "relief": "relieved",
    "excitement": "excited", "curiosity": "curious", "confusion": "confused", "disappointment": "disappointed",
    "grief": "grief-stricken", "remorse": "remorseful", "embarrassment": "embarrassed", "annoyance": "annoyed",
    "nervousness": "nervous", "contempt": "contemptuous", "anxiety": "anxious", "frustration": "frustrated", "love": "loving",
    "boredom": "bored", "shame": "ashamed", "guilt": "guilty", "jealousy": "jealous", "hope": "hopeful", "trust": "trusting",
    "worry": "worried", "calm": "calm", "contentment": "content", "loneliness": "lonely", "disapproval": "disapproving",
    "admiration": "full of admiration", "anticipation": "expectant", "optimism": "optimistic", "caring": "caring",
}  # fmt: skip

_SENSES = {
    "transcript": "words", "words": "words", "situation": "words", "voice": "voice", "face": "face", "scene": "scene",
    "screen": "words on screen", "sound": "sound",
}  # fmt: skip

_CLAUSES = ("the ", "there ", "this ", "together ", "one ", "a face ", "what is told ")
"""How our senses' clauses begin; other wordings are set after the name of their sense."""

_SPEAKER_SAYS = re.compile(r"^(?:the speaker says|the writer says|the message says|says|said|writes)\s*:?\s*", re.I)


def realise(sheet: CueSheet, answer: Answer, focus: Focus) -> Answer:
    """The answer with a text in every claim.

    Args:
        sheet: Where the cited cues are.
        answer: Claims whose `text` is None are filled, the others stay. The first claim answers the question.
        focus: Who and what kind of question, for the wording.
    """
    if all(c.text is not None for c in answer.claims):
        return answer
    claims = tuple(
        c if c.text is not None else c.model_copy(update={"text": _sentence(sheet, answer, focus, c, first=n == 0)})
        for n, c in enumerate(answer.claims)
    )
    return answer.model_copy(update={"claims": claims})


def _sentence(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, *, first: bool) -> str:
    cues = [sheet.cues[i] for i in claim.cites if i in sheet.cues]
    if focus.kind == "everyone" and cues:
        return _capital(_one_of_several(cues, claim))
    if answer.abstain:
        return _cannot(sheet, focus, cues)
    if focus.kind == "change" and claim.points and claim.stance == "supports" and cues:
        alone = sum(c.stance == "supports" for c in answer.claims) == 1
        lead = "no change stands out; " if alone else ""
        return _capital(f"{lead}{_when(cues)}, {_subject(focus)} {_seems(focus, claim.points)}: {_said(cues, focus)}")
    if first and answer.emotion:
        return _capital(_HEADS.get(focus.kind, _how)(sheet, answer, focus, claim, answer.emotion))
    if not cues:
        return "No cue of the sheet carries this."
    return _capital(f"{_said(cues, focus)}{_reading(claim, answer)}")


def _one_of_several(cues: list[Cue], claim: Claim) -> str:
    name = next((c.person for c in cues if c.person), None) or "one person"
    own = Focus(person=name, pronoun=name)
    if claim.points is None:
        return f"what {name} feels cannot be told: {_said(cues[:1], own)}"
    if claim.points.lower() == "neutral":
        return f"{name} shows no strong feeling: {_said(cues[:1], own)}"
    return f"{name} {_seems(own, claim.points)}: {_said(cues, own)}"


def _how(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    base = f"{_subject(focus)} {_surely(emotion)} {_feels(focus, emotion.label)}"
    against = _against(sheet, answer, claim)
    if answer.relation == "masked":
        return base + (
            f", although {_possessive(focus)} {against} would suggest otherwise"
            if against
            else ", behind a controlled front"
        )
    spoken = any(sheet.cues[i].sense in ("transcript", "words") for i in claim.cites if i in sheet.cues)
    if answer.relation == "sarcastic" and spoken:
        return base + f": {_possessive(focus)} words do not seem to be meant as they sound"
    if answer.relation == "mixed":
        return base + (
            f", but {_possessive(focus)} {against} {_verb(against)} the other way" if against else ", with mixed signs"
        )
    senses = {sheet.cues[i].sense for c in answer.claims for i in c.cites if i in sheet.cues}
    if answer.relation == "single" and len({_SENSES.get(s, s) for s in senses}) == 1:
        return base + f", going by the {_SENSES.get(s := senses.pop(), s)} alone"
    return base


def _yes_no(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    if focus.label is None:
        return "whether that is so, cues of feeling do not tell; " + _how(sheet, answer, focus, claim, emotion)
    if focus.label == emotion.label:
        return f"yes, {_how(sheet, answer, focus, claim, emotion)}"
    return f"rather not {adjective(focus.label)}: {_how(sheet, answer, focus, claim, emotion)}"


def _why(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    if focus.label and focus.label != emotion.label:
        return f"the cues do not show that {_subject(focus)} {_feels(focus, focus.label)}; {_how(sheet, answer, focus, claim, emotion)}"
    return _how(sheet, answer, focus, claim, emotion)


def _sarcasm(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    if answer.relation == "sarcastic":
        return f"this is probably sarcasm: {_subject(focus)} {_surely(emotion)} {_feels(focus, emotion.label)}"
    if answer.relation == "masked":
        return f"not sarcasm so much as a cover: {_how(sheet, answer, focus, claim, emotion)}"
    return f"there is no clear sign of sarcasm: {_how(sheet, answer, focus, claim, emotion)}"


def _when_head(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    cues = [sheet.cues[i] for i in claim.cites if i in sheet.cues]
    timed = [c for c in cues if c.span]
    if not timed:
        return _how(sheet, answer, focus, claim, emotion)
    return f"the clearest signs that {_subject(focus)} {_feels(focus, emotion.label)} come {_when(timed[:1])}"


def _which(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    sense = sheet.cues[claim.cites[0]].sense if claim.cites and claim.cites[0] in sheet.cues else "evidence"
    name = _SENSES.get(sense, sense)
    verb = "matter" if name.startswith("words") else "matters"
    return f"the {name} {verb} most: {_subject(focus)} {_surely(emotion)} {_feels(focus, emotion.label)}"


def _who(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    name = answer.person or "the person"
    if focus.label and focus.label != emotion.label:
        return f"nobody is clearly {adjective(focus.label)}; {_how(sheet, answer, focus, claim, emotion)}"
    return f"it is {name} who {_surely(emotion)} {_feels(focus.model_copy(update={'pronoun': name}), emotion.label)}"


def _other(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    return (
        f"only feelings can be told from cues, and what they show is this: {_how(sheet, answer, focus, claim, emotion)}"
    )


def _cause(sheet: CueSheet, answer: Answer, focus: Focus, claim: Claim, emotion: Emotion) -> str:
    spoken = any(sheet.cues[i].sense == "transcript" for i in claim.cites if i in sheet.cues)
    head = _how(sheet, answer, focus, claim, emotion)
    return (
        f"{head}; what is said at the time may tell the cause"
        if spoken
        else f"{head}; what caused it, no cited cue shows"
    )


_HEADS: dict[str, Callable[[CueSheet, Answer, Focus, Claim, Emotion], str]] = {
    "yes_no": _yes_no, "why": _why, "sarcasm": _sarcasm, "when": _when_head, "which_sense": _which, "who": _who, "cause": _cause,
    "other": _other,
}  # fmt: skip


def _cannot(sheet: CueSheet, focus: Focus, cues: list[Cue]) -> str:
    """Why there is no answer: who is missing, what is missing, or that the little there is does not decide."""
    if focus.person and sheet.people and focus.person not in sheet.people:
        return f"This cannot be told: nothing in the clip was perceived of {focus.person}."
    if cues:
        return _capital(
            f"this cannot be told from the {_medium(sheet)}: {_said(cues, focus)}, and that alone does not decide it"
        )
    # Of senses that tell of people, not of the setting; that a picture has no sound goes without saying.
    silent = (*SETTING, *(() if any(c.sense == "transcript" for c in sheet.cues.values()) else ("words",)))
    missing = [_gap(g) for g in sheet.gaps if g.sense not in silent and not g.idle]
    why = "; ".join(dict.fromkeys(missing)) if missing else "no cue speaks clearly of a feeling"
    return f"This cannot be told from the {_medium(sheet)}: {why}."


def _medium(sheet: CueSheet) -> str:
    kinds = {m.kind for m in sheet.media}
    return (
        {"image": "picture", "text": "text", "audio": "recording"}.get(kinds.pop(), "clip")
        if len(kinds) == 1
        else "clip"
    )


def _gap(gap: Gap) -> str:
    return f"{gap.sense}: {gap.reason}"


def _against(sheet: CueSheet, answer: Answer, head: Claim) -> str:
    """The sense that conflicts, by name, where the head cites it and it is not the very sense that leads."""
    conflicting = {i for c in answer.claims if c.stance == "conflicts" for i in c.cites}
    cited = [i for i in head.cites if i in sheet.cues]
    leading = {sheet.cues[i].sense for i in cited if i not in conflicting}
    other = [sheet.cues[i].sense for i in cited if i in conflicting and sheet.cues[i].sense not in leading]
    return _SENSES.get(other[0], other[0]) if other else ""


def _verb(sense: str) -> str:
    return "point" if sense.startswith("words") else "points"


def _said(cues: list[Cue], focus: Focus) -> str:
    """The cues' own words as one clause; what repeats is said once."""
    return " and ".join(dict.fromkeys(_clause(c, focus) for c in cues))


def _clause(cue: Cue, focus: Focus) -> str:
    text = cue.text.strip().rstrip(".")
    if cue.sense == "transcript":
        who = _subject(focus) if cue.person in (focus.person, None) and focus.person else cue.person or "the speaker"
        words = _SPEAKER_SAYS.sub("", text)
        verb = "say" if who == "they" else "says"
        quoted = words if words[:1] in "\"“'‘" else f"“{words}”"
        return f"{who} {verb} {quoted}" if words != text else text
    if text.lower().startswith(_CLAUSES) or cue.sense not in _SENSES:
        return text[0].lower() + text[1:]
    if text.startswith(("words ", "voice ", "speech ")):  # other tools' wordings, made a clause
        return f"the {text}"
    return f"the {_SENSES[cue.sense]}: {text}"


def _reading(claim: Claim, answer: Answer) -> str:
    """What the cue by itself would fit; nothing for context and for cues that point nowhere."""
    if claim.stance == "context" or claim.points is None or answer.emotion is None:
        return ""
    adjectives = {*_ADJECTIVES.values()} - {*_ADJECTIVES}
    noun = f"feeling {claim.points}" if claim.points.lower() in adjectives else _noun(claim.points)
    if claim.stance == "conflicts":
        return f", which by itself would fit {noun}"
    if claim.stance == "weak":
        return ", which is weak evidence either way"
    return (
        f", which fits {noun}" if claim.points == answer.emotion.label else f", which by itself would sooner fit {noun}"
    )


def _subject(focus: Focus) -> str:
    return focus.pronoun


def _possessive(focus: Focus) -> str:
    return {"she": "her", "he": "his", "they": "their"}.get(focus.pronoun, f"{focus.pronoun}'s")


def _surely(emotion: Emotion) -> str:
    p = emotion.confidence or 0.0
    return "most likely" if p >= 0.75 else "probably" if p >= 0.5 else "possibly"


def adjective(label: str) -> str:
    """The word by which somebody who feels it is described: "sad" for sadness."""
    return _ADJECTIVES.get(label.lower(), label.replace("_", " "))


def _noun(label: str) -> str:
    return "a neutral state" if label.lower() == "neutral" else label.replace("_", " ")


def _feels(focus: Focus, label: str) -> str:
    verb = "feel" if focus.pronoun == "they" else "feels"
    if label.lower() == "neutral":
        return f"{'show' if focus.pronoun == 'they' else 'shows'} no strong feeling"
    return f"{verb} {adjective(label)}"


def _seems(focus: Focus, label: str) -> str:
    verb = "seem" if focus.pronoun == "they" else "seems"
    return f"{verb} {'neutral' if label.lower() == 'neutral' else adjective(label)}"


def _when(cues: list[Cue]) -> str:
    spans = [c.span for c in cues if c.span]
    if not spans:
        return "at one point"
    return f"at {min(s.start for s in spans):.1f}–{max(s.end for s in spans):.1f} s"


def _capital(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", ".”")) else text + "."
