"""The settings over HTTP: as they are, drafts that are checked and applied, and the versions so far."""
