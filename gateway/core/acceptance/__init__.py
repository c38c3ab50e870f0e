"""Point-to-point acceptance: which points a lane has, who ticked each with what was measured, which ticks are lost.

In: the settings (`points`), ticks and signatures of people, readings of devices, rows of faults under a tag. Out: rows
`acceptance.*`, the sheet of a lane (`sheet`), and the points that keep a maintenance tag on (`touched`). Acceptance
never stops a gate: only the end of a tag waits for it.
"""
