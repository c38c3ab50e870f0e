"""What becomes of rows: `lost`, `storage`, `bounds` and `alarms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.physics.arm import NS_PER_MS
from gateway.simulation.rules.known import EXCUSED_MS, Known

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box


class Storage:
    """Rows are kept, failing storage is alarmed, and nothing grows without bound."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._acknowledged = 0
        self._hash = ""
        self._degraded_since_ns: int | None = None
        self._degraded_row = False

    # ---- a run begins

    def starts(self, last_sequence: int, box: Box) -> None:
        """A run begins with what is on the disk."""
        if last_sequence < self._acknowledged:
            raise self._known.broken(
                "lost", f"row {self._acknowledged} was acknowledged, the journal ends at {last_sequence}"
            )
        if self._acknowledged and box.reader.hash_of(self._acknowledged) != self._hash:
            raise self._known.broken("lost", f"row {self._acknowledged} is another one than was acknowledged")
        degraded_ns, self._degraded_since_ns = self._degraded_since_ns, None
        for barrier in self._known.barriers:
            if degraded_ns is not None and barrier.lock_changed_ns >= degraded_ns - EXCUSED_MS * NS_PER_MS:
                barrier.locked = None

    def acknowledged(self, sequence: int, last_hash: str) -> None:
        """The recorder has said that rows up to here are durable."""
        self._acknowledged, self._hash = sequence, last_hash

    def delivered(self, cursor: int, kept: str, told: str) -> None:
        """Central compares the row that it has last with the journal's."""
        if kept != told:
            raise self._known.broken("lost", f"central has another row {cursor} than the journal")

    # ---- storage that fails

    def degraded(self) -> None:
        """The core knows that storage fails."""
        self._degraded_since_ns = self._known.world.now_ns
        self._degraded_row = False

    def degraded_row(self) -> None:
        """`storage.degraded` is appended."""
        self._degraded_row = True

    def expect_row(self) -> None:
        """With a row only in memory the control room must hear of it, once that is more than a hiccup."""
        if self._degraded_since_ns is not None and not self._degraded_row:
            raise self._known.broken("storage", "rows wait in memory and storage.degraded was not recorded")

    # ---- now and then, and at the end

    def bounds(self) -> None:
        """No queue of the product is longer than its bound."""
        box = self._known.box
        if box is None or box.recorder is None:
            return
        sizes = {
            "inbox": (len(box.inbox.items), 500),
            "timers": (len(box.loop.timers), 200),
            "waits": (len(box.loop.waits), 200),
            "recorder": (box.recorder.waiting, 10_500),
            "alarms": (len(box.shown().alarms), 60),
        }
        for name, (size, bound) in sizes.items():
            if size > bound:
                raise self._known.broken("bounds", f"{name} holds {size}, the bound is {bound}")

    def ends(self, box: Box) -> None:
        """The story is over and everything has been written: nothing is missing."""
        box.state.catch_up(box.reader)
        box.reader.verify()
        shown = {alarm.alarm for alarm in box.shown().alarms}
        kept = {alarm["alarm"] for alarm in box.state.alarm_documents()}
        if shown != kept:
            raise self._known.broken(
                "alarms", f"shown {sorted(shown - kept)} only, journaled {sorted(kept - shown)} only"
            )
        box.compare()
        if box.central_cursor != box.journal.last_sequence:
            raise self._known.broken("lost", f"central has row {box.central_cursor} of {box.journal.last_sequence}")
