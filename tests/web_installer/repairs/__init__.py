"""The pages of the repair orders."""
