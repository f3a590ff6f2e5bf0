"""Which language a line is in. Short lines are not trusted on their own."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip
"""The languages that are told apart; langid's other 67 only take short lines away from these."""

_COMMONEST = """
    a about after all also am an and any are as at back be because been but by can can't come could day did do does
    don't even feel first for from get give go going good got had has have he her here him his how i i'm if in into
    is it it's its just know like look love make me most my never new no not now of oh okay on one only or other our
    out over people please really say see she so some sorry take than thank thanks that that's the their them then
    there these they think this time to too two up us use very want was way we well were what when which who why
    will with work would yeah year you you're your
"""
COMMON = frozenset(_COMMONEST.split())
"""The commonest English words (the first hundred of the Oxford English Corpus list, and common spoken ones)."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@cache
def _identifier() -> Any:
    from langid.langid import LanguageIdentifier, model

    identifier = LanguageIdentifier.from_modelstring(model, norm_probs=True)
    identifier.set_languages(list(NAMES))
    return identifier


def line_language(text: str) -> str | None:
    """ISO 639-1 code of a line; None where it is too short or too unclear to tell; "und" for an unclear one that is not English."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    letters = sum(map(len, words))
    if not letters:
        return None
    foreign = sum(1 for w in words for c in w if ord(c) > 0x24F)  # beyond the Latin blocks
    if foreign > 0.5 * letters:
        code, sure = _identifier().classify(text)
        return str(code) if sure >= 0.9 or len(words) >= 8 else "und"
    if sum(w in COMMON for w in words) >= max(1.0, 0.3 * len(words)):
        # Dutch "is", German "war", Spanish "me": a few common words do not make a long line English.
        if len(words) < 5:
            return "en" if sum(w in COMMON for w in words) > 0.5 * len(words) else None
        return "en"
    if len(words) < 4:
        return None
    code, sure = _identifier().classify(text)
    return str(code) if sure >= 0.9 else None
