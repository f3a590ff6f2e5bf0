from __future__ import annotations

import pytest

from cuechain.agents.media import opened
from cuechain.agents.perception.situation import Situation
from cuechain.agents.perception.texts.reading import FEELINGS, REACTIONS, read
from cuechain.agents.perception.transcript import Transcript
from cuechain.agents.settings import load
from cuechain.agents.values import Cue


def told(text: str) -> list[Cue]:
    settings = load(cache=None)
    with opened(text=text) as clip:
        heard = [c for c in Transcript(settings).perceive(clip, ()) if isinstance(c, Cue)]
        return [c for c in Situation(settings).perceive(clip, heard) if isinstance(c, Cue)]


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("I lost my job and had to leave the flat.", {"sadness", "fear", "anger"}),
        ("My boss yelled at me before everybody else.", {"sadness", "anger", "fear", "shame"}),
        ("I won the first prize at school.", {"joy", "pride", "excitement"}),
        ("I lost my wallet on the bus and missed my train.", {"sadness", "anger", "shame"}),
    ],
)
def test_an_event_carries_its_usual_reaction_without_a_word_of_feeling(text: str, usual: set[str]) -> None:
    (cue,) = told(text)
    first = max((k for k in cue.measures if k in REACTIONS), key=lambda k: float(cue.measures[k]))
    assert first in usual and first in cue.text
    assert "often makes people" in cue.text  # what is usual, not what this one feels


def test_nothing_in_particular_makes_nobody_feel_anything() -> None:
    assert told("The meeting is at three in room four.") == []
    assert told("Are you coming to the meeting tomorrow?") == []
    assert told("Das Haus ist heute Nacht abgebrannt und alles ist weg.") == []
    assert told("ok") == []


def test_shares_of_reactions_sum_to_one_and_feelings_need_not() -> None:
    (one,) = read(["I am so happy and so sad at once"])
    assert sum(one.reaction.values()) == pytest.approx(1.0)
    assert set(one.feelings) == set(FEELINGS) and set(one.reaction) == set(REACTIONS)
    assert all(0 <= p <= 1 for p in [*one.feelings.values(), *one.intensity.values()]) and -1 <= one.valence <= 1


def test_a_text_is_read_the_same_alone_and_among_others() -> None:
    texts = ["I hate this", "Thank you so much for all your help!", "what", "x " * 3000, ""]
    for alone, beside in zip([read([t])[0] for t in texts], read(texts), strict=True):
        assert alone.told == beside.told
        # Quantised activations share a scale in a batch, so the last digits move.
        assert alone.valence == pytest.approx(beside.valence, abs=0.08)
    assert read([]) == []
