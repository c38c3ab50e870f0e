"""Measurements over time: their series, their summary by hour and day, and what is unusual against the own past."""
