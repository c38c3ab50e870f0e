"""People, tokens and the keys of stations: what is changed here holds at once, with the installer's name on record."""
