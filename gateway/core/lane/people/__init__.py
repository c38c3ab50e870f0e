"""What people ask of a lane: reads, buttons and commands."""
