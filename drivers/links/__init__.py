"""Dumb pipes: each holds one kind of wire or library and knows nothing of what goes over it."""
