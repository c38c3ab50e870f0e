"""The settings of a site: the document that installers edit, and what must not be read back.

In: site documents with PINs and secrets in plain text, tokens, station keys. Out: the document with hashes
(`documents`), secrets for the processes that need them, and answers to "does it fit?" (`secrets`, `station_keys`).
"""
