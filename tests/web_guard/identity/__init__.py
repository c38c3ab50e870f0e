"""The sheet for a driver without a card."""
