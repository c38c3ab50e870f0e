"""Damage and full disks: set a database aside, save its rows, keep room for a start."""
