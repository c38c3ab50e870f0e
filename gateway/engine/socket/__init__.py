"""The threads that answer the control socket.

In: requests of web, uplink and the command line (`requests`), and snapshots and replies of the core thread. Out: the
answer to each request, and snapshots to all watching clients. `handlers` maps ops to threads.

publisher: `Publisher.run` in `publisher.py`
    owns: the newest snapshot
    may wait for: its queue, at most one heartbeat
    never waits for: a client that does not read

control: `Server.run` in `control/server.py`
    owns: the control socket and its clients
    may wait for: the sockets
    never waits for: the answer to a request

desk: `Desk.run` in `desk.py`
    owns: commands that the core has not answered; first answers
    may wait for: its queue, the disk
    never waits for: a device

clerk: `Clerk.run` in `clerk.py`
    owns: changes of passes, tokens, keys, operators; wrong PINs, counted by minute; identity numbers
    may wait for: its queue, the disk, its own journal row for a short time
    never waits for: the core

import: `Clerk.import_file` in `clerk.py`
    owns: one import of passes, in a child process
    may wait for: the child process
    never waits for: the core, the desk
"""
