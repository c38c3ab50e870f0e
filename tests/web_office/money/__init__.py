"""What visits owe, at the office."""
