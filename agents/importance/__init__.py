"""Which sense mattered, from media or from a finished run, as a Python call and as the verb `cuechain weigh`."""

from cuechain.agents.importance.asking import weigh, weigh_sheet

__all__ = ["weigh", "weigh_sheet"]
