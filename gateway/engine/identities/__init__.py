"""Drivers without a card at an exit: their identity taken, confirmed, signed for, shown again and deleted in time."""
