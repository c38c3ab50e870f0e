"""Public holidays of a country, from the library `holidays`, which is loaded by short processes alone (19 MB)."""
