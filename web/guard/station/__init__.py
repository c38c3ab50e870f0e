"""Which booth's own screen this browser is."""
