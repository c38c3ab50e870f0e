"""Number plates: how they are written and compared, and how cameras send them."""
