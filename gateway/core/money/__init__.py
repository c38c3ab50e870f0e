"""Sums of money as people write them: whole minor units in, text with the digits of the currency out, and back."""
