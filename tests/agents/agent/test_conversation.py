"""Conversations: a model that calls tools, and models that do not; memory, several clips, and models that misbehave."""

import json
import sqlite3
import time

import pytest

from cuechain.agents.agent import Conversation
from cuechain.agents.errors import ConfigError, MediaError, ReplyError
from cuechain.agents.pipeline import Done, Looked, Said, SenseDone, SheetReady, Thinking
from cuechain.agents.settings import Settings
from cuechain.agents.values import Span
from tests.agents.agent.conftest import answer

HAPPY = answer(("Anna probably feels happy.", ("T2",)))


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Anna: I hate this! I am so angry with you.\nBen: Oh, I am so happy, I love it!\n")
    return path


def test_the_agent_perceives_what_was_asked_and_answers_with_a_case(talk, scripted):
    calls = [("transcript", {"span": {"start": 120, "end": 128}}), ("listen", {"span": {"start": 120, "end": 128}})]
    made = scripted(calls, "Her words are glad.", HAPPY)
    talking = Conversation([talk], made)
    events = list(talking.events("How does Anna feel from 2:00 to 2:08?"))
    assert {(e.tool, e.args["span"]["start"]) for e in events if isinstance(e, Looked)} == {
        ("transcript", 120.0),
        ("listen", 120.0),
    }
    kinds = [type(e) for e in events]
    assert kinds[0] is Thinking and kinds[-1] is Done and SheetReady in kinds and SenseDone in kinds
    assert "".join(e.text for e in events if isinstance(e, Said)) == "Anna probably feels happy."
    case = events[-1].case
    assert case.verdict.ok and case.answer.emotion.label == "joy" and "[T2]" in case.explanation.text
    assert all(120 <= c.span.start < 128 for c in case.sheet.cues.values() if c.sense == "transcript")
    media = talking.ledger.media[0]
    for sense in ("transcript", "sound"):
        assert talking.ledger.seen(media, sense) == (Span(start=120, end=128),)
    assert any("2:00-2:08 of talk.mp4" in told for told in case.explanation.missing)
    assert [s.name for s in case.steps] == ["perceive", "perceive", "notes", "direct"] and case.usage.calls == 3


def test_the_sheet_in_the_last_prompt_is_quoted_data(talk, scripted, monkeypatch):
    seen = []
    from cuechain.agents.llm.scripted import ScriptedChat

    original = ScriptedChat._take

    def take(self, messages):
        seen.append(messages)
        return original(self, messages)

    monkeypatch.setattr(ScriptedChat, "_take", take)
    made = scripted([("transcript", {"span": "0-8"})], "notes", HAPPY)
    Conversation([talk], made).ask("How is she?")
    assert len(seen) == 3
    assert "data" in seen[0][0].text and "talk.mp4" in seen[0][0].text
    assert '"the speaker says \\"I was so scared.\\""' in seen[1][-1].text
    assert "Cue sheet" in seen[2][-1].text and "Reply with one JSON object" in seen[2][-1].text


def test_a_claim_that_no_cue_carries_is_repaired_once(talk, scripted):
    wrong = answer(("Anna probably feels happy.", ("T9",)))
    case = Conversation([talk], scripted([("transcript", {"span": "0-8"})], "notes", wrong, HAPPY)).ask("How is she?")
    assert case.verdict.ok and case.verdict.repaired == 1 and case.steps[-1].name == "repair"


def test_problems_of_calls_are_told_back_and_the_conversation_goes_on(talk, scripted, tmp_path):
    made = scripted(
        [("transcript", {"span": {"start": 900, "end": 910}}), ("dance", {}), ("listen", {"from": 1})],
        [("transcript", {"span": "0:00-0:08"})],
        "notes",
        HAPPY,
    )
    memory = tmp_path / "memory.sqlite"
    case = Conversation([talk], made, memory=memory).ask("How is she?")
    assert case.verdict.ok
    stored = b"".join(row[0] for row in sqlite3.connect(memory).execute("select checkpoint from checkpoints"))
    stored += b"".join(row[0] or b"" for row in sqlite3.connect(memory).execute("select value from writes"))
    for told in (b"lies outside the clip", b"dance is not a valid tool", b"malformed arguments"):
        assert told in stored


