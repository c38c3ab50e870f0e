"""How the gateway itself is doing: health and metrics."""
