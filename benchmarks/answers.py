"""Ten answers on files for whose answers nothing was tuned, as they come out; prints Markdown.

CUECHAIN_DATA=… python benchmarks/answers.py [--model rules]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cuechain.agents import settings
from cuechain.agents.pipeline import ask

ASKED = (
    ("videos/pyfeat_single_face.mp4", "How does the person feel, and why?"),
    ("faces/usgov_obama.jpg", "Is he angry?"),
    ("faces/azure_detection1.jpg", "How do they feel?"),
    ("faces/azure_Family3-Lady1.jpg", "How does she feel?"),
    ("faces/google_face-input.jpg", "How does the person feel?"),
    ("faces/azure_Family2-Man2.jpg", "Why is he happy?"),
    ("speech/librivox_0890.wav", "Is the reader sad?"),
    ("speech/LJ001-0012.wav", "How does she feel about the printing?"),
    ("speech/librispeech_1088-134315-0000.wav", "How does the speaker feel, and why?"),
    ("images_misc/handwritten_text.jpg", "How does the writer feel?"),
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
