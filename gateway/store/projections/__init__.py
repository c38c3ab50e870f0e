"""What follows from the journal, ready to look up; it can be made again from the journal at any time.

In: journal rows in order (`state.State.apply`; `table` has the effect of each), requests and their answers. Out:
visits, alarms, lanes, counters (`look`), the core's memory of the last run (`memory`), the same as it will be once all
rows are applied (`ahead`), and the first answer of a request (`answers`).
"""
