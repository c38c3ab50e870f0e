"""What follows from the journal, kept ready to look up in `state.db`."""
