"""The search for devices beside an engine that runs: a child process that opens no port which the engine has.

In: who asks, and which places. Out: how far it is, what was found, what was tried where nothing was found.
"""
