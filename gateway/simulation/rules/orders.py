"""Orders to the arm: `open`, `close`, `start`, `interlock`, and `unused`."""

from __future__ import annotations

from gateway.core.settings.exchange import SettingsChanged
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.rows.barrier import BarrierCommanded, BarrierHeld, BarrierReleased
from gateway.core.vocabulary.rows.base import Row
from gateway.simulation.rules.known import KNOWN_MS, Barrier, Known, OnRow
from gateway.simulation.rules.storage import Storage
from gateway.simulation.world.board import OUTPUTS
from gateway.simulation.world.gate import INPUTS

PERSON_CAUSES = ("operator", "remote", "emergency")
GRANT_MS = 600_000
"""A queue of three, each standing on its loop for as long as any driver chats, is over by then."""
PERMITS_KEPT = 8
AT_OPEN = INPUTS.index("at_open")
AT_CLOSED = INPUTS.index("at_closed")
SAFETY = INPUTS.index("safety_loop")


class Permits:
    """What a barrier's arm may do: orders whose row is durable, or waited for long enough."""

    def __init__(self) -> None:
        self.waits: dict[int, tuple[str, str]] = {}
        """By token: direction and cause of an order whose row is not durable yet."""
        self.causes: dict[str, list[str]] = {"open": [], "close": []}

    def allow(self, token: int) -> bool:
        """The order of that token may be carried out; False when there is none."""
        found = self.waits.pop(token, None)
        if found is not None:
            direction, cause = found
            self.causes[direction].append(cause)
            del self.causes[direction][:-PERMITS_KEPT]
        return found is not None


class OrderRules:
    """Every order has a row and a reason, and none closes an arm on a car."""

    def __init__(self, known: Known, storage: Storage) -> None:
        self._known = known
        self._storage = storage
        self._permits = {barrier.gate.device: Permits() for barrier in known.barriers}

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at; `BarrierCommanded` comes with its token."""
        return {BarrierHeld: self._held, BarrierReleased: self._held}

    def forget(self) -> None:
        """Another core begins: no order of the last one counts."""
        self._permits = {device: Permits() for device in self._permits}

    # ---- what permits an order

    def _held(self, barrier: Barrier, row: BarrierHeld | BarrierReleased, _now_ns: int) -> None:
        barrier.stimulus |= bool(row.by)

    def commanded(self, barrier: Barrier, row: BarrierCommanded, token: int) -> None:
        """`barrier.commanded` is appended."""
        direction = "open" if row.command == "hold" else row.command
        if direction == "stop":
            return
        if row.cause == "grant":
            if row.grant not in barrier.grants:
                raise self._known.broken("open", f"{row} names a grant that was not journaled")
            self._opened_for(barrier, row.grant)
        if row.cause in PERSON_CAUSES and not row.by:
            raise self._known.broken("open", f"{row} names nobody")
        if row.cause in PERSON_CAUSES or row.cause == "fire":
            barrier.stimulus = True
        self._permits[barrier.gate.device].waits[token] = direction, row.cause

    def _opened_for(self, barrier: Barrier, grant: str) -> None:
        """An arm goes up for a grant: its car must be somewhere near."""
        age_ms = self._known.ago_ms(barrier.grants[grant][0])
        if age_ms > GRANT_MS and not barrier.gate.troubled(GRANT_MS):
            raise self._known.broken("unused", f"{barrier.gate.lane} is opened for {grant}, given {age_ms} ms ago")

    def permit(self, token: int, delayed: bool) -> None:
        """A row is durable, or (`delayed`) was waited for long enough."""
        for permits in self._permits.values():
            if permits.allow(token) and delayed:
                self._storage.expect_row()

    # ---- orders to the board

    def pulsed(self, event: e.Event, command: c.PulseOutput) -> None:
        """The core pulses an output."""
        self._order(event, command.device, OUTPUTS[command.output])

    def switched(self, event: e.Event, command: c.SetOutput) -> None:
        """The core switches an output; a held OPEN is an order both ways."""
        held = self._known.by_device[command.device].gate.control == "hold"
        if held and OUTPUTS[command.output] == "open":
            self._order(event, command.device, "open" if command.active else "close")

    def _order(self, event: e.Event, device: str, direction: str) -> None:
        if direction not in ("open", "close"):
            return
        barrier, causes = self._known.by_device[device], self._permits[device].causes
        if barrier.gate.control == "step":
            direction = "close" if causes["close"] else "open"
        lane = barrier.gate.lane
        asked = barrier.stimulus or (barrier.comes_down and direction == "open" and causes["open"][-1:] == ["safety"])
        if isinstance(event, e.Started | e.DeviceRestored | e.DeviceLost | SettingsChanged) or not asked:
            raise self._known.broken("start", f"{direction} on {lane} at {type(event).__name__}, asked by nobody")
        if not causes[direction]:
            raise self._known.broken("open", f"{direction} on {lane} was sent without barrier.commanded")
        cause = causes[direction].pop()
        if direction == "close":
            self._closes(barrier, cause)
        else:
            barrier.opened_ns = self._known.world.now_ns
            self._opens(barrier, cause)

    def _opens(self, barrier: Barrier, cause: str) -> None:
        """Not while the lane is paused nor, of a sally port, while the other door is not shut."""
        known, lane = self._known, barrier.gate.lane
        if cause == "grant" and known.ago_ms(barrier.paused_until_ns) < -KNOWN_MS:
            raise known.broken("rest", f"{lane} is opened by itself while it is paused")
        if not barrier.gate.shape.get("sally_port") or cause in ("fire", "safety", "retry"):
            return
        for other in known.barriers:
            gate = other.gate
            if other is barrier or not gate.shape.get("sally_port") or "at_closed" in gate.without:
                continue
            left_ms = known.ago_ms(gate.arm.left_closed_ns)
            if other.known is not None and other.fresh and not other.known[AT_CLOSED] and left_ms > KNOWN_MS:
                raise known.broken("interlock", f"{lane} is opened ({cause}) while {gate.lane} is not shut")

    def _closes(self, barrier: Barrier, cause: str) -> None:
        gate, known = barrier.gate, self._known
        if cause == "not_followed" and barrier.known is not None and barrier.known[AT_CLOSED]:
            return  # a held OPEN is let go of at an arm that never rose: nothing moves
        if "safety_loop" in gate.without:
            if cause != "operator":
                raise known.broken("close", f"{gate.lane} has no safety input and was closed by {cause}")
            return
        if barrier.known is None or not barrier.fresh or barrier.known[SAFETY]:
            state = "unknown" if barrier.known is None or not barrier.fresh else "occupied"
            raise known.broken("close", f"{gate.lane}: the safety loop was {state}")
        under_ms = known.ago_ms(gate.loops["safety_loop"].came_ns)
        if gate.occupied and not gate.troubled(KNOWN_MS) and under_ms > KNOWN_MS:
            raise known.broken("close", f"{gate.lane}: a car has been under the arm for {under_ms} ms")