def test_a_loop_of_calls_ends_with_an_answer(talk, scripted, monkeypatch):
    monkeypatch.setattr("cuechain.agents.agent.perceiving.MOST_STEPS", 4)
    again = [("transcript", {"span": "0-8"})]
    case = Conversation([talk], scripted(*[again] * 4, HAPPY)).ask("How is she?")
    assert case.verdict.ok and sum(s.name == "perceive" for s in case.steps) == 1


def test_calls_without_end_in_one_request_are_bounded(talk, scripted):
    many = [("transcript", {"span": [4 * n, 4 * n + 1]}) for n in range(45)]
    talking = Conversation([talk], scripted(many, "notes", HAPPY))
    looked = [e for e in talking.events("How is she?") if isinstance(e, Looked)]
    assert len(looked) <= 40


def test_a_reply_that_is_no_answer_is_told_back_then_an_error_and_the_next_question_works(talk, scripted):
    calls = [("transcript", {"span": "0-8"})]
    talking = Conversation([talk], scripted(calls, "notes", "no JSON", "none either", calls, "notes", HAPPY))
    with pytest.raises(ReplyError):
        talking.ask("How is she?")
    assert talking.ask("How is she?").verdict.ok and len(talking.cases) == 1


def test_a_model_that_perceives_nothing_is_told_to(talk, scripted):
    made = scripted("I know it anyway.", [("transcript", {"span": "0-8"})], "notes", HAPPY)
    assert Conversation([talk], made).ask("How is she?").verdict.ok


def test_memory_lasts_over_turns_and_processes(talk, scripted, tmp_path, monkeypatch):
    from cuechain.agents.llm.scripted import ScriptedChat

    prompts = []
    original = ScriptedChat._take

    def take(self, messages):
        prompts.append(messages)
        return original(self, messages)

    monkeypatch.setattr(ScriptedChat, "_take", take)
    memory = tmp_path / "memory.sqlite"
    first = Conversation([talk], scripted([("transcript", {"span": "0-8"})], "notes", HAPPY), memory=memory)
    case = first.ask("How does Anna feel?")
    ids = dict(first.sheet.cues)
    prompts.clear()
    more = scripted([("transcript", {"span": "0-16"})], "notes", HAPPY)
    again = Conversation([talk], more, memory=memory, cases=[case])
    second = again.ask("And after that?")
    told = [m.text for m in prompts[0]]
    assert any("How does Anna feel?" in t for t in told) and any("Anna probably feels happy [T2]" in t for t in told)
    assert {i: second.sheet.cues[i] for i in ids} == ids
    looked = again.ledger.seen(again.ledger.media[0], "transcript")
    assert looked == (Span(start=0, end=8), Span(start=8, end=16))
    assert sum(s.name == "perceive" for s in second.steps) == 1


def test_what_broke_off_is_not_remembered(talk, scripted, tmp_path):
    memory = tmp_path / "memory.sqlite"
    calls = [("transcript", {"span": "0-8"})]
    broken = scripted(calls, {"error": "gone", "retryable": False}, retries=0)
    with pytest.raises(Exception, match="gone"):
        Conversation([talk], broken, memory=memory).ask("SECRET question?")
    talking = Conversation([talk], scripted(calls, "notes", HAPPY), memory=memory)
    assert talking.ask("How is she?").verdict.ok
    from cuechain.agents.agent.memory import checkpointer

    with checkpointer(memory) as saver:
        last = saver.get({"configurable": {"thread_id": "main"}})["channel_values"]["messages"]
    assert not any("SECRET" in m.text for m in last) and last[-1].text.startswith("Anna probably")


def test_a_sense_that_is_left_out_is_neither_perceived_nor_remembered(talk, scripted):
    made = scripted(
        [("transcript", {"span": "0-8"})], "notes", HAPPY, [("transcript", {"span": "0-8"})], "notes", HAPPY
    )
    talking = Conversation([talk], made)
    talking.ask("How is she?")
    case = talking.ask("How is she?", without=("words",))
    assert not any(c.sense == "transcript" for c in case.sheet.cues.values())
    assert any(p.code == "unknown_cite" for p in case.verdict.problems)  # what it remembers is not there
    assert any(g.reason == "left out for this question" for g in case.sheet.gaps)


