"""The storage of thingsboard-gateway with SQLite, as its gateway uses it; runs with the Python of its own environment.

python peer.py rate FOLDER BYTES PUTS: says the puts a second that it accepts into its memory, and those that reach its
database file, which it does not sync. python peer.py lose FOLDER BYTES: accepts puts until it is killed, and says how
many it has accepted. Its logger does nothing, which is quicker than its own.
"""

import itertools
import os
import sqlite3
import sys
import threading
import time

from thingsboard_gateway.storage.sqlite.sqlite_event_storage import SQLiteEventStorage

PATIENCE_S = 120
GROUP = 1000


class Quiet:
    def __getattr__(self, _name):
        return lambda *_, **__: None


def stored(folder):
    db = sqlite3.connect(f"file:{folder}/data.db?mode=ro", uri=True)
    try:
        return db.execute("SELECT max(id) FROM messages").fetchone()[0] or 0
    finally:
        db.close()


def main():
    what, folder, text = sys.argv[1], sys.argv[2], "x" * int(sys.argv[3])
    storage = SQLiteEventStorage({"data_file_path": folder + "/"}, Quiet(), threading.Event())
    put = storage.put
    if what == "lose":
        for number in itertools.count(1):
            if not put(text):
                return
            if number % GROUP == 0:
                os.write(1, b"%d\n" % number)
    puts, before = int(sys.argv[4]), stored(folder)
    started_ns = time.perf_counter_ns()
    for _ in range(puts):
        if not put(text):
            sys.exit("it refuses a put")
    accepted_ns = time.perf_counter_ns()
    while stored(folder) < before + puts:
        if time.perf_counter_ns() - accepted_ns > PATIENCE_S * 1e9:
            sys.exit(f"only {stored(folder) - before} of {puts} puts reach its database")
        time.sleep(0.002)
    ended_ns = time.perf_counter_ns()
    print(puts * 1e9 / (accepted_ns - started_ns), puts * 1e9 / (ended_ns - started_ns), flush=True)
    os._exit(0)


main()
