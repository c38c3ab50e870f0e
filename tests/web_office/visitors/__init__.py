"""Visitors at the office."""
