"""Variants of a test: the first runs with every change, the others by `make test-all`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first_and(*others: Any) -> list[Any]:
    """Values for `parametrize`: the first as it is, the others with the marker `long`."""
    return [others[0], *(pytest.param(other, marks=pytest.mark.long) for other in others[1:])]


def each_of(*others: tuple[Any, ...]) -> list[Any]:
    """As `first_and`, where each variant is a set of values."""
    return [long_unless(not number, one) for number, one in enumerate(others)]


def long_unless(quick: bool, values: Iterable[Any]) -> Any:
    """One set of values, with the marker `long` unless it is quick."""
    return pytest.param(*values, marks=() if quick else pytest.mark.long)
