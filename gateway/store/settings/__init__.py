"""The settings document, secrets and station keys on disk."""
