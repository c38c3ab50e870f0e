"""Papers on their way to a printer: which one, what is on it, what became of it.

One thread serves them, and waits for no printer:

printing: `Printing.run` in `ops.py`
    owns: the papers whose outcome is not known
    may wait for: its queue, its own journal row for a short time, a look-up in the projections
    never waits for: a printer, the core
"""
