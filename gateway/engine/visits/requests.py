"""Types of control requests about visitors."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from gateway.engine.socket.requests import Change, Key, Word


class VisitAdd(Change, frozen=True, kw_only=True):
    """visits.add; the same `request` with the same visitor is answered as the first time, and announces no other"""

    visitor: dict[str, Any]
    station: Word = ""
    request: Key | None = None

    @property
    def digest(self) -> str:
        """The digest of the request and what it says of the visitor; empty for one that is never repeated."""
        if self.request is None:
            return ""
        told = msgspec.json.encode([self.request, self.visitor], order="sorted")
        return hashlib.sha256(told).hexdigest()


class VisitCorrect(Change, frozen=True, kw_only=True):
    """visits.correct: only what is named changes"""

    visit: Word
    visitor: dict[str, Any]
    station: Word = ""


class VisitCancel(Change, frozen=True, kw_only=True):
    """visits.cancel"""

    visit: Word
    station: Word = ""
