"""Shared by all databases: connections (`database`), schemas (`schemas`), schema versions (`migrations`), and a file
system for long transactions (`steady`).

In: a path and a schema. Out: a connection that is up to date, or an error in words: DamagedError, DataDirectoryError
for a newer version, StorageError for a disk that is full, held or failing.
"""
