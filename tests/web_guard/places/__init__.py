"""The places of the rail in a real browser."""
