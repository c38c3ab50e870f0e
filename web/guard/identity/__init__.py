"""The sheet for a driver without a card: which visit, the number, the word of the office, a signature, the decision."""
