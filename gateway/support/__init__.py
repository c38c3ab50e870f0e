"""Bundles for those who help: what is known of a gateway in one file, with secrets and personal data masked.

In: a data directory and what a command has found (check, snapshot, metrics, logs). Out: a `.tar.gz`. `mask` decides
what is shown: a value is kept only when it is known to be harmless. `personal` finds names and numbers of the passes
in texts, `collect` reads the data directory, `bundle` writes the file.
"""
