"""The versions of the settings: what changed when and by whom, the way back to each, and the settings as a file."""
