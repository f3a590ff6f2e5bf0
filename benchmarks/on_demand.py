"""Seconds until the answer to a question about one minute of a long film, and until all of it is perceived:
`python benchmarks/on_demand.py [--minutes 60] [--all]`.

The talking head of CUECHAIN_DATA plays forth and back beside subtitles (`looped.py`). The question goes to the default model, which reads a
sheet, and to a script of tool calls in the place of a model that calls tools; no cue cache is used.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from looped import captioned, looped

from cuechain.agents import settings
from cuechain.agents.agent import Conversation

SPAN = {"start": 60.0 * 3, "end": 60.0 * 4}
QUESTION = "How does she feel from 3:00 to 4:00, and why?"
ANSWER = {
    "person": None,
    "span": None,
    "emotion": {"label": "neutral", "intensity": 0.3, "confidence": 0.5},
    "sentiment": "neutral",
    "relation": "agree",
    "claims": [{"text": "Nothing stands out.", "cites": ["T1"], "stance": "supports", "points": None}],
    "abstain": False,
}


def script(folder: Path) -> str:
    """A model that calls three tools at once, then answers."""
    calls = [{"name": name, "args": {"span": SPAN}} for name in ("transcript", "listen", "look")]
    lines = [{"tool_calls": calls}, "The senses agree.", json.dumps(ANSWER)]
    path = folder / "script.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return f"scripted:{path}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--all", action="store_true", help="perceive all of it, too")
    chosen = parser.parse_args()
    clip = Path(os.environ["CUECHAIN_DATA"]) / "media" / "videos" / "talking_wda_aoc.mp4"
    with tempfile.TemporaryDirectory() as folder:
        film = captioned(looped(clip, Path(folder) / "film.mp4", 60 * chosen.minutes), 60 * chosen.minutes)
        asked = [("embedded", QUESTION), (script(Path(folder)), QUESTION)]
        asked += [("embedded", "How does she feel, and why?")] if chosen.all else []
        for model, question in asked:
            begin, cpu = time.perf_counter(), time.process_time()
            talk = Conversation([film], settings.load(model=model).model_copy(update={"cache": None}))
            case = talk.ask(question)
            spent = f"{time.perf_counter() - begin:7.1f} s, {time.process_time() - cpu:7.1f} s of CPU"
            print(f"{spent}: {model.partition(':')[0]}, {question!r}, {len(case.sheet.cues)} cues", flush=True)


if __name__ == "__main__":
    main()
