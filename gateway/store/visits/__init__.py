"""Visitors who are registered or announced: what is said of them, checked."""
