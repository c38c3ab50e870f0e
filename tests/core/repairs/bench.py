"""A lane whose faults open repair orders, and the people who mend it."""

from __future__ import annotations

from typing import Any

from gateway.core.vocabulary import commands, events
from tests.core.playbook import Playbook, Written, site_document

OPERATORS = [
    {"name": name, "role": role, "pin": "2468"}
    for name, role in (("Lin", "guard"), ("Mei", "leader"), ("Han", "installer"), ("Cao", "control_room"))
]


def estate(**barrier: Any) -> dict[str, Any]:
    """A site with one lane, and a person of each role."""
    return {**site_document(**barrier), "operators": OPERATORS}


class Repairs(Playbook):
    """A playbook of repair orders."""

    def __init__(self, document: dict[str, Any] | None = None, *given: Any, **more: Any) -> None:
        super().__init__(document or estate(), *given, **more)

    def next_run(self, *given: Any, **more: Any) -> Repairs:
        """See `Playbook`."""
        return Repairs(*given, **more)

    def restarted(self, *given: Any, **more: Any) -> Repairs:
        """See `Playbook`."""
        after = super().restarted(*given, **more)
        assert isinstance(after, Repairs)
        return after

    def lose(self, device: str = "reader-in") -> None:
        """A device stops answering."""
        self.happens(events.DeviceLost(device, "no answer"))

    def regain(self, device: str = "reader-in") -> None:
        """It answers again."""
        self.happens(events.DeviceRestored(device))

    def act(self, verb: str, by: str = "Han", repair: str | None = None, **more: Any) -> commands.Reply:
        """A person acts on the newest order; the reply."""
        self._count += 1
        request = f"q{self._count}"
        named = "" if verb == "open" else (repair or self.order()["repair"])
        self.happens(events.RepairCommandReceived(request, named, verb, by, via="browser", **more))
        return self.replies[request]

    def order(self) -> dict[str, Any]:
        """The newest order as in its last row."""
        return self.steps()[-1].data

    def steps(self) -> list[Written]:
        """All rows about repair orders, in this run and before."""
        return [row for _, row in self.kept if row.type.startswith("repair.")]

    def lives(self) -> list[str]:
        """The rows about repair orders by what they say."""
        return [row.type.removeprefix("repair.") for row in self.steps()]

    def opened(self) -> list[dict[str, Any]]:
        """The orders as they were opened."""
        return [row.data for row in self.steps() if row.type == "repair.opened"]

    def open_orders(self) -> int:
        """How many are open, as people see it."""
        return self.site.snapshot().repairs.open
