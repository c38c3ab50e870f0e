"""The bench: devices looked at and tried one by one, for an installer.

In: requests of the installer's page and the command line, and every event of the buses on its way to the core. Out:
live points, frames of a watched wire, single orders to a bus. Nothing of it decides anything. What is tried is
journaled with its author before it is done.

bench: `Bench.run` in `bench.py`
    owns: the pulse that is under way, and who asked for it
    may wait for: its queue, its own journal row for a short time, a look-up in the registry
    never waits for: a device, the core
"""
