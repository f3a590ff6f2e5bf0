"""Speech: recognisers, whose turn it is, and how each utterance is delivered."""
