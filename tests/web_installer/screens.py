"""The screens of the installer and of the office: their pages, sheets and scripts, found in their rooms."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

WEB = Path(__file__).parents[2] / "web"
HOUSES = ("installer", "office")


@cache
def pages() -> tuple[ModuleType, ...]:
    """The page modules of the frame and of each screen."""
    rooms = sorted(path.parent.relative_to(WEB) for house in HOUSES for path in (WEB / house).glob("*/page.py"))
    return tuple(importlib.import_module(f"web.{'.'.join(room.parts)}.page") for room in rooms)


def sheets() -> tuple[str, ...]:
    """All sheets that these pages name."""
    return tuple(dict.fromkeys(sheet for page in pages() for sheet in getattr(page, "SHEETS", ())))


def scripts() -> tuple[str, ...]:
    """The scripts that these pages load, by their paths below `web/`."""
    found = (path for house in HOUSES for path in sorted((WEB / house).glob("*/page.js")))
    return tuple(path.relative_to(WEB).as_posix() for path in found)
