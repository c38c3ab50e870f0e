"""The tag: who locked the lane for work, since when and why."""

from __future__ import annotations

from typing import Any

from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.turn import Turn


class Tag:
    """The tag of one lane; `known` is what an earlier run has left."""

    __slots__ = ("_document",)

    def __init__(self, known: dict[str, Any] | None) -> None:
        self._document = known

    @property
    def on(self) -> bool:
        """Whether the lane carries a tag."""
        return self._document is not None

    @property
    def by(self) -> str:
        """Who tagged the lane."""
        return str((self._document or {}).get("by") or "")

    @property
    def reason(self) -> str:
        """Why the lane is tagged."""
        return str((self._document or {}).get("reason") or "")

    def document(self) -> dict[str, Any] | None:
        """The tag as screens show it."""
        return self._document

    def put_on(self, turn: Turn, author: Author, reason: str) -> None:
        """A person tags the lane."""
        self._document = {"by": author.by, "since": turn.at, "reason": reason}

    def take_off(self) -> None:
        """A person takes the tag off."""
        self._document = None
