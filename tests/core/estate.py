"""An entry and an exit whose reads know what the product's own stores know: for all that is counted inside.

The projections follow with each whole passage, or only when told to (`late`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass
from gateway.engine.core_thread.lookups import Lookups
from gateway.store.journal.queries import StoredRow
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from tests.core.playbook import MONTHLY, TwoLanes, two_lanes


def car(number: int, **more: Any) -> Pass:
    """The pass of one car: its id is `car0`, its card `100`."""
    return msgspec.structs.replace(MONTHLY, id=f"car{number}", cards=(str(100 + number),), plates=(), **more)


HOUSEHOLD = tuple(car(number, group="12-3") for number in range(4))


class Estate(TwoLanes):
    """Two lanes with a registry and projections; `site` and other parts of the site file by keyword."""

    def __init__(self, folder: Path, passes: Iterable[Pass], site: dict[str, Any] | None = None, **parts: Any) -> None:
        document = two_lanes()
        document["site"] |= site or {}
        super().__init__({**document, **parts})
        self.passes = {one.id: one for one in passes}
        self.registry = PassRegistry(folder / "registry.db", writer=True)
        self.registry.import_passes(iter(self.passes.values()))
        self.projections = State(folder / "state.db", writer=True)
        self.lookups = Lookups(self.registry, self.projections, self.settings)
        self.late = False
        """Whether the projections stay behind after a passage, until `follow`."""

    def __enter__(self) -> Estate:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.registry.close()
        self.projections.close()

    def follow(self) -> None:
        """The projections catch up with the journal."""
        self.projections.apply(
            StoredRow(number, row.type, row.subject, wall_ns, msgspec.json.encode({"data": row.data}).decode())
            for number, (wall_ns, row) in enumerate(self.kept, 1)
        )

    def seen(self, pass_id: str, device: str = "reader-in", **more: Any) -> events.CredentialRead:
        """A read of a pass's card as the shell hands it on."""
        card = self.passes[pass_id].cards[0]
        return self.lookups.enrich(events.CredentialRead(device, "card", card, 32, **more))

    def arrives(self, pass_id: str, device: str = "reader-in") -> None:
        """A car shows its card."""
        self.happens(self.seen(pass_id, device))

    def drives_in(self) -> None:
        """Whoever was let in passes, up to the closed arm."""
        self.rise()
        self.drive_through()
        self.advance(900)
        self.lower()
        self._passed()

    def comes_in(self, pass_id: str) -> None:
        """A whole entry that must be granted."""
        self.arrives(pass_id)
        assert self.said() == ("access.granted", "valid_pass", pass_id)
        self.drives_in()

    def goes_out(self, pass_id: str) -> None:
        """A whole exit by its card."""
        self.arrives(pass_id, "reader-out")
        self.drives_out()

    def drives_out(self) -> None:
        """Whoever was let out passes, up to the closed arm."""
        self.set2(at_closed=False)
        self.advance(2000)
        self.set2(at_open=True)
        self.set2(approach_loop=True)
        self.advance(500)
        self.set2(safety_loop=True)
        self.advance(500)
        self.set2(approach_loop=False)
        self.advance(500)
        self.set2(safety_loop=False)
        self.advance(1700)
        self.set2(at_open=False)
        self.advance(2000)
        self.set2(at_closed=True)
        self._passed()

    def stays_away(self) -> None:
        """Whoever was let in does not come; the arm closes again."""
        self.rise()
        self.advance(23_000)
        self.lower()

    def _passed(self) -> None:
        if not self.late:
            self.follow()

    def said(self) -> tuple[str, str, str | None]:
        """The last decision: its type, its reason, and whose it is."""
        row = next(row for row in reversed(self.rows) if row.type.startswith("access."))
        return row.type, row.data["reason"], row.data["pass"]
