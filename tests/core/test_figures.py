"""Every time and bound of the core that is no setting is on the page of figures, with the value that it has."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import gateway.core

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"
FIGURE = re.compile(r"([A-Z0-9_]+_(MS|S|MAX|KEPT|FROM|DIGITS)|KEPT|FLICKERS)$")
UNITS = {"vocabulary.times"}
"""Where a unit of time is no figure of a lane."""


def in_the_code() -> dict[str, int]:
    found: dict[str, int] = {}
    for module in pkgutil.walk_packages(gateway.core.__path__, "gateway.core."):
        name = module.name.removeprefix("gateway.core.")
        loaded = importlib.import_module(module.name)
        source = Path(loaded.__file__ or "").read_text("utf-8")
        for constant, value in vars(loaded).items():
            own = re.search(rf"^{constant}\b.* = ", source, re.MULTILINE)
            if (
                own
                and not constant.startswith("_")
                and FIGURE.match(constant)
                and isinstance(value, int)
                and name not in UNITS
            ):
                found[f"{name}.{constant}"] = value
    return found


def on_the_page() -> dict[str, int]:
    rows = re.findall(r"^\|[^|]+\| (\d+)(?: m?s)? \|[^|]+\| `([^`]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {name: int(value) for value, name in rows}


def test_every_figure_is_on_the_page_with_its_value() -> None:
    assert on_the_page() == in_the_code()


def test_every_row_of_the_page_is_read() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert len(on_the_page()) == len(rows) - 1
