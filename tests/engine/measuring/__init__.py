"""Measurements over time."""
