"""Types of control requests about visitors."""

from __future__ import annotations

from typing import Any

from gateway.engine.socket.requests import Change, Word


class VisitAdd(Change, frozen=True, kw_only=True):
    """visits.add"""

    visitor: dict[str, Any]
    station: Word = ""


class VisitCorrect(Change, frozen=True, kw_only=True):
    """visits.correct: only what is named changes"""

    visit: Word
    visitor: dict[str, Any]
    station: Word = ""


class VisitCancel(Change, frozen=True, kw_only=True):
    """visits.cancel"""

    visit: Word
    station: Word = ""
