"""Measurements of devices, loops, arms and the machine, gathered beside the gate and kept by the hour.

measuring: `Measuring.run` in `measuring.py`
    owns: the values of this hour, the file `measurements`
    may wait for: its beat of ten seconds, the disk once an hour
    never waits for: the core, a bus
"""
