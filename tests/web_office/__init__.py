"""The property office's pages."""
