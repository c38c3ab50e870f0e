"""The screens of the installer: their pages, sheets and scripts, found in their rooms."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

WEB = Path(__file__).parents[2] / "web"


@cache
def pages() -> tuple[ModuleType, ...]:
    """The page modules of the frame and of each screen."""
    rooms = sorted(path.parent.name for path in (WEB / "installer").glob("*/page.py"))
    return tuple(importlib.import_module(f"web.installer.{room}.page") for room in rooms)


def sheets() -> tuple[str, ...]:
    """All sheets that these pages name."""
    return tuple(dict.fromkeys(sheet for page in pages() for sheet in getattr(page, "SHEETS", ())))


def scripts() -> tuple[str, ...]:
    """The scripts that these pages load, by their paths below `web/`."""
    return tuple(path.relative_to(WEB).as_posix() for path in sorted((WEB / "installer").glob("*/page.js")))
