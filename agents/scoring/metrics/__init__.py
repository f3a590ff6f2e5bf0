"""Metrics as textbooks define them: pure functions on plain values; what is undefined is NaN."""
