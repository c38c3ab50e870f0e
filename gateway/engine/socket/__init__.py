"""The engine's end of the control socket: requests, answers and the snapshot."""
