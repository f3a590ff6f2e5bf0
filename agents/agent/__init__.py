"""The conversation about clips: a tool-calling model perceives on demand, others go the fixed chain."""

from cuechain.agents.agent.conversation import Conversation

__all__ = ["Conversation"]
