"""Scoring: metrics over finished runs, the protocols of published scorers, baselines, and the table that shows them together."""
