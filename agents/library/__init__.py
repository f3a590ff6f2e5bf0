"""The library of clips: the cue sheets of a run as tables, searched by meaning and by filters, and counted by SQL."""
