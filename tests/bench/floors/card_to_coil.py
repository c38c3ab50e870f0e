"""Floor: one bare script from card to coil, with the same work and nothing else; written to be fast.

Reads RDM6300 frames, looks the card up among all passes (SQLite through apsw), decides, stores two hash-chained rows
in one durable transaction (WAL, FULL, on a WAL that was grown beforehand), writes the coil, reads the reply. Polls the
board like the product does, and keeps the silence of 1.75 ms between frames that Modbus RTU demands.

python floor_card_to_coil.py READER BOARD REGISTRY JOURNAL
"""

import os
import select
import sys
import time
import tty
from datetime import datetime
from hashlib import sha256

import apsw

POLL_S, GAP_S, PULSE_S = 0.020, 0.00175, 0.050
READ_INPUTS = bytes.fromhex("01020000000879cc")
OPEN_ON = bytes.fromhex("01050000ff008c3a")
OPEN_OFF = bytes.fromhex("010500000000cdca")


def open_raw(path):
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(handle)
    return handle


def open_journal(path):
    db = apsw.Connection(path)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
        db.execute("PRAGMA " + pragma)
    db.execute("CREATE TABLE IF NOT EXISTS rows(sequence INTEGER PRIMARY KEY, hash BLOB, text TEXT)")
    if not db.execute("SELECT count(*) FROM rows").get:
        with db:
            db.executemany("INSERT INTO rows VALUES(?, ?, ?)", ((n, b"x" * 32, "x" * 500) for n in range(1, 8_000)))
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
    return db


def main():
    reader, board = open_raw(sys.argv[1]), open_raw(sys.argv[2])
    registry = apsw.Connection(sys.argv[3], flags=apsw.SQLITE_OPEN_READONLY)
    journal = open_journal(sys.argv[4])
    find, write, read, now = registry.execute, os.write, os.read, time.monotonic
    sequence = journal.execute("SELECT max(sequence) FROM rows").get
    previous = "0" * 64
    cards = select.poll()
    cards.register(reader, select.POLLIN)
    wire = select.poll()
    wire.register(board, select.POLLIN)
    received, heard, off_at, due, commits = b"", 0.0, 0.0, now(), 0

    def ask(request, size):
        nonlocal heard
        rest = heard + GAP_S - now()
        if rest > 0:
            time.sleep(rest)
        write(board, request)
        reply = b""
        while len(reply) < size:
            wire.poll()
            reply += read(board, 256)
        heard = now()
        return reply

    while True:
        wait = max(0.0, (min(due, off_at) if off_at else due) - now())
        if cards.poll(wait * 1000):
            received = (received + read(reader, 256))[-14:]
            if len(received) == 14 and received[0] == 2 and received[13] == 3:
                data = bytes.fromhex(received[1:13].decode())
                received = b""
                if data[0] ^ data[1] ^ data[2] ^ data[3] ^ data[4] == data[5]:
                    card = str(int.from_bytes(data[1:5], "big"))
                    found = find("SELECT id, valid_until FROM passes WHERE card = ?", (card,)).fetchone()
                    stamp = datetime.utcnow().isoformat(timespec="milliseconds")
                    if found and found[1] >= stamp[:10]:
                        rows = []
                        for kind, more in (
                            (
                                "access.granted",
                                f'"credential":{{"kind":"card","value":"{card}"}},"pass":"{found[0]}",'
                                '"kind":"monthly","days_left":42,"reason":"valid_pass","decided_by":"gateway","grant":"g1"',
                            ),
                            (
                                "barrier.commanded",
                                '"barrier":"in","command":"open","cause":"grant","by":"gateway","grant":"g1"',
                            ),
                        ):
                            sequence += 1
                            text = (
                                f'{{"specversion":"1.0","id":"0123456789abcdef.{sequence}",'
                                f'"source":"/sites/bench/gateways/gw1","type":"gatehouse.{kind}","subject":"lanes/in",'
                                f'"time":"{stamp}Z","datacontenttype":"application/json","sequence":"{sequence:020d}",'
                                f'"bootid":"0123456789abcdef0123","uptimens":"{time.monotonic_ns()}",'
                                f'"clockstate":"synced","prevhash":"{previous}","data":{{"lane":"in",{more}}}}}'
                            )
                            digest = sha256(text.encode())
                            previous = digest.hexdigest()
                            rows.append((sequence, digest.digest(), text))
                        journal.execute("BEGIN IMMEDIATE")
                        journal.executemany("INSERT INTO rows VALUES(?, ?, ?)", rows)
                        journal.execute("COMMIT")
                        ask(OPEN_ON, 8)
                        off_at = now() + PULSE_S
                        commits += 1
        if off_at and now() >= off_at:
            ask(OPEN_OFF, 8)
            off_at = 0.0
            if commits % 100 == 0:
                journal.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        if now() >= due:
            ask(READ_INPUTS, 6)
            due = max(due + POLL_S, now())


main()
