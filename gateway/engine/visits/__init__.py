"""Visitors, as people and central tell the engine of them: registered, announced, corrected, cancelled."""
