"""Reads the templates of barriers that ship."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from gateway.core.wiring.templates import Template

FOLDER = Path(__file__).parent / "data"


@cache
def templates() -> dict[str, Template]:
    """All templates by name: the usual kinds first, then makes by name."""
    found = [msgspec.json.decode(path.read_bytes(), type=Template) for path in FOLDER.glob("*.json")]
    return {one.name: one for one in sorted(found, key=lambda one: (bool(one.make), one.order, one.name))}
