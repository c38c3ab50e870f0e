"""Alarms: kinds, life cycle and the desk that keeps those that are open."""
