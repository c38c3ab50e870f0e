"""The keys of plates: which characters may begin one, those of the last cars first."""
