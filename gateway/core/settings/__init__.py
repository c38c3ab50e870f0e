"""The settings: typed, read from a site file, checked."""
