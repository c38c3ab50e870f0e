"""The page with the lanes and what can be done now."""
