"""The settings over HTTP, with a real engine behind."""
