"""What the guard's buttons ask for, sent to the engine once and in time."""
