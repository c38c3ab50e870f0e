"""Backups: a whole data directory as one file, and a data directory from such a file.

In: a data directory that may be in use, a path, a passphrase. Out: a file that proves itself (`check`), or a data
directory with a journal of a new id that goes on from the rows of the backup (`restore`).

| part | does |
|---|---|
| `chunks` | the outer form: a header, then sealed chunks of 64 KiB; a changed byte and a missing end are found |
| `records` | the inner form: compressed records, each item with its size and SHA-256, a manifest at the end |
| `databases` | rows of a database as records, and a database from such records |
| `files` | which files belong to a data directory |
| `take`, `restore`, `check` | the three jobs |

`docs/backup-format.md` describes the form byte by byte. Only the command line uses this place.
"""
