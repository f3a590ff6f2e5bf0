"""Speech to words: where somebody speaks, recognisers, and whose turn it is."""
