"""Pictures as evidence: which rows of the journal ask the cameras of their lane for one.

In: rows. Out: orders to cameras. Cameras that send pictures by themselves ignore them.
"""
