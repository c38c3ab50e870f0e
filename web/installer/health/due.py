"""What is due: service limits, the certificate, the backup, the clock, repairs."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.vocabulary.views import RepairsView
from web.words.texts import Words

BACKUP_DAYS = 8
"""An older backup is due."""
CERTIFICATE_DAYS = 30
NEAR_PERCENT = 90
_LIMITS = {"cycles": "cycles", "relay_operations": "relay_operations"}


class Due(msgspec.Struct, frozen=True):
    """One line: what, how it stands, its tone (`ok`, `warn`, `bad`), how much of a limit is used, where to go."""

    what: str
    how: str
    tone: str
    percent: int | None = None
    href: str = ""


class Diary:
    """Says in one language what is due."""

    def __init__(self, said: Words, now: datetime) -> None:
        self._said = said
        self._now = now

    def services(self, name: str, limits: Mapping[str, Any], counters: Mapping[str, int]) -> list[Due]:
        """The counters of a barrier that have a limit."""
        found = []
        for limit, counter in _LIMITS.items():
            most = limits.get(limit)
            if isinstance(most, int) and most > 0:
                count = counters.get(counter, 0)
                percent = 100 * count // most
                tone = "bad" if count > most else "warn" if percent >= NEAR_PERCENT else "ok"
                what = self._said(f"installer.health.service.{limit}", of=name)
                how = self._said("installer.health.service.of", count=f"{count:,}", limit=f"{most:,}")
                found.append(Due(what, how, tone, min(percent, 100)))
        return found

    def certificate(self, path: Path | None, *, own: bool) -> Due:
        """The certificate of the pages; None: they are not encrypted."""
        what = self._said("installer.health.certificate")
        if path is None:
            return Due(
                what, self._said("installer.health.certificate.none"), "warn", href="/installer/settings/network"
            )
        until = certificate_until(path)
        if until is None:
            return Due(what, self._said("installer.health.certificate.unread"), "bad")
        days = (until - self._now).days
        key = "over" if days < 0 else "own" if own else "until"
        tone = "ok" if own and days >= 0 else "bad" if days < 0 else "warn" if days < CERTIFICATE_DAYS else "ok"
        return Due(what, self._said(f"installer.health.certificate.{key}", n=abs(days)), tone)

    def backup(self, mark: Path) -> Due:
        """The last backup, by its mark."""
        what = self._said("installer.health.backup")
        try:
            made = datetime.fromtimestamp(mark.stat().st_mtime, UTC)
        except OSError:
            return Due(what, self._said("installer.health.backup.never"), "warn")
        days = max(0, (self._now - made).days)
        key = "today" if days == 0 else "one" if days == 1 else "ago"
        return Due(what, self._said(f"installer.health.backup.{key}", n=days), "warn" if days > BACKUP_DAYS else "ok")

    def clock(self, state: str | None) -> Due:
        """How far the clock is trusted; None while the engine does not run."""
        key = state or "offline"
        tone = {"synced": "ok", "holdover": "warn"}.get(key, "bad")
        return Due(self._said("installer.health.clock"), self._said(f"installer.health.clock.{key}"), tone)

    def repairs(self, repairs: RepairsView, late: int) -> Due:
        """The open repair orders."""
        key = "late" if late else "open" if repairs.open else "none"
        tone = "bad" if late else "warn" if repairs.open else "ok"
        how = self._said(f"installer.health.repairs.{key}", n=repairs.open, late=late)
        return Due(self._said("installer.place.repairs"), how, tone, href="/installer/repairs")


def certificate_until(path: Path) -> datetime | None:
    """The end of a certificate; None when it cannot be read.

    The standard library reads certificates for its own tests only, and a whole library for one date is too much memory.
    """
    decode = getattr(getattr(ssl, "_ssl", None), "_test_decode_cert", None)
    try:
        found = decode(str(path))["notAfter"] if decode is not None else None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(found), UTC) if found else None
    except (OSError, ssl.SSLError, KeyError, ValueError):
        return None
