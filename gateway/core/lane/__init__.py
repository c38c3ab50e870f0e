"""A lane: its arm, loops, grants, modes, signs, and what people ask of it."""
