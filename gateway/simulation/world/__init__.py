"""The simulated world: its clock, gates with their boards, readers and cameras, and the cars."""
