"""What a person made of an answer, as an answer of the same type: edited prose is read back into claims, a corrected label is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cuechain.agents import llm, registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.explain import explain
from cuechain.agents.justify import explained_for, supported
from cuechain.agents.llm.labels import is_known, meaning, polarity
from cuechain.agents.reason import labels_of
from cuechain.agents.sessions import Feedback
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    CueSheet,
    Emotion,
    EmotionAnswer,
    LabelAnswer,
    Target,
    Verdict,
)
from cuechain.agents.verify import verify

_CITE = re.compile(r"\s*\[\s*([A-Za-z]+\d+(?:\s*[,;]\s*[A-Za-z]+\d+)*)\s*\]")
_END = re.compile(r"[.!?][\"'”’]?(?=\s+[A-Z'\"“‘]|\s*\n|\s*$)")
_DENIED = re.compile(r"\b(?:not|no|never|hardly|rather than|instead of|nothing|nor)\b|n['’]t\b", re.I)
_UNTOLD = re.compile(
    r"\b(?:cannot|can['’]t|could not|couldn['’]t) (?:really )?(?:be )?(?:tell|told|say|said|know|known)\b|impossible to (?:tell|say)",
    re.I,
)
"""That there is no answer, in the words that abstaining answers have and a few more."""
_REACH = 3
"""Words before a feeling within which a denial counts as its own: "not at all sad"."""


class RefusedError(Exception):
    """An edit that cannot be used: one of a few words to be counted, and what exactly."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def corrected(case: Case, said: Feedback, settings: Settings) -> Answer:
    """The answer as a person wants it.

    Args:
        case: What was asked and answered.
        said: The edit: prose, a label, or both.
        settings: How a label without prose is explained: by the embedded planner, as `--explain-labels` does.

    Raises:
        RefusedError: Nothing was changed, a citation or label does not exist, the check finds a fault, or the cues do not bear out the
            label.
    """
    task: Task = registry.get("tasks", case.question.task)
    assert case.answer is not None
    text = said.text.strip() if said.text is not None else None
    label = _closed(said.label, case, task) if said.label else None
    if text == "":
        raise RefusedError("empty_edit", "the edited answer has no words")
    if text is None:
        if label is None or label == leading(case.answer, case):
            raise RefusedError("unchanged", "the edit says what the answer says")
        return _explained(case, task, label, settings)
    if task.worded is not None:
        raise RefusedError("made_sentences", f"sentences of the task {task.name} are made from its other slots")
    was = case.answer
    claims = tuple(claim for claim, _ in _claims(text, case.sheet, was))
    if claims == was.claims:  # the box was left as it was, and a label chosen beside it
        return corrected(case, said.model_copy(update={"text": None}), settings)
    changed = was.model_copy(update={"claims": claims})
    first = (claims[0].text or "") if claims and claims[0] not in was.claims else ""
    if label is None and _UNTOLD.search(first):
        changed = type(was)(person=was.person, span=was.span, abstain=True, claims=claims)
    elif label is None:
        label = _named(first, was, case, task)
    elif (named := _feelings(claims[0].text or "", case, task)) and label not in named:
        raise RefusedError("label_and_text", f"the label is {label}, and the first sentence says {named[0]}")
    if label is not None and label != leading(was, case):
        changed = relabelled(changed, task, label)
    if unknown := [i for c in claims for i in c.cites if i not in case.sheet.cues]:
        raise RefusedError("unknown_cite", f"the edit cites {unknown[0]}, which is no cue of the clip")
    closed = labels_of(case.question, task) if case.question.labels or not task.open_vocabulary else ()
    if problems := verify(case.sheet, changed, closed).problems:
        raise RefusedError(problems[0].code, problems[0].text)
    return changed


def lent(case: Case, text: str) -> tuple[Claim, ...]:
    """Sentences of an edit that cite nothing, with the citations that they are given: those of the sentence before, the first one all that
    the answer cited."""
    assert case.answer is not None
    return tuple(claim for claim, given in _claims(text, case.sheet, case.answer) if given)


def _claims(text: str, sheet: CueSheet, was: Answer) -> Iterator[tuple[Claim, bool]]:
    """Sentences with their citations, and whether these were given to a sentence without (see `lent`). What was left as it was stays the
    claim that it was."""
    shown = {explain(sheet, was.model_copy(update={"claims": (c,)}), Verdict()).text: c for c in was.claims}
    cited = tuple(dict.fromkeys(i for c in was.claims for i in c.cites))
    last: tuple[str, ...] | None = None
    for sentence in _sentences(text, [_plain(s) for s in shown]):
        old = next((claim for known, claim in shown.items() if _plain(known) == sentence), None)
        if old is not None:
            last = old.cites
            yield old, False
            continue
        ids = [i.upper() for group in _CITE.findall(sentence) for i in re.split(r"\s*[,;]\s*", group)]
        words = re.sub(r"\s+([.,;:!?])", r"\1", _CITE.sub("", sentence)).strip()
        if not words.strip(".!?"):
            continue
        cites = tuple(dict.fromkeys(ids)) or (() if was.abstain else cited if last is None else last)
        last = cites
        yield Claim(text=words, cites=cites, stance="supports" if cites else "context"), bool(cites and not ids)


