"""The first set-up: who may open it, and its form."""
