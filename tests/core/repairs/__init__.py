"""Repair orders in the core."""
