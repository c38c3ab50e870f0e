"""The terminals of a lane, each declared once: what can be wired, to which side of a board, and where it is written."""

from __future__ import annotations

from typing import Literal

import msgspec

from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.model import OUTPUTS

Side = Literal["input", "output"]
Owner = Literal["barrier", "lane"]


class Terminal(msgspec.Struct, frozen=True):
    """One place for a wire. `key` is its path below the barrier or the lane; `moves`: a pulse on it moves the arm."""

    key: str
    of: Owner
    side: Side
    several: bool = False
    moves: bool = False

    @property
    def name(self) -> str:
        """The name of the terminal within its lane: `barrier.open`, `siren`, `lights.red`."""
        return f"barrier.{self.key}" if self.of == "barrier" else self.key


LAMPS = ("siren", "lights.red", "lights.green", "signals.granted", "signals.denied")
"""The outputs of a lane that move nothing, by their path in the site file."""
SEVERAL_MAX = 8
"""Points that one terminal may have (safety inputs under one arm)."""


def _terminals() -> tuple[Terminal, ...]:
    contacts = [Terminal(name, kind.of, "input", several=kind.several) for name, kind in CONTACTS.items()]
    return (
        *(Terminal(key, "barrier", "output", moves=True) for key in OUTPUTS),
        *(one for one in contacts if one.of == "barrier"),
        *(Terminal(key, "lane", "output") for key in LAMPS),
        *(one for one in contacts if one.of == "lane"),
    )


TERMINALS: dict[str, Terminal] = {one.name: one for one in _terminals()}
"""All terminals by name, in the order in which the wiring is drawn."""


def terminal_of(name: str) -> Terminal:
    """The terminal of that name, which may end in a number (`barrier.safety_loop.1`); KeyError."""
    head, _, number = name.rpartition(".")
    return TERMINALS[head if number.isdigit() else name]
