"""What must outlive a power cut: the journal, the passes, the settings, the secrets and the projections.

One file, one writing process (the engine); everybody else reads with `mode=ro`. Start with `directory` (what lies
where) and `journal` (the writer). `reader`, `queries` and `cursors` read the journal, `projections` and `state` keep
what follows from it, `registry` holds the passes (`imports`, `passrows`, `credentials`), `checks` and `passfile` take
lists of them in, `bulk` in a process of its own; `documents` and `secrets` hold the settings; `sqlite`, `schemas`,
`migrations`, `files` and `times` are what all share. What is damaged goes `aside`; `rescue` and `salvage` find that out
and save what can be known; `reserve` keeps room for a start on a full disk.
"""
