"""Types of control requests about release slips."""

from __future__ import annotations

from typing import Any, Literal

from gateway.core.vocabulary.rows import Credential
from gateway.engine.socket.requests import Change, Making, Reason, Word


class SlipAdd(Making, frozen=True, kw_only=True):
    """slips.add"""

    slip: dict[str, Any]

    @property
    def contents(self) -> dict[str, Any]:
        """What is said of the slip."""
        return self.slip


class SlipConfirm(Change, frozen=True, kw_only=True):
    """slips.confirm"""

    slip: Word
    how: Literal["phone", "in_person", "in_writing"]
    station: Word = ""


class SlipCancel(Change, frozen=True, kw_only=True):
    """slips.cancel"""

    written = ("reason",)

    slip: Word
    reason: Reason = ""
    station: Word = ""


class SlipUse(Change, frozen=True, kw_only=True):
    """slips.use: the car at a lane leaves with these goods; `case`: empty for one that was not read"""

    slip: Word
    lane: Word
    case: Word = ""
    credential: Credential | None = None
    plate: Word = ""
    station: Word = ""