def test_the_fixed_chain_of_a_planner_has_the_same_form(letter, cache):
    talking = Conversation([letter], Settings(model="rules", cache=cache))
    events = list(talking.events("How does Anna feel, and why?"))
    assert [type(e) for e in events if type(e) in (SheetReady, Thinking, Done)] == [SheetReady, Thinking, Done]
    case = events[-1].case
    said = "".join(e.text for e in events if isinstance(e, Said))
    assert case.answer.emotion.label == "anger" and said.startswith(case.answer.claims[0].text)
    assert talking.ask("what about Ben?").answer.emotion.label == "joy"
    alone = talking.ask("How does Anna feel?", without=("words",))
    assert alone.answer.abstain and not alone.sheet.cues
    assert talking.ask("How does Anna feel?").answer.emotion.label == "anger"


def test_a_chat_model_without_tools_goes_the_fixed_chain(talk, scripted):
    made = scripted("observed", "inferred", HAPPY)
    case = Conversation([talk], made).ask("How is she?")
    assert [s.name for s in case.steps] == ["observe", "infer", "conclude"] and case.verdict.ok


def test_a_long_clip_is_perceived_where_the_question_asks(talk, cache, monkeypatch):
    monkeypatch.setattr("cuechain.agents.agent.followups.LONG", 100.0)
    talking = Conversation([talk], Settings(model="rules", cache=cache, senses=("transcript", "sound")))
    case = talking.ask("How does Anna feel from 2:00 to 2:08?")
    media = talking.ledger.media[0]
    assert talking.ledger.seen(media, "transcript") == (Span(start=120, end=128),)
    assert all(c.span.start < 128.5 for c in case.sheet.cues.values())
    talking.ask("and before that?")
    assert talking.ledger.seen(media, "transcript")[1].end == 120
    assert talking.cases[-1].answer.span.start == pytest.approx(112, abs=0.1)


def test_another_clip_joins(tmp_path, letter, cache):
    other = tmp_path / "other.txt"
    other.write_text("Cid: I am afraid, so very scared of it.\nDan: The bill was read on Monday.\n")
    talking = Conversation([letter], Settings(model="rules", cache=cache))
    first = talking.ask("How does Anna feel?")
    talking.add(other)
    second = talking.ask("What about Cid?")
    assert second.answer.emotion.label == "fear" and second.answer.person == "Cid"
    assert {i: c.text for i, c in second.sheet.cues.items()}.items() >= {
        i: c.text for i, c in first.sheet.cues.items()
    }.items()
    assert talking.ask("How does the speaker feel in the first clip?").answer.person in ("Anna", "Ben")


def test_bad_input_is_told(tmp_path, letter, cache):
    with pytest.raises(MediaError):
        Conversation([tmp_path / "no.mp4"], Settings(model="rules", cache=cache))
    talking = Conversation([], Settings(model="rules", cache=cache))
    with pytest.raises(ConfigError, match="nothing to look at"):
        talking.ask("How?")
    talking.add(letter)
    for text in ("", "x" * 5000):
        with pytest.raises(ConfigError):
            talking.ask(text)
    with pytest.raises(ConfigError):
        talking.ask("How?", task="nope")
    assert talking.ask("How does Anna feel?").answer.claims


def test_pieces_of_json_become_prose():
    from cuechain.agents.agent.prose import Prose

    said = []
    text = json.dumps({"claims": [{"text": 'She says "no", é 😀\n.', "cites": ["T1"]}, {"text": "Two."}]})
    for size in (1, 3, 1000):
        said.clear()
        prose = Prose(said.append)
        for at in range(0, len(text), size):
            prose(text[at : at + size])
        assert "".join(said).replace("?", "") in ('She says "no", é 😀\n. Two.', 'She says "no", é \n. Two.')


def test_whoever_stops_listening_stops_the_model(talk, scripted):
    calls = [("transcript", {"span": "0-8"})]
    talking = Conversation([talk], scripted(calls, [("listen", {"span": "0-8"})], "notes", HAPPY))
    events = talking.events("How is she?")
    next(e for e in events if isinstance(e, SenseDone))
    events.close()
    model, asked = talking.load().chat, -1
    while asked != model._next:  # the request that is on its way may still be answered
        asked = model._next
        time.sleep(0.3)
    assert asked <= 2 and not talking.cases
