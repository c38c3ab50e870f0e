"""The boards of a barrier: which of them answer, and which are to be measured anew."""

from __future__ import annotations

from collections.abc import Iterable, Set
from enum import StrEnum


class BoardState(StrEnum):
    """Whether a board answers."""

    UNHEARD = "unheard"
    ANSWERS = "answers"
    LOST = "lost"


class BoardEvent(StrEnum):
    """What the drivers tell of a board."""

    RESTORED = "restored"
    LOST = "lost"


_U, _A, _L = BoardState.UNHEARD, BoardState.ANSWERS, BoardState.LOST

TABLE: dict[BoardState, dict[BoardEvent, BoardState]] = {
    _U: {BoardEvent.RESTORED: _A, BoardEvent.LOST: _L},
    _A: {BoardEvent.RESTORED: _A, BoardEvent.LOST: _L},
    _L: {BoardEvent.RESTORED: _A, BoardEvent.LOST: _L},
}


class Board:
    """One board; a run begins with boards that have not been heard of."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = _U

    @property
    def state(self) -> BoardState:
        """Whether it answers."""
        return self._state

    def happens(self, event: BoardEvent) -> None:
        """Go on to the table's next state."""
        self._state = TABLE[self._state][event]


class Boards:
    """Every device that a barrier needs: `contacts` are those with inputs."""

    def __init__(self, contacts: Set[str], outputs: Iterable[str]) -> None:
        self._contacts = frozenset(contacts)
        self._boards = {device: Board() for device in (*contacts, *outputs)}
        self._unmeasured: frozenset[str] = frozenset()
        self._measurings = 0

    def __contains__(self, device: str) -> bool:
        return device in self._boards

    @property
    def devices(self) -> Set[str]:
        """All of them."""
        return self._boards.keys()

    @property
    def measured(self) -> bool:
        """Whether all contacts have been read once in this run."""
        return self._measurings > 0

    @property
    def measured_before(self) -> bool:
        """Whether the contacts are being read again, after a board was lost."""
        return self._measurings > 1

    @property
    def unheard(self) -> bool:
        """Whether a board has had no time to answer in this run."""
        return any(board.state is _U for board in self._boards.values())

    @property
    def contacts_away(self) -> bool:
        """Whether a board with contacts does not answer."""
        return any(self.is_away(device) for device in self._contacts)

    def is_away(self, device: str) -> bool:
        """Whether a board does not answer."""
        board = self._boards.get(device)
        return board is not None and board.state is not _A

    def restored(self, device: str) -> bool:
        """A board answers; True when something on it is to be measured. An arm without contacts is taken as it is."""
        self._boards[device].happens(BoardEvent.RESTORED)
        measures = device in (self._contacts or self._boards)
        if measures:
            self._unmeasured |= {device}
        return measures

    def lost(self, device: str) -> None:
        """A board has stopped answering."""
        self._boards[device].happens(BoardEvent.LOST)

    def measure(self) -> tuple[frozenset[str], bool]:
        """The boards to be measured now, and whether it is for the first time in this run."""
        boards, self._unmeasured = self._unmeasured, frozenset()
        self._measurings += 1
        return boards, self._measurings == 1
