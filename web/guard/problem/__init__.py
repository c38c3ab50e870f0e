"""The page for a person whose request failed."""
