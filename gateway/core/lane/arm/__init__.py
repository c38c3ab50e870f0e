"""The arm: where it is, what moves it, and why it moved."""
