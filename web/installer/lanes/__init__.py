"""The lanes: their wiring drawn and filled in, inputs learned at the gate, templates, copies, a measured trial cycle.

All changes go into the working draft. The live points come from the engine's bench, with the settings that run.
"""
