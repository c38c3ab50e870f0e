"""Settings that change while the engine runs."""
