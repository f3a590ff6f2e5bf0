"""Conversations kept on disk. Whatever one leaves behind lies in its folder, so deleting the folder deletes all of it."""

from cuechain.agents.sessions.files import safe_name
from cuechain.agents.sessions.home import LOCAL, Sessions
from cuechain.agents.sessions.session import Feedback, Session

__all__ = ["LOCAL", "Feedback", "Session", "Sessions", "safe_name"]
