"""Tools that turn a clip into cues. Each sense is one file; what they share is the contract in `sense.py`."""

from cuechain.agents.perception.people import link
from cuechain.agents.perception.perceive import Perceived, perceive, senses
from cuechain.agents.perception.sense import Reliability, Sense, sense_tool

__all__ = ["Perceived", "Reliability", "Sense", "link", "perceive", "sense_tool", "senses"]
