"""The core's thread, and what surrounds a core that fails.

In: facts from drivers, timers, people and the journal, through `inbox`. Out: what the core commands, carried out by
`executor`: rows to the recorder, orders to the buses, answers to the desk, snapshots to the publisher.

core: `CoreLoop.run` in `loop.py`
    owns: the core, its timers, what it awaits in the journal
    may wait for: its queue, until the next timer; a look-up in the registry
    never waits for: the journal, a wire, a client

faults: `FaultFiles` in `faults.py`
    owns: the files in `faults/`
    may wait for: its queue, the disk
    never waits for: the core
"""
