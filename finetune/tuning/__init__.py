"""What the verbs that tune share: bases, columns, pairs, rewards, cards, merging."""
