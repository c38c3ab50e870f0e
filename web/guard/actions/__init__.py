"""What can be done now for the chosen lane: the buttons beside the lanes."""
