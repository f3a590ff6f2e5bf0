"""What a question is about: who, when, which file, what kind of answer; and what the cues answer by themselves."""
