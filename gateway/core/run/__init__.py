"""A run of the gateway: its start, its end, and faults of the program in between."""
