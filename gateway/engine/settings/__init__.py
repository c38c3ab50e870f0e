"""Settings that change while the gateway runs, and go back by themselves unless their author confirms them.

In: site files and decisions of authors, through the control socket. Out: versions in `site.json`, the new settings for
the core (`changeover`), for the buses (`buses`) and for every part that holds any, rows about each step.

settings: `Changes.run` in `changes.py`
    owns: the drafts, the version that waits to be confirmed, which buses run
    may wait for: its queue, the disk, lanes that come to rest, buses that end
    never waits for: a client
"""
