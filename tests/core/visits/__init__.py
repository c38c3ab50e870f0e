"""Corrections of who is inside."""
