"""The physical model of a barrier: arm, controller, loops and cars. Pure: time is an argument, chance is the caller's.

A `Gate` holds all of it. Everything moves piecewise linearly, so every change has an exact moment: `next_ns` is when
something changes next, `advance` brings the gate up to a moment and returns what happened, `contacts` is what the
contacts say then. A simulator in real time polls; one on a heap of events sleeps until `next_ns`.
"""
