"""Tools that turn a clip into cues. Each sense is one file; what they share is the contract in `sense.py`."""

from cuechain.agents.perception.sense import Sense, sense_tool

__all__ = ["Sense", "sense_tool"]
