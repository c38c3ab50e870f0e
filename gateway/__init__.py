"""Gatehouse, the edge gateway for the guard's booth: `core` decides, `store` keeps, `engine` moves, `cli` wires all."""

__version__ = "0.1.0"
