"""Health: measurements over time as curves, what is unusual in words, and what is due."""
