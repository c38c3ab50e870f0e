"""Projections: tables made from the journal, in `state.db`."""
