"""The top line of the screen."""
