"""Small weights that ship, each with a model card and the command that made it."""
