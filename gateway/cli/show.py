"""Output of the command line: tables that align with Chinese text, and progress on stderr."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence

# Shorter work shows no progress line, which would only flicker.
_QUIET_S = 1.0
_EVERY_S = 0.2


def width(text: str) -> int:
    """Columns of a text in a terminal; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def clean(text: object) -> str:
    """A value as one line; control characters become spaces."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a heading, each column as wide as its widest cell."""
    cells = [list(head), *([clean(value) for value in row] for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(padded(row, widths) for row in cells)


def padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of a table."""
    pairs = zip(cells, widths, strict=True)
    return "  ".join(cell + " " * (wide - width(cell)) for cell, wide in pairs).rstrip()


class Progress:
    """A progress line on stderr: rewritten in place on a terminal, else repeated now and then."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begun_s = self._shown_s = time.monotonic()
        self._shown = False
        self._terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int = 0) -> None:
        """Show the progress; `total` 0: unknown."""
        now = time.monotonic()
        pause = _EVERY_S if self._terminal else 5.0
        if now - self._begun_s < _QUIET_S or (self._shown and now - self._shown_s < pause):
            return
        share = f" of {total:,} ({100 * done // total} %)" if total else ""
        start, end = ("\r", "") if self._terminal else ("", "\n")
        print(f"{start}{self._what}: {done:,}{share}", end=end, file=sys.stderr, flush=True)
        self._shown, self._shown_s = True, now

    def end(self) -> None:
        """End the line, so that later output starts on a new one."""
        if self._shown and self._terminal:
            print(file=sys.stderr)
