"""What every server of ours keeps: who may ask, how much, and from where."""
