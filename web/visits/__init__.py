"""Visits for pages and programs: found by anything that is known of them, and corrected."""
