"""Repair orders: what opens one, its life cycle, and the book of those that are open."""
