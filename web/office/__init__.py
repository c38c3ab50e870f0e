"""The property office's pages: release slips. In: forms of the office. Out: requests to the engine."""
