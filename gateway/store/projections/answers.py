"""Requests and their first answers: a request that comes again gets that answer, and nothing moves twice."""

from __future__ import annotations

from typing import Any

import apsw
import msgspec

from gateway.store.times import NS_PER_S

ANSWERS_MAX = 100_000
ANSWER_KEPT_NS = 7 * 86_400 * NS_PER_S
"""Answers to requests are kept a week, and at most ANSWERS_MAX of them."""


class Answer(msgspec.Struct, frozen=True):
    """The request was carried out before; its first answer."""

    answer: Any


class Pending(msgspec.Struct, frozen=True):
    """The request was begun before and has no answer: it is in progress, or a restart interrupted it."""


class Conflict(msgspec.Struct, frozen=True):
    """The key was used for another request."""


def begin(db: apsw.Connection, key: str, digest: str, now_wall_ns: int) -> Answer | Pending | Conflict | None:
    """Note a request within a transaction; None: it is new."""
    found = db.execute("SELECT digest, answer FROM answers WHERE key = ?", (key,)).fetchone()
    if found is not None:
        return _known(found[1]) if found[0] == digest else Conflict()
    db.execute(
        "INSERT INTO answers(key, digest, begun_wall_ns) VALUES(?, ?, ?)",
        (key, digest, now_wall_ns),
    )
    newest = db.last_insert_rowid()
    db.execute(
        "DELETE FROM answers WHERE number <= ? OR (number < ? AND begun_wall_ns < ?"
        " AND number IN (SELECT number FROM answers ORDER BY number LIMIT 8))",
        (newest - ANSWERS_MAX, newest, now_wall_ns - ANSWER_KEPT_NS),
    )
    return None


def _known(text: Any) -> Answer | Pending:
    """The state of a request by the text of its answer, None while there is none."""
    return Pending() if text is None else Answer(msgspec.json.decode(text))
