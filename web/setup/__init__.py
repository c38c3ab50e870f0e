"""The first set-up: who may open it, its form, and what comes after it."""
