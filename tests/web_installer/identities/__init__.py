"""The page of drivers without a card."""
