"""Commands about what a stay costs."""
