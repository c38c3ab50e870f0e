"""A pass in the registry's tables: its document, and its credentials in the index."""

from __future__ import annotations

import apsw
import msgspec

from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.credentials import keys_of

decode = msgspec.json.Decoder(Pass).decode
"""The pass of a document."""
encode = msgspec.json.Encoder().encode
"""The document of a pass."""


def same(new: Pass, old: Pass) -> bool:
    """Whether two passes differ in their revision at most."""
    return msgspec.structs.replace(new, revision=old.revision) == old


def stored(db: apsw.Connection, pass_id: str) -> tuple[int | None, Pass | None]:
    """The pass of that id and its row number; (None, None) when there is none."""
    found = db.execute("SELECT number, document FROM passes WHERE id = ?", (pass_id,)).fetchone()
    return (None, None) if found is None else (int(found[0]), decode(found[1]))


def insert(db: apsw.Connection, number: int | None, pass_: Pass) -> int:
    """Store a pass and its credentials, and return its number; `number` None: the next one."""
    document = encode(pass_).decode()
    db.execute(
        "INSERT INTO passes VALUES(?, ?, ?, ?, ?, ?)",
        (number, pass_.id, pass_.kind, pass_.holder, pass_.unit, document),
    )
    taken = int(db.last_insert_rowid())
    for key in keys_of(pass_):
        db.execute("INSERT OR IGNORE INTO credentials VALUES(?, ?, ?, ?)", (*key, taken))
    return taken


def remove(db: apsw.Connection, number: int | None, old: Pass) -> None:
    """Take out a pass and its credentials."""
    for key in keys_of(old):
        db.execute(
            "DELETE FROM credentials WHERE kind = ? AND low = ? AND value = ? AND pass = ?",
            (*key, number),
        )
    db.execute("DELETE FROM passes WHERE number = ?", (number,))
