"""A run's cases for other programs: a quality gate, then tables, subtitles, annotations and training rows, each streamed into its file."""

from __future__ import annotations

PLACES = {
    "cases": "cases.csv",
    "parquet": "cases.parquet",
    "segments": "segments.csv",
    "aggregates": "aggregates.csv",
    "srt": "srt",
    "elan": "elan",
    "label-studio": "label_studio",
    "sharegpt": "sharegpt.jsonl",
    "pairs": "pairs.jsonl",
}
"""Form to its file or folder in a folder of exports; what is a .csv may be a .tsv by its own name."""

BY_SUFFIX = {".csv": "cases", ".tsv": "cases", ".parquet": "parquet", ".jsonl": "sharegpt"}
"""The form of a file where nobody names it."""
