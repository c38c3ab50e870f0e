"""Does the journal have room, and when does it forget?"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from gateway.core.settings.model import Retention
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.journal.reader import JournalReader
from gateway.store.times import rfc3339


class JournalFound(msgspec.Struct, frozen=True):
    """Size of the journal and free space of its disk in bytes, and the time of its oldest row (empty: no row)."""

    rows: int
    used_bytes: int
    free_bytes: int
    oldest: str


def journal_words(found: JournalFound, rules: Retention) -> list[str]:
    """Size and retention of the journal, and a warning if its disk is smaller than its bound."""
    used, free = found.used_bytes / 1e6, found.free_bytes / 1e6
    since = f" since {found.oldest[:10]}" if found.oldest else ""
    last_day = rules.days + rules.grace_days
    words = [
        f"journal: {found.rows} rows{since}, {used:.0f} of at most {rules.megabytes} MB; a row goes after {rules.days}"
        f" days, or {last_day} while a consumer has not confirmed it"
    ]
    if used + free < rules.megabytes:
        words.append(f"  - the disk has {free:.0f} MB left, less than that; lower gateway.retention.megabytes")
    return words


def journal_found(path: Path) -> JournalFound | None:
    disk = os.statvfs(path.parent)
    reader = JournalReader(path)
    try:
        oldest = reader.page(0, 1)
        first, last = reader.first_sequence(), reader.last_sequence()
        since = rfc3339(oldest[0].wall_ns) if oldest else ""
        return JournalFound(last - first + 1, reader.used_bytes(), disk.f_bavail * disk.f_frsize, since)
    except GatehouseError:
        return None  # that is the task of `verify`
    finally:
        reader.close()
