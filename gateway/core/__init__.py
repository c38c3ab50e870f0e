"""The pure core: events in, commands out. No I/O, no clock, no threads, no logging, no randomness.

Start with ``events`` (what can happen), ``commands`` (what can be asked of the world) and ``site`` (who decides).
``tests/test_architecture.py`` proves the purity.
"""
