"""A case as one self-contained page: timeline, keyframes, cues, answer, check."""
