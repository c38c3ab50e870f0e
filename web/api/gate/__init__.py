"""The gate over HTTP: its state, commands, passes, plates that cameras push."""
