"""Looks for devices on wires: first it listens to what they send by themselves, then it asks; nothing moves.

In: places (serial ports, addresses), each a wire of its own. Out: what was found at each, as devices of a site file, or
what was heard where nothing was found. What the bytes mean each driver says itself (`Driver.recognise`, `ask_who`).
"""
