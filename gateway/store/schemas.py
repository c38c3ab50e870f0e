"""The schemas of all databases, step by step. A step that has been released is never changed, only followed."""

from __future__ import annotations

from gateway.store.migrations import Schema

BLOCK_ROWS = 1024
"""Rows that one summary in `blocks` covers; part of the journal's schema."""
NO_HASH = "0" * 64
"""The `prevhash` of the first row."""

# `text` comes last: the columns before it are read without touching the page that a long text overflows to.
# `blocks` sums up the rows with sequence // 1024 = block, written once the block is full; `types` is ` a b c `.
JOURNAL = Schema(
    "a journal",
    0x47484A4E,
    (
        """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE rows(
            sequence INTEGER PRIMARY KEY,
            wall_ns INTEGER NOT NULL,
            mono_ns INTEGER NOT NULL,
            type TEXT NOT NULL,
            subject TEXT NOT NULL,
            hash BLOB NOT NULL,
            text TEXT NOT NULL
        );
        CREATE TABLE boots(first INTEGER PRIMARY KEY, boot TEXT NOT NULL);
        CREATE TABLE blocks(
            block INTEGER PRIMARY KEY,
            types TEXT NOT NULL,
            low_ns INTEGER NOT NULL,
            high_ns INTEGER NOT NULL
        );
        CREATE TABLE gaps(
            last INTEGER PRIMARY KEY,
            lasthash TEXT NOT NULL,
            wall_ns INTEGER NOT NULL
        );
        """,
    ),
)

# `low` is the low 24 bits of a card's number (0 for other kinds), so that one index serves comparing 24 bits, 32 bits
# and the full number. `kind` is 0 card, 1 plate, 2 qr, 3 pin.
REGISTRY = Schema(
    "a pass registry",
    0x47485052,
    (
        """
        CREATE TABLE passes(
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            holder TEXT NOT NULL,
            unit TEXT NOT NULL,
            document TEXT NOT NULL
        );
        CREATE TABLE credentials(
            kind INTEGER NOT NULL,
            low INTEGER NOT NULL,
            value TEXT NOT NULL,
            pass INTEGER NOT NULL,
            PRIMARY KEY(kind, low, value, pass)
        ) WITHOUT ROWID;
        """,
    ),
)
