"""Perceive, reason, verify, explain: everything between a clip and a cited answer."""
