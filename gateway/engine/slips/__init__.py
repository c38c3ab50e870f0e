"""Release slips, as the office, central and guards tell the engine of them: registered, confirmed, matched."""
