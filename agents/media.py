"""Open, probe and decode media in bounded memory, in one pass."""
