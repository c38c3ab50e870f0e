"""The author of a request: people with PIN and session, booths' own screens, programs with a token."""
