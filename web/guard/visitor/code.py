"""A visitor's code as a QR code for the screen: one path of squares."""

from __future__ import annotations

import msgspec
import segno

QUIET = 2
"""Light squares around it."""


class Drawn(msgspec.Struct, frozen=True):
    """`path` in squares, of a picture with sides of `size` squares."""

    path: str
    size: int


def drawn(text: str) -> Drawn:
    """The QR code of a text."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=QUIET)]
    runs = [f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _runs(row)]
    return Drawn("".join(runs), len(rows))


def _runs(row: bytes) -> list[tuple[int, int]]:
    """The dark runs of a row: begin and length."""
    found: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((x, 1))
    return found
