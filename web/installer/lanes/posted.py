"""Reads the form of a lane's wires back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gateway.core.settings.site_file import ID_PATTERN
from gateway.core.wiring.terminals import SEVERAL_MAX, TERMINALS
from gateway.core.wiring.wires import Wire

POINT, NORMALLY, DEBOUNCE = "wire.", "normally.", "debounce."
"""Before the name of a terminal: its point, its polarity, its debounce time."""
DEBOUNCE_MAX = 390
_NUMBER = re.compile(r"\d{1,4}")
_NOT_ID = re.compile(r"[^A-Za-z0-9_-]+")
ID_MAX = 64


def wires(form: Mapping[str, str]) -> tuple[tuple[Wire, ...], dict[str, str]]:
    """The wires that were posted, and the code of what is wrong by the name of its terminal."""
    found: list[Wire] = []
    wrong: dict[str, str] = {}
    for name in _names():
        point = form.get(POINT + name, "").strip()[:200]
        debounce = form.get(DEBOUNCE + name, "").strip()
        if debounce and not (_NUMBER.fullmatch(debounce) and int(debounce) <= DEBOUNCE_MAX):
            wrong[name] = "debounce"
        elif point:
            normally = "closed" if form.get(NORMALLY + name) == "closed" else "open"
            wire = Wire(name, point, normally)  # type: ignore[arg-type]
            found.append(Wire(name, point, wire.normally, int(debounce)) if debounce else wire)
    return tuple(found), wrong


def _names() -> Iterator[str]:
    for name, terminal in TERMINALS.items():
        yield name
        if terminal.several:
            yield from (f"{name}.{number}" for number in range(1, SEVERAL_MAX))


def id_from(name: str, taken: set[str]) -> str:
    """An id from a lane's name; `lane-2` and so on where nothing is left of it or it is taken."""
    plain = _NOT_ID.sub("-", name.strip().lower()).strip("-")[: ID_MAX - 4]
    base = plain or "lane"
    if plain and plain not in taken:
        return plain
    number = 2 if base in taken or plain else 1
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def is_id(text: str) -> bool:
    """Whether a text may be an id."""
    return ID_PATTERN.fullmatch(text) is not None
