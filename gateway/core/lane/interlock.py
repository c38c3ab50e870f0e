"""Interlocks: barriers that must not be open together with this one."""

from __future__ import annotations

from collections.abc import Callable


class Interlock:
    """The other barriers; each tells whether it is open, or about to be."""

    __slots__ = ("_others",)

    def __init__(self) -> None:
        self._others: tuple[Callable[[], bool], ...] = ()

    @property
    def fitted(self) -> bool:
        """Whether there is another barrier at all."""
        return bool(self._others)

    @property
    def blocks(self) -> bool:
        """Whether another barrier is open, or about to be."""
        return any(is_open() for is_open in self._others)

    def add(self, is_open: Callable[[], bool]) -> None:
        """This barrier must not be open together with that one."""
        self._others = (*self._others, is_open)
