"""Release slips at the office."""
