"""Durable data: the journal, the passes, the settings, the secrets and the projections.

One file, one writing process: the engine writes `journal.db`, `registry.db` and `state.db`; other processes read them
with `mode=ro`. `directory` says which files a data directory has, makes one and locks it.

| room | goes in | comes out |
|---|---|---|
| `journal` | rows of the core, cursors of consumers | sequences of durable rows; rows, batches, a checked chain |
| `projections` | journal rows, in order | visits, alarms, lanes, counters, the core's memory of the last run |
| `passes` | passes, singly or from files | the passes that a credential, an id or a search finds; QR codes |
| `settings` | site documents, PINs, tokens, station keys | documents without secrets, answers to "does it fit?" |
| `recovery` | the files as a start finds them | open stores, rows about what was lost |
| `sqlite` | paths and schemas | connections, schema steps, SQLite's errors in words |

`files` writes small files whole or not at all; `times` reads and writes wall time as text.
"""
