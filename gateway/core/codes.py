"""Codes that are declared once, each with its meaning: the reference, the words and the tests follow them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self


class DeclaredCode(StrEnum):
    """A code, and its `meaning` as the reference says it; one that has more declared takes that in its `__init__`."""

    meaning: str

    def __new__(cls, code: str, *_declared: Any) -> Self:
        """The code is the value."""
        self = str.__new__(cls, code)
        self._value_ = code
        return self

    def __init__(self, _code: str, meaning: str = "") -> None:
        self.meaning = meaning
