"""The sheet that compares a car with its pass."""
