"""Recovery at a start from damaged, missing or full storage: the gate opens, no file is destroyed, an alarm reports it.

In: the paths of the stores (`opening.Place`), the settings, the moment. Out: journal, reader and projections that are
open and up to date (`opening.Opened`), or DataDirectoryError (a newer version wrote a file) or StorageError (the disk
does not answer: try again). The engine calls `opening.open_all`; uplink and web call `aside.open_or_begin` for their
own files; the data directory asks `look.says_nothing`.

Each finding has one treatment, in `table`; what a lost journal leaves to a person is decided in `carried`. `look` finds
out, `journal`, `state` and `registry` carry out, `aside` moves files, `told` writes the rows and the alarm, `reserve`
keeps room for a start on a full disk.
"""
