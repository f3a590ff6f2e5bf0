"""Small sheets for the tests right of the border, in the senses' own wording."""

from cuechain.agents.values import Cue, CueSheet, Gap, Media, Span


def cue(sense, text, start=None, end=None, person=None, **more):
    span = Span(start=start, end=end) if start is not None else None
    return Cue(sense=sense, text=text, span=span, person=person, source=f"{sense}@1", **more)


def masked() -> CueSheet:
    """Cheerful words, a sad face and a low voice."""
    return CueSheet(
        media=(Media(id="m1", kind="video", duration=8.0, streams=("video", "audio")),),
        cues={
            "T1": cue("transcript", 'the speaker says "I am fine, really, everything is wonderful"', 2.0, 5.0, "P1"),
            "W1": cue("words", 'the words are clearly positive (0.81), with "wonderful"', 2.0, 5.0, "P1",
                      measures={"valence": 0.81, "joy": 0.7}),
            "V1": cue("voice", "the voice is clearly lower than this speaker's usual (-3.1 semitones) and quieter (-5 dB)",
                      2.0, 5.0, "P1", measures={"f0_rel_st": -3.1, "loudness_rel_db": -5.0}, salience=0.8, confidence=0.9),
            "F1": cue("face", "the lip corners clearly pull down (AU15, strong)", 2.5, 4.5, "P1",
                      measures={"au15": 0.8}, salience=0.9, confidence=0.9, reliability=0.5),
            "F2": cue("face", "the inner brows rise (AU1, strong)", 2.5, 4.5, "P1",
                      measures={"au1": 0.75, "au4": 0.4}, salience=0.8, confidence=0.9, reliability=0.5),
        },
        gaps=(Gap(sense="screen", reason="no words on screen"),),
    )  # fmt: skip


def two_people() -> CueSheet:
    """P1 is angry, P2 laughs."""
    return CueSheet(
        media=(Media(id="m1", kind="video", duration=10.0, streams=("video", "audio")),),
        cues={
            "T1": cue("transcript", 'the speaker says "this is the third time, I am furious"', 0.5, 3.0, "P1"),
            "F1": cue("face", "the brows clearly draw down (AU4, strong)", 0.5, 3.0, "P1",
                      measures={"au4": 0.9, "au7": 0.6, "au23": 0.7}, salience=0.9),
            "F2": cue("face", "the lip corners clearly pull up and the cheeks rise (AU6+12, strong)", 4.0, 6.0, "P2",
                      measures={"au6": 0.8, "au12": 0.9}, salience=0.9),
            "T2": cue("transcript", 'the speaker says "that is so funny, I love it"', 4.0, 6.0, "P2"),
        },
    )  # fmt: skip
