"""Settings as fields of a form."""
