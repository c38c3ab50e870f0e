"""Displays, lamps and signals at a lane."""
