"""Interfaces of the core loop: the core, the buses, the standby."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from typing import Any, Protocol

from gateway.core.settings.exchange import Unrest
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Memory
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.views import CoreView
from gateway.store.journal.writer import Row


class Core(Protocol):
    """The core: `core.site.Site`."""

    @property
    def tokens(self) -> int:
        """How many tokens were used so far."""

    @property
    def interrupted(self) -> dict[str, str]:
        """Interrupted barriers, each since when."""

    def handle(self, event: e.Event, now: e.Now) -> list[c.Command]:
        """Take an event; returns the commands."""

    def unrest(self, barriers: Collection[str], now: e.Now, *, moves_only: bool = False) -> list[Unrest]:
        """What keeps these barriers from being made anew now."""

    def snapshot(self) -> CoreView:
        """Lanes and alarms for screens and central."""


class Outputs(Protocol):
    """The needed part of `drivers.base.Bus`."""

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        """Switch an output for a time."""

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        """Switch an output for good."""

    def show(self, device: str, message: dict[str, Any]) -> None:
        """Show a decision; ignored by devices that show nothing."""

    def take_picture(self, device: str) -> bool:
        """Fetch a picture soon; False from devices that fetch none."""

    def take_records(self, device: str, after: int) -> None:
        """Report the records of a controller's list behind that one; ignored by devices that keep none."""

    def set_clock(self, device: str, offset_s: int) -> None:
        """Set the device's clock, so far ahead of UTC; ignored by devices without a clock."""


class Standby(Protocol):
    """The replacement of a core that raised, or of some lanes of one that goes on."""

    settings: Settings
    """Those that hold."""

    def memory(self, waiting: Sequence[Row], core: Core) -> Memory:
        """What is known at this moment, for lanes that are made anew; StorageError."""

    def tell_anew(self, devices: Collection[str]) -> Set[str]:
        """Ask these devices to report; returns those that cannot."""

    def core(self, waiting: Sequence[Row], failed: Core) -> tuple[Core, e.Started]:
        """A new core and its first event; `waiting` are rows that the journal does not have yet.

        It uses no token of the `failed` core again, and keeps its interrupted barriers.
        """

    def measure(self) -> tuple[Collection[str], Collection[str]]:
        """Ask all devices to report: returns those that will, and those that cannot."""

    def set_aside(self, file: str, event: e.Event, now: e.Now, error: BaseException) -> None:
        """Keep an event that made the core raise."""
