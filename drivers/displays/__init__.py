"""Displays at a lane: a folder for each model."""
