"""What every server of ours keeps: who may ask, how much, and from where."""

from cuechain.agents.web.access import Access, bindable, users_of
from cuechain.agents.web.apart import apart
from cuechain.agents.web.coming import BusyError, Coming, FullError, room
from cuechain.agents.web.contained import clips_of, contained
from cuechain.agents.web.guard import API_POLICY, PAGE_POLICY, guarded, owner_of
from cuechain.agents.web.looking import look
from cuechain.agents.web.running import run

__all__ = [
    "API_POLICY",
    "PAGE_POLICY",
    "Access",
    "BusyError",
    "Coming",
    "FullError",
    "apart",
    "bindable",
    "clips_of",
    "contained",
    "guarded",
    "look",
    "owner_of",
    "room",
    "run",
    "users_of",
]
