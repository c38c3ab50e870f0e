"""Who asks: people with PIN and session, booths' own screens, programs with a token."""
