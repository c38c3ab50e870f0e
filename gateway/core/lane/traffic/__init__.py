"""The traffic: what the loops say, and the passages that follow from it."""
