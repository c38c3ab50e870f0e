"""The tag: who locked the lane for work, since when and why."""

from __future__ import annotations

from gateway.core.vocabulary import views
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.turn import Turn


class Tag:
    """The tag of one lane; `known` is what an earlier run has left.

    It has no table: only what was written on it is kept here, and `Modes` has the state (*locked*).
    """

    __slots__ = ("_view",)

    def __init__(self, known: views.Tag | None) -> None:
        self._view = known

    @property
    def on(self) -> bool:
        """Whether the lane carries a tag."""
        return self._view is not None

    @property
    def by(self) -> str:
        """Who tagged the lane."""
        return (self._view.by if self._view is not None else None) or ""

    @property
    def reason(self) -> str:
        """Why the lane is tagged."""
        return (self._view.reason if self._view is not None else None) or ""

    def view(self) -> views.Tag | None:
        """The tag as screens show it."""
        return self._view

    def put_on(self, turn: Turn, author: Author, reason: str) -> None:
        """A person tags the lane."""
        self._view = views.Tag(by=author.by, since=turn.at, reason=reason)

    def take_off(self) -> None:
        """A person takes the tag off."""
        self._view = None
