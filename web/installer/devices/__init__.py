"""The devices: a table of all, and a page for each with its live points, frames and trials.

In: what the engine's bench tells and takes. Out: the page, and its news as server-sent events or by polling.
"""
