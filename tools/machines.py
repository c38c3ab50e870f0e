"""Writes docs/machines.md from the literal tables of the core: `python -m tools.machines [--check]`.

The tables are what runs; the page is only how they are read. A test fails when the page is old.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from gateway.core import access, alarms, barrier, crossing

PAGE = Path(__file__).resolve().parent.parent / "docs" / "machines.md"
_HEAD = """\
# The state machines and the decision

Written by `python -m tools.machines` from the tables in `gateway/core/`; do not edit. The tables are total over what
the world does: what is not listed here is noted and changes nothing. Only commands are refused.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD, *_arm(), *_crossing(), *_alarm(), *_decision()]
    return "\n".join(parts) + "\n"


def _table(*heads: str) -> list[str]:
    return ["", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _arm() -> Iterator[str]:
    yield "## Arm\n\nRows of a cell are tried from the top; the first whose condition holds is taken."
    yield from _table("state", "event", "if", "does", "next")
    for state, cells in barrier.TABLE.items():
        for event, rows in cells.items():
            for row in rows:
                if row.action != "note" or row.next != state:
                    following = row.next or "as the limit switches say"
                    cells_text = (state, _words(event), _words(row.guard), _words(row.action), following)
                    yield "| " + " | ".join(cells_text) + " |"


def _crossing() -> Iterator[str]:
    yield "\n## Crossing"
    yield from _table("state", "event", "next")
    for state, cells in crossing.TABLE.items():
        for event, following in cells.items():
            if following != state:
                yield f"| {state} | {_words(event)} | {following} |"


def _alarm() -> Iterator[str]:
    yield "\n## Alarm"
    yield from _table("state", "what", "next")
    for state, cells in alarms.TABLE.items():
        for verb, following in cells.items():
            if following != state:
                yield f"| {state} | {verb} | {following} |"


def _decision() -> Iterator[str]:
    yield "\n## Decision on a read\n\nFrom the top; the first that fits decides."
    yield from _table("", "case", "verdict", "reason")
    for number, rule in enumerate(access.RULES, 1):
        yield f"| {number} | {rule.label} | {rule.verdict} | `{rule.reason}` |"


def main() -> int:
    """Write the page, or with --check say whether it is up to date."""
    if "--check" in sys.argv:
        return int(PAGE.read_text("utf-8") != page())
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
