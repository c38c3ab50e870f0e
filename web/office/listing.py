"""What a list of the office was asked for: a state, a text, a page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from flask import request

PAGE = 25
"""Things on one page of a list."""
QUERY_MAX = 100
PAGES_MAX = 1_000
_DIGITS_MAX = 5


class Listing(msgspec.Struct, frozen=True):
    """`number`: the page, from 0."""

    state: str
    query: str
    number: int


def listing(states: Sequence[str]) -> Listing:
    """By the address; the first state for one that is not known."""
    state, page = request.args.get("state", states[0]), request.args.get("page", "")
    whole = page.isascii() and page.isdigit() and len(page) <= _DIGITS_MAX
    return Listing(
        state if state in states else states[0],
        request.args.get("q", "").strip()[:QUERY_MAX],
        min(int(page), PAGES_MAX) if whole else 0,
    )
