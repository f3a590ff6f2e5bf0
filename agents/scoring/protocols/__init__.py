"""Published scorers, each with its quirks, under the name of what it scores."""
