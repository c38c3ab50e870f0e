"""Arms that are hit or opened by force: `crash` and `false`."""

from __future__ import annotations

from gateway.core.vocabulary.rows.alarms import AlarmRaised, AlarmRefined
from gateway.core.vocabulary.rows.barrier import BarrierLocked, BarrierUnlocked
from gateway.core.vocabulary.rows.base import Row
from gateway.physics.arm import NS_PER_MS
from gateway.simulation.rules.known import EXCUSED_MS, KNOWN_MS, Barrier, Known, OnRow
from gateway.simulation.world.gate import Gate

WHOLE_MS = 60_000
"""An impact or a broken sensor may lead to a crash alarm for as long as the guard is asked whether the arm is whole."""
ALARM_MS = 2500


class CrashRules:
    """What hits an arm is alarmed, and nothing else."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at."""
        return {
            AlarmRaised: self._raised,
            AlarmRefined: self._alarmed,
            BarrierLocked: self._locked,
            BarrierUnlocked: self._locked,
        }

    def _locked(self, barrier: Barrier, row: BarrierLocked | BarrierUnlocked, now_ns: int) -> None:
        barrier.locked, barrier.lock_changed_ns = isinstance(row, BarrierLocked), now_ns

    def _alarmed(self, barrier: Barrier, row: AlarmRaised | AlarmRefined, now_ns: int) -> None:
        barrier.alarmed.append((now_ns, row.kind))

    def _raised(self, barrier: Barrier, row: AlarmRaised, now_ns: int) -> None:
        self._alarmed(barrier, row, now_ns)
        gate, long_ms = barrier.gate, WHOLE_MS + EXCUSED_MS
        struck = gate.arm.torn or self._known.ago_ms(gate.rammed_ns) <= long_ms
        if row.kind == "crash" and not struck and not gate.troubled(long_ms):
            raise self._known.broken("false", f"{gate.lane}: a crash is alarmed, and the arm is whole")

    def struck(self, gate: Gate) -> None:
        """An arm has been torn off: the control room must hear of it."""
        if "arm_detached" not in gate.without and self._known.lanes[gate.lane].locked is False:
            self._expect(gate, ("crash",))

    def forced(self, gate: Gate) -> None:
        """A fob opened where that is not expected."""
        self._expect(gate, ("forced", "crash"))

    def _expect(self, gate: Gate, kinds: tuple[str, ...]) -> None:
        began_ns = self._known.world.now_ns
        self._known.world.after(ALARM_MS, lambda: self._must_be_alarmed(gate, began_ns, kinds))

    def _must_be_alarmed(self, gate: Gate, began_ns: int, kinds: tuple[str, ...]) -> None:
        known, barrier = self._known, self._known.lanes[gate.lane]
        homing = known.ago_ms(gate.mains_ns) < WHOLE_MS + EXCUSED_MS
        if "forced" in kinds and (homing or barrier.locked is not False):
            return  # power that has just come back moves arms, and at a tagged lane people work
        if known.went_down_since(began_ns - EXCUSED_MS * NS_PER_MS) or gate.troubled(2 * EXCUSED_MS):
            return
        if "forced" in kinds and 0 <= barrier.opened_ns - began_ns < KNOWN_MS * NS_PER_MS:
            return  # the gateway opened before the contact showed that the arm already moves
        if self._is_shown(gate.lane, kinds) or any(at >= began_ns and kind in kinds for at, kind in barrier.alarmed):
            return
        raise known.broken("crash", f"{gate.lane}: no alarm of {kinds} within {ALARM_MS} ms")

    def _is_shown(self, lane: str, kinds: tuple[str, ...]) -> bool:
        """True when such an alarm is on the screens already."""
        assert self._known.box is not None
        return any(alarm.lane == lane and alarm.kind in kinds for alarm in self._known.box.shown().alarms)
