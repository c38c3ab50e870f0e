"""The property office's pages: visitors, what is owed, release slips. In: forms. Out: requests to the engine."""
