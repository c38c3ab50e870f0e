"""Commands that take care of a data directory: back it up, restore it, pack a bundle for those who help."""
