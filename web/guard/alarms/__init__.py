"""Alarms: the band, the quiet line, the notice of the box, and the sheet."""
