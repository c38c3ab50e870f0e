"""Commands for who may work with the gateway: operators, booths' own screens, programs with a token."""
