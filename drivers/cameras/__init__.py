"""Number-plate cameras: a folder for each way in which they send."""
