"""The HTTP API for programs: health, metrics, events, passes, state, commands."""
