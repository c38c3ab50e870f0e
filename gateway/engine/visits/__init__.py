"""Visitors and what they pay, as people and central tell the engine of them; the country's holidays.

In: ops of the control socket about visitors and money. Out: rows, events for the core, and answers.

holidays: `Holidays.run` in `holidays.py`
    owns: the file `holidays.json`, a child process that works the days out
    may wait for: the child process, a bounded time
    never waits for: the core, a client
"""
