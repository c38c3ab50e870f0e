"""Takes the passes that can still be read from a damaged registry into a new one.

Nothing else knows the passes, since the journal holds nothing personal. So each document is taken that is whole and
makes a valid pass, and where pages are damaged reading goes on behind them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.checks import checked
from gateway.store.passes.rows import decode, insert
from gateway.store.passes.search import complete
from gateway.store.recovery import aside
from gateway.store.sqlite.database import open_as_it_is, open_writer, transaction
from gateway.store.sqlite.schemas import REGISTRY

log = logging.getLogger(__name__)

_PAGE = 500
_FAR = 1 << 40
"""Behind all row numbers."""


def readable_passes(path: Path) -> Iterator[Pass]:
    """Every pass that can be read, each id once; none when the file cannot be opened."""
    seen: set[str] = set()
    for document in readable_documents(path):
        try:
            found = checked(decode(document))
        except (msgspec.DecodeError, PassError, UnicodeDecodeError):
            continue
        if found.id not in seen:
            seen.add(found.id)
            yield found


def readable_documents(path: Path) -> Iterator[Any]:
    """The JSON of every row that can be read, whatever is in it; none when the file cannot be opened."""
    try:
        db = open_as_it_is(path)
    except apsw.Error:
        return
    try:
        yield from _documents(db)
    finally:
        db.close()


def _documents(db: apsw.Connection) -> Iterator[Any]:
    """The rows in order of their numbers; behind a damaged stretch in strides that double until one is readable."""
    after, stride, limit = 0, 1, _PAGE
    while after < _FAR:
        try:
            rows: Any = db.execute(
                "SELECT number, CAST(document AS BLOB) FROM passes WHERE number > ? ORDER BY number LIMIT ?",
                (after, limit),
            ).fetchall()
        except apsw.Error:
            if limit > 1:  # up to the row before the damage first
                limit = 1
            else:
                after, stride = after + stride, 2 * stride
            continue
        if not rows:
            return
        yield from (document for _, document in rows)
        after, stride, limit = rows[-1][0], 1, _PAGE if limit == _PAGE or stride > 1 else 1


def prepare_registry(path: Path, file: Path) -> int:
    """Make the registry that replaces the one at `path`, which goes to `file`; returns how many passes it has."""
    fresh = aside.making(file)
    kept = 0
    db = open_writer(fresh, REGISTRY)
    try:
        with transaction(db, fresh):
            for found in readable_passes(path):
                insert(db, None, found)
                kept += 1
            complete(db)
    finally:
        db.close()
    aside.made(file)
    return kept
