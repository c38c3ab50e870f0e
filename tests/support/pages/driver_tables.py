"""Writes the tables of drivers and boards in docs/reference.md: `python -m tests.support.pages.driver_tables`.

Each option's default, bounds and meaning are declared with the driver; the prose round the tables is the page's own. A
driver without a section gets one, with the docstring of its class. A test fails when the page is old.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path

from drivers.base import Driver
from drivers.boards.layout import known_boards, load_board
from drivers.registry import find, shipped
from tests.support.pages.field_tables import rows

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference.md"
OPTIONS = "| option | default | meaning |\n|---|---|---|\n"
BOARDS = "| board | what | pulses timed by |\n|---|---|---|\n"
_ROWS = r"(?:\|.*\n)*"


def page(text: str) -> str:
    """The reference page with the tables as the drivers declare them."""
    before, drivers, after = re.split(r"(?m)^(?=## Drivers$|## Passes$)", text)
    for name in shipped():
        drivers = _with_section(drivers, find(name))
    return before + _with_table(drivers, BOARDS, _boards()) + after


def _with_section(drivers: str, driver: Driver) -> str:
    heading = f"### `{driver.name}`\n"
    if heading not in drivers:
        drivers += f"{heading}\n{inspect.getdoc(type(driver))}\n\n{OPTIONS}\n"
    start = drivers.index(heading)
    end = drivers.find("\n### ", start) + 1 or len(drivers)
    return drivers[:start] + _with_table(drivers[start:end], OPTIONS, rows(driver.Options)) + drivers[end:]


def _with_table(section: str, head: str, rows: Iterable[str]) -> str:
    assert head in section, f"needs a table: {head}{section}"
    before, after = section.split(head, 1)
    return before + head + "".join(rows) + re.sub(rf"\A{_ROWS}", "", after)


def _boards() -> Iterable[str]:
    for name in known_boards():
        board = load_board(name)
        yield f"| `{name}` | {board.title} | {'the board' if board.flash else 'the gateway'} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
