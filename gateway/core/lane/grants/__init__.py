"""Grants: who may pass, and for how long."""
