"""The settings of a gateway in its terminal: out as one file, and in again with a way back."""
