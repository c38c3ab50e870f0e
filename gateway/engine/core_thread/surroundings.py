"""What the core loop drives and is served by, as it needs them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.store.journal.writer import Row

Snapshot = dict[str, Any]


class Core(Protocol):
    """What the loop drives: `core.site.Site`."""

    @property
    def tokens(self) -> int:
        """How many tokens were used so far."""

    @property
    def interrupted(self) -> dict[str, str]:
        """The barriers that wait for a person to decide, each since when."""

    def handle(self, event: e.Event, now: e.Now) -> list[c.Command]:
        """Take a fact in and say what is to be done."""

    def snapshot(self, now: e.Now) -> dict[str, Any]:
        """Lanes and alarms as people and central may see them."""


class Outputs(Protocol):
    """What the loop needs of `drivers.base.Bus`."""

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        """Switch an output for a time."""

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        """Switch an output and leave it so."""

    def show(self, device: str, message: dict[str, Any]) -> None:
        """Show people what was decided; ignored by what shows nothing."""


class Standby(Protocol):
    """What stands by for a core that raises."""

    def core(self, waiting: Sequence[Row], failed: Core) -> tuple[Core, e.Started]:
        """Another core and its first fact; `waiting` are rows that the journal does not have yet.

        Of the `failed` one no token is used again, and what waited for a person still does.
        """

    def measure(self) -> tuple[Collection[str], Collection[str]]:
        """Ask all devices to tell how they are: those worth waiting for, and those that tell nothing unasked."""

    def set_aside(self, file: str, event: e.Event, now: e.Now, error: BaseException) -> None:
        """Keep an event that made the core raise."""
