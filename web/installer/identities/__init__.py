"""The page of drivers without a card: the office answers here, and a number is shown by a leader's PIN alone."""
