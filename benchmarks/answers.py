"""Ten answers on files that nothing was tuned to, as they come out; prints Markdown.

CUECHAIN_DATA=… python benchmarks/answers.py [--model rules]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cuechain.agents import settings
from cuechain.agents.pipeline import ask

ASKED = (
    ("videos/talking_wda_aoc.mp4", "How does the speaker feel, and why?"),
    ("videos/googlework_short.mp4", "How do they feel?"),
    ("videos/pyfeat_face_noface.mov", "How does she feel, and when is it clearest?"),
    ("videos/google_describe_video.mp4", "Is the climber afraid?"),
    ("speech/watson_speech.wav", "Is the speaker worried?"),
    ("speech/jfk.wav", "How does the speaker feel?"),
    ("faces/google_face_no_surprise.jpg", "Is the person surprised?"),
    ("faces/pyfeat_multi_face.jpg", "How do they feel?"),
    ("faces/pyfeat_15-f13-anc-ph.jpg", "Why is she angry?"),
    ("images_misc/wakeupcat.jpg", "How does the person feel?"),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=None)
    loaded = settings.load(model=parser.parse_args().model)
    root = Path(os.environ["CUECHAIN_DATA"]) / "media"
    for name, question in ASKED:
        case = ask(root / name, question, settings=loaded)
        assert case.explanation is not None
        print(f"- `{Path(name).name}` *{question}*  \n  {case.explanation.text} ({case.explanation.sure})")


if __name__ == "__main__":
    main()
