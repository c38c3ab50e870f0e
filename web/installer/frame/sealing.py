"""The key that drafts are sealed with: `web.db` and its copies hold no password that was typed and not applied yet.

The key stands beside `web.db`, for its owner alone, and is in no backup and no bundle. A draft that cannot be opened is
none.
"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.core.vocabulary.errors import StorageError
from gateway.store.files import write_atomically
from gateway.store.identities.cipher import KEY_BYTES, Cipher

KEY = "web-drafts.key"


def sealed(content: bytes, operator: str, database: Path) -> bytes:
    """A draft for `web.db`; StorageError while the key cannot be written."""
    path = database.with_name(KEY)
    key = _key(path)
    if key is None:
        key = os.urandom(KEY_BYTES)
        write_atomically(path, key)
    return Cipher(key).seal(content, operator)


def opened(content: bytes, operator: str, database: Path) -> bytes | None:
    """The draft of that operator; None where it, or its key, is another one."""
    key = _key(database.with_name(KEY))
    try:
        return Cipher(key).open(content, operator) if key is not None else None
    except StorageError:
        return None


def _key(path: Path) -> bytes | None:
    try:
        found = path.read_bytes()
    except OSError:
        return None
    return found if len(found) == KEY_BYTES else None
