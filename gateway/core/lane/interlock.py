"""Interlocks: barriers that must not be open together with this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable


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

    def set(self, others: Iterable[Callable[[], bool]]) -> None:
        """This barrier must not be open together with those."""
        self._others = tuple(others)
