"""Runs: a task for every item of a dataset, into a folder that can be left, gone on with, scored, searched and exported."""

from cuechain.agents.runs.batch import Progress, batch
from cuechain.agents.runs.folder import Run
from cuechain.agents.runs.work import Work, known, question_of, sheet_of

__all__ = ["Progress", "Run", "Work", "batch", "known", "question_of", "sheet_of"]
