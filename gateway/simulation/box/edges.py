"""The edges of the product that the world replaces: its inbox, its disk's turns and its outputs."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from gateway.core.vocabulary import events as e
from gateway.engine.journal_thread.entries import Entry
from gateway.engine.journal_thread.recorder import Recorder
from gateway.simulation.world.clock import NS_PER_MS, World
from gateway.simulation.world.gate import Gate

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box

COMMIT_MS = 1


class Inbox:
    """Where the core loop waits: taking lets the world go on."""

    def __init__(self, world: World, end_ns: int) -> None:
        self._world = world
        self._end_ns = end_ns
        self.items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        self.items.append(item)

    def take(self, timeout_s: float) -> Any:
        items, world = self.items, self._world
        if items:
            return items.popleft()
        world.run(min(world.now_ns + int(timeout_s * 1e9), self._end_ns), items)
        return items.popleft() if items else None


class WorldRecorder(Recorder):
    """The product's recorder, turned by the world instead of a thread."""

    def arrange(self, world: World, box: Box) -> None:
        self._world, self._box = world, box
        self._arranged = False

    def submit(self, entries: list[Entry]) -> bool:
        taken = super().submit(entries)
        self.arrange_turn(COMMIT_MS)
        return taken

    def arrange_turn(self, ms: float) -> None:
        """Write as soon as the disk is ready."""
        if not self._arranged:
            self._arranged = True
            self._world.at(max(self._world.now_ns + int(ms * NS_PER_MS), self._box.disk_ready_ns), self._turn)

    def _turn(self) -> None:
        self._arranged = False
        if self._box.recorder is not self:
            return
        if self._world.now_ns < self._box.disk_ready_ns:
            self.arrange_turn(0)
            return
        self._write()
        if self.waiting:
            self.arrange_turn(max(1.0, self.retry_in_ms()))

    def write_now(self) -> None:
        """Write at once what waits, for a caller who waits for it, if the disk takes it."""
        if self._world.now_ns >= self._box.disk_ready_ns:
            self._write()

    def _write(self) -> None:
        before = self.sequence
        self.turn(wait=False)
        if self.sequence > before:
            self._box.committed(self.sequence)

    def note_stall(self, now_ns: int) -> e.StorageDegraded | None:
        """The world's disk stalls before the write begins; the product sees the same."""
        stalled_ns = self._box.disk_stalled_ns
        stalled = stalled_ns is not None and self._arranged and self._box.disk_ready_ns > now_ns
        self._busy_since_ns = (stalled_ns or 0) if stalled else 0
        return super().note_stall(now_ns) if stalled else None


class GateOutputs:
    """The bus of one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def pulse(self, _device: str, output: int, duration_ms: int, _active: bool = True, token: int = 0) -> None:
        self._gate.board.pulse(output, duration_ms, token)

    def switch(self, _device: str, output: int, active: bool, token: int = 0) -> None:
        self._gate.board.switch(output, active, token)

    def show(self, _device: str, _message: dict[str, Any]) -> None:
        """A gate has no display."""

    def take_picture(self, _device: str) -> bool:
        """A gate has no camera."""
        return False

    def take_records(self, _device: str, _after: int) -> None:
        """Its boards keep no records."""

    def set_clock(self, _device: str, _offset_s: int) -> None:
        """Its boards have no clock."""
