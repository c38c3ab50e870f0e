"""What buses of readers, cameras and displays have in common: they tell events, and an order for an output fails."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.base import Bus, Report
from gateway.core.vocabulary.events import Event, OutputFailed


class OutputlessBus(Bus):
    """A bus of devices that have no outputs."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:  # noqa: ARG002
        self.switch(device, output, active, token)

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:  # noqa: ARG002
        """There is nothing to switch; the order fails at once."""
        self._report(OutputFailed(device, output, token, f"{device} has no outputs"))

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._report(event)
