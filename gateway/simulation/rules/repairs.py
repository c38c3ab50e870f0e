"""Repair orders: one open order for a cause, also across kills, and one for each device that is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.vocabulary.rows.repairs import RepairConfirmed, RepairOpened, RepairRow
from gateway.simulation.rules.known import Known

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box


class RepairRules:
    """Follows the open orders by their rows; at a start by what is on the disk."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._open: dict[str, str] = {}

    def starts(self, box: Box) -> None:
        """A run begins with the orders that are on the disk."""
        self._open.clear()
        for order in box.state.open_repairs():
            self._open_one(order["cause"], order["repair"])

    def appended(self, row: RepairRow) -> None:
        """An order is opened or confirmed."""
        if isinstance(row, RepairOpened):
            self._open_one(row.cause, row.repair)
        elif isinstance(row, RepairConfirmed):
            self._open.pop(row.cause, None)

    def looks(self, box: Box) -> None:
        """Every device that is shown as lost has its order."""
        for alarm in box.shown().alarms:
            if (
                alarm.kind == "device_lost"
                and alarm.device
                and alarm.active
                and f"device:{alarm.device}" not in self._open
            ):
                raise self._known.broken("repairs", f"{alarm.device} is lost and has no open repair order")

    def _open_one(self, cause: str, repair: str) -> None:
        other = self._open.setdefault(cause, repair)
        if other != repair:
            raise self._known.broken("repairs", f"{repair} is opened for {cause}, for which {other} is open")
