"""The conversation about clips: a tool-calling model perceives on demand, others go the fixed chain."""
