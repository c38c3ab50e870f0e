"""Release slips: what is said of one, checked; their table, and what is asked of it."""
