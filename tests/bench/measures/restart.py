"""`restart`: from exec to the first decision with millions of rows in the journal, against the bare imports."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from hashlib import sha256

import apsw

from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.projections.state import State
from tests.bench import subjects
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, take_turns
from tests.bench.rig import Rig
from tests.bench.targets import TARGETS

IMPORTS = "serial, apsw, msgspec, tinydb, pymodbus.client"
FLOOR = f"import os, {IMPORTS}; os.write(1, b'.'); os._exit(0)"
TYPES = ("access.granted", "barrier.commanded", "barrier.opened", "passage.entered", "barrier.commanded")
BLOCK = 1024


def measure(plan: Plan) -> list[Figure]:
    """The journal is as on a gateway of some years; every round is a new process."""
    folder = plan.folder("restart")
    rows = plan.size(5_000_000, 5_000)
    rig = Rig(folder)
    try:
        gateway = subjects.make(folder, rig, plan.size(100_000, 2_000))
        plan.say(f"  filling the journal with {rows} rows ...")
        fill_journal(gateway.directory, rows)
        _start(rig, gateway)
        _imports()
        ratios = take_turns(plan, lambda: _start(rig, gateway), _imports, "start, s")
    finally:
        rig.close()
    note = f"{rows} rows; against a process that only imports: {IMPORTS}"
    return [Figure.of("restart", ratios, TARGETS["restart"], note=note)]


def _start(rig: Rig, gateway: subjects.Gateway) -> float:
    """Seconds from exec to the coil of the first card."""
    started_ns = time.perf_counter_ns()
    gateway.start()
    try:
        decided_ns = rig.first_decision(2_000)
        process = gateway.process()
        process.terminate()
        rig.serve(lambda: process.poll() is not None, 60, "the engine does not end")
    finally:
        gateway.end()
    return (decided_ns - started_ns) / 1e9


def _imports() -> float:
    """Seconds from exec to the last import; how the process ends is nobody's start."""
    started_ns = time.perf_counter_ns()
    with subprocess.Popen([sys.executable, "-c", FLOOR], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        imported = process.stdout.read(1)
        took_ns = time.perf_counter_ns() - started_ns
    if not imported:
        raise RuntimeError("the floor's imports have failed, see above")
    return took_ns / 1e9


def fill_journal(directory: DataDirectory, rows: int) -> None:
    """Rows as the product writes them, made inside SQLite and synced when all are there.

    Only the last one's hash is true, as a start looks at it.
    """
    with closing(JournalReader(directory.journal)) as reader:
        journal = reader.journal_id
        first = reader.last_sequence() + 1
    last = first + rows - 1
    db = apsw.Connection(str(directory.journal))
    with closing(db):
        db.execute("PRAGMA synchronous=OFF")
        now_ns = time.time_ns() - rows * 10_000_000
        for start in range(first, last + 1, 500_000):
            stop = min(start + 499_999, last)
            db.execute(_INSERT, {"start": start, "stop": stop, "journal": journal, "now": now_ns})
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        db.execute(_BLOCKS, {"last": last, "block": BLOCK})
        text = db.execute("SELECT text FROM rows WHERE sequence = ?", (last,)).get
        db.execute("UPDATE rows SET hash = ? WHERE sequence = ?", (sha256(text.encode()).digest(), last))
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    _project(directory, last)
    settle(directory.path)


def _project(directory: DataDirectory, last: int) -> None:
    """The projections are where a gateway that ran all the time has them: at the last row but a few."""
    with closing(JournalReader(directory.journal)) as reader, closing(State(directory.state, writer=True)) as state:
        state.follow(reader.journal_id)
    db = apsw.Connection(str(directory.state))
    with closing(db):
        db.execute("INSERT OR REPLACE INTO meta VALUES('sequence', ?)", (str(last),))


_TYPE = "CASE n % 5 " + " ".join(f"WHEN {n} THEN '{name}'" for n, name in enumerate(TYPES)) + " END"
_INSERT = f"""
WITH RECURSIVE numbers(n) AS (SELECT :start UNION ALL SELECT n + 1 FROM numbers WHERE n < :stop)
INSERT INTO rows(sequence, wall_ns, mono_ns, type, subject, hash, text)
SELECT n, :now + n * 10000000, n * 10000000, {_TYPE}, 'lanes/in', zeroblob(32),
  '{{"specversion":"1.0","id":"' || :journal || '.' || n || '","source":"/sites/north-court/gateways/gw1",'
  || '"type":"gatehouse.' || {_TYPE} || '","subject":"lanes/in","time":"2026-11-21T08:00:00.000Z",'
  || '"datacontenttype":"application/json","sequence":"' || printf('%020d', n) || '",'
  || '"bootid":"5d0a7e1e-7c2b-4f0a-9d0e-0123456789ab","uptimens":"' || (n * 10000000) || '","clockstate":"synced",'
  || '"prevhash":"{"0" * 64}","data":{{"lane":"in","direction":"entry","credential":{{"kind":"card","value":"'
  || (1000000 + n % 100000) || '"}},"pass":"p' || printf('%07d', n % 100000) || '","kind":"monthly","days_left":42,'
  || '"reason":"valid_pass","decided_by":"gateway"}}}}'
FROM numbers
"""
_BLOCKS = f"""
INSERT OR REPLACE INTO blocks(block, types, low_ns, high_ns)
SELECT sequence / :block, ' {" ".join(sorted(set(TYPES)))} ', min(wall_ns), max(wall_ns) FROM rows
WHERE sequence / :block < :last / :block GROUP BY sequence / :block
"""
