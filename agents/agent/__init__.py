"""The conversation about clips: a tool-calling model perceives on demand, others go the fixed chain."""

from cuechain.agents.agent.conversation import Conversation
from cuechain.agents.agent.ledger import Ledger
from cuechain.agents.agent.tools import perception_tools

__all__ = ["Conversation", "Ledger", "perception_tools"]
