"""The first page of the installer: what is left to do, in order."""
