"""The property office's pages: visitors and release slips. In: forms of the office. Out: requests to the engine."""