def _sentences(text: str, known: Sequence[str]) -> Iterator[str]:
    """Sentences of a text; known ones stay whole, whatever they quote. A full stop within quotes ends none."""
    rest = _plain(text)
    while rest:
        places = [(rest.find(k), -len(k), k) for k in known if k and k in rest]
        at, _, whole = min(places, default=(len(rest), 0, ""))
        yield from _split(rest[:at])
        if whole:
            yield whole
        rest = rest[at + len(whole) :].strip()


def _split(text: str) -> Iterator[str]:
    begin = 0
    for end in _END.finditer(text):
        part = text[begin : end.end()]
        if part.count('"') % 2 or part.count("“") > part.count("”"):
            continue
        if part.strip():
            yield part.strip()
        begin = end.end()
    if text[begin:].strip():
        yield text[begin:].strip()


def _plain(text: str) -> str:
    return " ".join(text.split())


def _feels(task: Task) -> bool:
    """Whether a task's labels are feelings."""
    return task.answer in (Answer, EmotionAnswer) and not task.feelings


def leading(answer: Answer, case: Case) -> str | None:
    """The label that an answer to a case leads with; None where it has none, or abstains."""
    task: Task = registry.get("tasks", case.question.task)
    return ((task.said(answer).labels or (None,))[0]) if task.said and not answer.abstain else None


def _closed(label: str, case: Case, task: Task) -> str:
    """The label as the set spells it.

    Raises:
        RefusedError: The task has no labels, or this one is not in the set.
    """
    if not (_feels(task) or issubclass(task.answer, LabelAnswer)):
        raise RefusedError("label_outside", f"answers of the task {task.name} have no label")
    name, known = label.strip(), labels_of(case.question, task)
    if not known:
        return name
    (found,) = Target(labels=(name,)).spelled(known).labels or (name,)
    if found not in known:
        raise RefusedError("label_outside", f"'{name}' is not one of {', '.join(known)}")
    return found


def _named(first: str, was: Answer, case: Case, task: Task) -> str | None:
    """The feeling that a changed first sentence names; None where it names none.

    Raises:
        RefusedError: It names several, and not the one that was answered.
    """
    found = _feelings(first, case, task)
    if len(found) > 1:
        if leading(was, case) not in found:
            told = f"the first sentence names {' and '.join(found)}: say which with a label"
            raise RefusedError("unclear_label", told)
        return leading(was, case)
    return found[0] if found else None


def _feelings(sentence: str, case: Case, task: Task) -> list[str]:
    """Feelings that a sentence names and does not deny, as labels of the set; none where the task's labels are no feelings."""
    known, found = labels_of(case.question, task), list[str]()
    before: list[str] = []
    for word in re.findall(r"[\w'’-]+", sentence) if _feels(task) else ():
        if word.lower() == "but":
            before.clear()
        if is_known(word):
            denied = _DENIED.search(" ".join(before[-_REACH:]))
            before.clear()  # "not sad, angry": the denial is used up
            group = meaning(word)[0]
            label = word.lower() if not known or word.lower() in known else group if group in known else None
            if label and label not in found and not denied:
                found.append(label)
        else:
            before.append(word)
    return found


def relabelled(answer: Answer, task: Task, label: str) -> Answer:
    """The answer with another label, and the polarity that goes with it where it is a feeling.

    How strong and how sure stay as they were, or pairs would teach to leave that out. How the senses relate is open then, as nobody said
    it; that only one is usable hangs on no label, and another word for the same feeling changes nothing.
    """
    was = answer.emotion
    same = _feels(task) and was is not None and meaning(was.label)[0] == meaning(label)[0] is not None
    relation = answer.relation if same or answer.relation == "single" else None
    answer = answer.model_copy(update={"abstain": False, "relation": relation})
    if task.taught:
        answer = task.taught(answer, Target(labels=(label,)))
    if not _feels(task):
        return answer
    felt = was.model_copy(update={"label": label}) if was else Emotion(label=label)
    told: dict[str, object] = {"emotion": felt, "sentiment": polarity(meaning(label)[1])}
    return answer.model_copy(update=told | ({"emotions": (felt,)} if isinstance(answer, EmotionAnswer) else {}))


def _explained(case: Case, task: Task, label: str, settings: Settings) -> Answer:
    """The label, explained from the cues by the embedded planner.

    Raises:
        RefusedError: The cues do not bear it out, or a planner cannot answer the task.
    """
    model = llm.load("embedded", settings)
    try:
        told = explained_for(case.sheet, case.question, task, Target(labels=(label,)), model, settings)
    except ConfigError as error:
        raise RefusedError("label_alone", f"{error.message}: write the sentences too") from error
    if not supported(told) or told.answer is None:
        raise RefusedError(
            "not_borne_out", f"the cues that were perceived do not bear out {label}: write the sentences too"
        )
    return told.answer
