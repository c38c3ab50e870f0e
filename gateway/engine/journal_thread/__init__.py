"""The threads that write, follow and shorten the journal.

In: rows from any thread (`recorder.Recorder.submit`). Out: to the core thread, which rows are durable and which are
late (`entries`), and that storage is degraded or restored. The journal's rows come out of `store.journal`.

recorder: `Recorder.run` in `recorder.py`
    owns: the journal's writer; rows in memory while the disk fails
    may wait for: the disk
    never waits for: any other thread

projector: `Projector.run` in `projector.py`
    owns: `state.db`; folding the WAL of the journal
    may wait for: the disk
    never waits for: the core

keeper: `Keeper.run` in `keeper.py`
    owns: retention: which old rows go
    may wait for: the disk, between its small steps
    never waits for: the core, a commit
"""
