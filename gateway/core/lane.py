"""A lane: arm, mode, crossing and grants side by side, and what one means for the others (lane.md).

The tables stand in `barrier`, `crossing` and `access`; here is what their guards and actions mean. A `LaneMachine` is
made per barrier: two lanes that share one share its machine. Every method works on a `Turn`; nothing here knows a clock
or a wire. Rules that hold throughout: nothing is sent before its row is durable or has waited long enough, guards are
looked at again at that moment; no close while a safety input is occupied or not known to be free; what was half done
when the engine stopped waits for a person.
"""

from __future__ import annotations

import statistics
from collections import deque
from enum import StrEnum
from typing import Any

import msgspec

from gateway.core import crossing
from gateway.core.access import Decision, LaneFitness, Verdict
from gateway.core.alarms import AlarmDesk
from gateway.core.barrier import TABLE, ArmEvent, ArmState, measured
from gateway.core.causes import BENIGN, BLOW_MS, FLICKER_WINDOW_MS, Cause, Movement, Seen, verdict
from gateway.core.commands import SetOutput
from gateway.core.crossing import CrossingEvent, CrossingState, Vehicle, Way
from gateway.core.events import OpenVisit
from gateway.core.inputs import Inputs, points_of
from gateway.core.outputs import Motion, Terminals
from gateway.core.settings import Barrier, Direction, Lane
from gateway.core.turn import NS_PER_MS, NS_PER_S, Turn, rfc3339

ANSWER_MS = 1500
MERGE_MS = 700
POWER_WINDOW_MS = 60_000
QUESTION_MS = 60_000
SIREN_MS = 180_000
CAME_OVER_APPROACH_MS = 3000
GRANTS_MAX = 3
ABORTS_MAX = 3
LEARN_FROM = 3


class Mode(StrEnum):
    """What rules the lane; the strongest that is set counts."""

    LOCKED = "locked"
    CRASHED = "crashed"
    FIRE = "fire"
    HELD = "held"
    AUTO = "auto"


# event -> (mode set, modes taken away). The strongest mode that is set is the lane's mode.
MODES: dict[str, tuple[Mode | None, frozenset[Mode]]] = {
    "tag": (Mode.LOCKED, frozenset({Mode.HELD})),
    "untag": (None, frozenset({Mode.LOCKED})),
    "crash": (Mode.CRASHED, frozenset({Mode.HELD})),
    "reset": (None, frozenset({Mode.CRASHED})),
    "fire": (Mode.FIRE, frozenset()),
    "fire_over": (None, frozenset({Mode.FIRE})),
    "hold": (Mode.HELD, frozenset()),
    "release": (None, frozenset({Mode.HELD})),
}

COMMANDS = ("open", "close", "stop", "hold", "release", "lock", "unlock", "reset")


class Grant(msgspec.Struct):
    """A vehicle may pass once; `credential` and `pass_id` are None for an operator's open."""

    id: str
    lane: Lane
    reason: str
    by: str
    at: str
    pass_id: str | None = None
    kind: str | None = None
    credential: dict[str, str] | None = None
    plate: str | None = None
    visit: OpenVisit | None = None
    timer_left_ms: int | None = None
    timer_from_ns: int | None = None

    @property
    def method(self) -> str:
        """How the vehicle got in, as a passage says it."""
        return "automatic" if self.credential else "manual"

    def document(self) -> dict[str, Any]:
        """The grant as screens and incident records know it; nothing personal."""
        return {
            "at": self.at,
            "pass": self.pass_id,
            "credential": self.credential,
            "reason": self.reason,
            "by": self.by,
        }


class Ids:
    """Identifiers of one run: its prefix is unique (the sequence of the run's first row), the number counts."""

    def __init__(self) -> None:
        self.run = "0"
        self._count = 0

    def next(self, letter: str) -> str:
        """The next identifier, for example `g812-3`."""
        self._count += 1
        return f"{letter}{self.run}-{self._count}"


class LaneMemory(msgspec.Struct, frozen=True):
    """What outlives a restart: strong modes, the tag, and whether something was half done."""

    crashed: bool = False
    tag: dict[str, Any] | None = None
    half_done: bool = False


class LaneMachine:
    """One barrier with the lanes that lead past it."""

    def __init__(
        self, barrier: Barrier, lanes: tuple[Lane, ...], alarms: AlarmDesk, ids: Ids, memory: LaneMemory
    ) -> None:
        self.barrier = barrier
        self.lanes = lanes
        self.home = lanes[0]
        self.inputs = Inputs(barrier.id, points_of(barrier, lanes))
        self.terminals = Terminals(barrier)
        self.arm = ArmState.UNKNOWN
        self.crossing = CrossingState.UNSURE if barrier.safety else CrossingState.EMPTY
        self.modes: set[Mode] = set()
        self.tag: dict[str, Any] | None = memory.tag
        self.interrupted = memory.half_done
        self.grants: deque[Grant] = deque()
        self.last_grant: Grant | None = None
        self.last_decision: dict[str, Any] | None = None
        self.last_passage: dict[str, Any] | None = None
        self.notice: str | None = None
        self._alarms = alarms
        self._ids = ids
        self._bound: Grant | None = None
        self._vehicle: Vehicle | None = None
        self._movement: Movement | None = None
        self._moving_cause = Cause.COMMANDED
        self._moving_by = ""
        self._moved_ns = 0
        self._opened_by = Cause.COMMANDED
        self._pulses = 0
        self._aborts = 0
        self._travels: dict[str, list[int]] = {"up": [], "down": []}
        self._flickers: list[int] = []
        self._safety_rose_ns: int | None = None
        self._approach_seen_ns: int | None = None
        self._power_ns: int | None = None
        self._away: set[str] = self.inputs.devices() | {point.device for point in barrier.outputs().values()}
        self._case: tuple[str, str] | None = None
        self._clear_from_ns: int | None = None
        self._siren_on = False
        if memory.crashed:
            self.modes.add(Mode.CRASHED)
        if memory.tag:
            self.modes.add(Mode.LOCKED)

    # ---- what the rest of the core asks

    @property
    def mode(self) -> Mode:
        """The strongest mode that is set."""
        return next((mode for mode in Mode if mode in self.modes), Mode.AUTO)

    @property
    def safety(self) -> bool | None:
        """True occupied, False known to be free, None unknown or not fitted."""
        return self.inputs.value("safety_loop")

    @property
    def approach(self) -> bool | None:
        """True occupied, False free, None unknown or not fitted."""
        return self.inputs.value("approach_loop")

    def devices(self) -> set[str]:
        """Every device that this barrier hangs on."""
        return self.inputs.devices() | {point.device for point in self.barrier.outputs().values()}

    def fitness(self) -> LaneFitness:
        """Whether this lane could open for anybody now."""
        if self.mode in (Mode.LOCKED, Mode.CRASHED):
            return LaneFitness.LOCKED
        lame = self.arm in (ArmState.BETWEEN, ArmState.STOPPED, ArmState.UNKNOWN)
        full = len(self.grants) >= GRANTS_MAX
        if lame or full or self.interrupted or self.terminals.device("open") in self._away:
            return LaneFitness.FAULT
        return LaneFitness.READY

    # ---- devices

    def device_restored(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A device answers, for the first time or again: take the state from what is measured, move nothing."""
        if device not in self.devices():
            return
        self._away.discard(device)
        self.inputs.lost(turn, device)
        before = self.approach
        self.inputs.read(turn, device, values)
        self._measure_all(turn)
        if before is not True and self.approach:
            self._approach_seen_ns = turn.now.mono_ns
        if self.inputs.value("arm_detached") and Mode.CRASHED not in self.modes:
            self._crash(turn, "arm_detached")
        if self.inputs.value("fire"):
            self._fire(turn)
        turn.show()

    def _measure_all(self, turn: Turn) -> None:
        if self._away & self.inputs.devices():
            return
        self._enter(turn, self._measured())
        occupied = self.safety is True
        if occupied or self.arm in (ArmState.BETWEEN, ArmState.UNKNOWN):
            self.interrupted = True
        self._vehicle = Vehicle(turn.now.mono_ns, False, certain=False) if occupied else None
        if occupied:
            self.crossing = CrossingState.UNDER
        elif self.approach:
            self.crossing = CrossingState.WAITING
        else:
            self.crossing = CrossingState.EMPTY

    def device_lost(self, turn: Turn, device: str) -> None:
        """A device is gone: what it told is unknown, and nothing closes."""
        if device not in self.devices():
            return
        self._away.add(device)
        had_limits = any(
            point is not None and point.device == device for point in (self.barrier.at_open, self.barrier.at_closed)
        )
        changes = self.inputs.lost(turn, device)
        if any(name.startswith("safety_loop") for name, _ in changes):
            self._cross(CrossingEvent.UNKNOWN)
            if self._vehicle is not None:
                self._vehicle.certain = False
            self.arm_event(turn, ArmEvent.SAFETY)
        if had_limits:
            self.arm_event(turn, ArmEvent.LOST)
        turn.show()

    def device_stale(self, turn: Turn, device: str) -> None:
        """A poll went unanswered: safety inputs are no longer known to be free."""
        if self.inputs.stale(device) and self.barrier.safety and self.safety is None:
            self.arm_event(turn, ArmEvent.SAFETY)
            turn.show()

    # ---- inputs

    def inputs_read(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A reading of a device has come."""
        if device not in self.inputs.devices() or device in self._away:
            return
        was_stale = not self.inputs.fresh(device)
        self._changed(turn, self.inputs.read(turn, device, values))
        if was_stale:
            self._after_stale(turn)

    def _after_stale(self, turn: Turn) -> None:
        if self.safety is False and self.arm is ArmState.OPEN and self._vehicle is None and not self.grants:
            self._start_clear(turn)
        turn.show()

    def settle(self, turn: Turn, name: str) -> None:
        """A debounce timer has fired."""
        self._changed(turn, self.inputs.settle(name))

    def _changed(self, turn: Turn, changes: list[tuple[str, bool | None]]) -> None:
        """Handle all changes of one instant: a blow before loops, loops before limits."""
        order = {"arm_detached": 0, "safety_loop": 1, "approach_loop": 2}
        for name, value in sorted(changes, key=lambda change: order.get(change[0].split(".")[0], 3)):
            self._input(turn, name.split(".")[0], bool(value))
        if changes:
            turn.show()

    def _input(self, turn: Turn, name: str, value: bool) -> None:
        if name == "safety_loop":
            self._safety_changed(turn, value)
        elif name == "approach_loop":
            self._approach_changed(turn, value)
        elif name in ("at_open", "at_closed"):
            self._limit_changed(turn, name, value)
        elif name == "arm_detached":
            if value:
                self._crash(turn, "arm_detached")
        elif name == "clear_loop":
            if value and self._vehicle is not None:
                self._vehicle.cleared_beyond = True
        elif name == "mains":
            self._mains_changed(turn)
        elif name == "fire":
            self._fire(turn) if value else self._alarms.return_(turn, f"lane:{self.home.id}:fire")
        elif name == "exit_button" and value:
            self._button(turn)

    def _limit_changed(self, turn: Turn, name: str, value: bool) -> None:
        if self.inputs.last("at_open") and self.inputs.last("at_closed"):
            self.arm_event(turn, ArmEvent.CONTRADICTION)
            return
        events = {
            ("at_open", True): ArmEvent.OPEN_LIMIT,
            ("at_open", False): ArmEvent.OPEN_LOST,
            ("at_closed", True): ArmEvent.CLOSED_LIMIT,
            ("at_closed", False): ArmEvent.CLOSED_LOST,
        }
        self.arm_event(turn, events[name, value])

    def _mains_changed(self, turn: Turn) -> None:
        """The controller may home its arm after mains came or went: nothing that moves now was commanded."""
        self._power_ns = turn.now.mono_ns
        self._drop_grants(turn, "mains")
        self._void_expectations(turn)

    def _void_expectations(self, turn: Turn) -> None:
        for timer in ("answer", "travel", "clear"):
            turn.cancel(self._timer(timer))
        self.terminals.withdraw("open")
        self.terminals.withdraw("close")

    def _button(self, turn: Turn) -> None:
        if self.refusal("open", remote=False) is None:
            self._operator_grant(turn, self.home, "exit button", "operator")

    def _fire(self, turn: Turn) -> None:
        """The fire contact is a command: open once and stay open until a person ends it."""
        lane = self.home.id
        self._alarms.raise_(turn, "fire", f"lane:{lane}:fire", lane=lane)
        if Mode.FIRE in self.modes:
            return
        self._set_mode("fire")
        turn.cancel(self._timer("clear"))
        self.terminals.withdraw("close")
        if self.arm is not ArmState.OPEN:
            self._ask(turn, "open", "fire", "fire contact", None)

    # ---- reads

    def decided(
        self,
        turn: Turn,
        lane: Lane,
        credential: dict[str, str],
        decision: Decision,
        visit: OpenVisit | None,
        warn: bool,
    ) -> None:
        """A credential was read and decided on: record it once, and let the vehicle pass if it may."""
        pass_id = decision.pass_.id if decision.pass_ else None
        granted = decision.verdict is Verdict.GRANTED
        if granted and any(grant.credential == credential for grant in self.grants):
            return
        case = (credential["kind"] + credential["value"], decision.reason.value)
        if not granted and self.approach and case == self._case:
            return
        self._case = case if not granted else None
        data = self._decision_data(lane, credential, decision)
        if not granted:
            turn.append(f"access.{decision.verdict.value}", f"lanes/{lane.id}", data)
            self._show_decision(turn, data, decision)
            return
        grant = Grant(
            id=self._ids.next("g"),
            lane=lane,
            reason=decision.reason.value,
            by="gateway",
            at=turn.at,
            pass_id=pass_id,
            kind=decision.pass_.kind.value if decision.pass_ else None,
            credential=credential,
            plate=_plate(credential, decision),
            visit=visit,
        )
        turn.append("access.granted", f"lanes/{lane.id}", {**data, "grant": grant.id})
        self._grant(turn, grant)
        self._show_decision(turn, data, decision)
        if warn and decision.pass_ is not None:
            warning = {"pass": pass_id, "days_left": decision.days_left, "valid_until": decision.pass_.valid_until}
            turn.append("pass.expiring", f"passes/{pass_id}", {**warning, "lane": lane.id})

    def _decision_data(self, lane: Lane, credential: dict[str, str], decision: Decision) -> dict[str, Any]:
        return {
            "lane": lane.id,
            "direction": lane.direction.value,
            "credential": credential,
            "pass": decision.pass_.id if decision.pass_ else None,
            "kind": decision.pass_.kind.value if decision.pass_ else None,
            "days_left": decision.days_left,
            "reason": decision.reason.value,
            "decided_by": "gateway",
        }

    def _show_decision(self, turn: Turn, data: dict[str, Any], decision: Decision) -> None:
        self.last_decision = {
            "at": turn.at,
            "verdict": decision.verdict.value,
            "reason": decision.reason.value,
            "credential": data["credential"],
            "pass": data["pass"],
            "kind": data["kind"],
            "days_left": data["days_left"],
            "valid_until": decision.pass_.valid_until if decision.pass_ else None,
            "by": data["decided_by"],
            "lane": data["lane"],
        }
        turn.show()

    def _grant(self, turn: Turn, grant: Grant) -> None:
        self.grants.append(grant)
        self.last_grant = grant
        if self._vehicle is not None and self._bound is None and self.arm is not ArmState.CLOSED:
            self._bound = self.grants[0]
        turn.cancel(self._timer("clear"))
        self.arm_event(turn, ArmEvent.GRANTED)

    def _operator_grant(self, turn: Turn, lane: Lane, by: str, reason: str) -> None:
        grant = Grant(id=self._ids.next("g"), lane=lane, reason=reason, by=by, at=turn.at)
        data: dict[str, Any] = {
            "lane": lane.id,
            "direction": lane.direction.value,
            "credential": None,
            "pass": None,
            "kind": None,
            "days_left": None,
            "reason": reason,
            "decided_by": by,
            "grant": grant.id,
        }
        turn.append("access.granted", f"lanes/{lane.id}", data)
        self.last_decision = {
            "at": turn.at,
            "verdict": Verdict.GRANTED.value,
            "valid_until": None,
            "by": by,
            **{key: data[key] for key in ("reason", "credential", "pass", "kind", "days_left", "lane")},
        }
        self.interrupted = False
        self.grants.append(grant)
        self.last_grant = grant
        turn.cancel(self._timer("clear"))
        if self.arm is ArmState.OPEN:
            self.do_keep_up(turn)
        elif not (self.arm is ArmState.RISING or self.terminals.asked("open")):
            self._ask(turn, "open", reason, by, grant.id)
        turn.show()

    def _drop_grants(self, turn: Turn, why: str) -> None:
        turn.cancel(self._timer("grant"))
        while self.grants:
            self._unused(turn, self.grants.popleft(), why)
        self._bound = None

    def _unused(self, turn: Turn, grant: Grant, why: str) -> None:
        data = {"lane": grant.lane.id, "pass": grant.pass_id, "grant": grant.id, "reason": why}
        turn.append("grant.unused", f"lanes/{grant.lane.id}", data)

    # ---- a person's commands

    def refusal(self, command: str, remote: bool) -> str | None:
        """Why a command cannot be given now, as a code; None when it can."""
        check = getattr(self, f"_refuse_{command}")
        found: str | None = check(remote)
        return found

    def _refuse_stop(self, remote: bool) -> str | None:
        return "lane_locked" if remote and Mode.LOCKED in self.modes else None

    def _refuse_open(self, _remote: bool) -> str | None:
        if Mode.LOCKED in self.modes:
            return "lane_locked"
        if Mode.CRASHED in self.modes:
            return "lane_crashed"
        if self.terminals.device("open") in self._away:
            return "device_lost"
        if self.barrier.control == "step" and self.arm not in (ArmState.CLOSED, ArmState.OPEN):
            return "arm_between"
        return "grants_full" if len(self.grants) >= GRANTS_MAX else None

    def _refuse_hold(self, remote: bool) -> str | None:
        return "held_already" if Mode.HELD in self.modes else self._refuse_open(remote)

    def _refuse_release(self, remote: bool) -> str | None:
        return self._refuse_stop(remote) if self.modes & {Mode.HELD, Mode.FIRE} else "not_held"

    def _refuse_close(self, remote: bool) -> str | None:
        if Mode.LOCKED in self.modes:
            return "lane_locked"
        if Mode.CRASHED in self.modes:
            return "lane_crashed"
        if self.inputs.value("fire"):
            return "fire"
        if not self.terminals.can("close"):
            return "no_close_output"
        if self.terminals.device("close") in self._away:
            return "device_lost"
        if self.barrier.control == "step" and self.arm is not ArmState.OPEN:
            return "arm_between"
        return self._unsafe(remote)

    def _unsafe(self, remote: bool) -> str | None:
        """Why closing would not be safe; a person on the spot is the safety of a lane that has none fitted."""
        if not self.barrier.safety:
            return "safety_unknown" if remote else None
        return {True: "safety_occupied", None: "safety_unknown", False: None}[self.safety]

    def _refuse_lock(self, _remote: bool) -> str | None:
        return "locked_already" if Mode.LOCKED in self.modes else None

    def _refuse_unlock(self, remote: bool) -> str | None:
        if Mode.LOCKED not in self.modes:
            return "not_locked"
        return "lane_locked" if remote else None

    def _refuse_reset(self, _remote: bool) -> str | None:
        if Mode.LOCKED in self.modes:
            return "lane_locked"
        if self.notice == "arm_whole" and Mode.CRASHED not in self.modes:
            return None
        if Mode.CRASHED not in self.modes:
            return "not_crashed"
        return "arm_detached" if self.inputs.value("arm_detached") else None

    def command(self, turn: Turn, lane: Lane, command: str, by: str, remote: bool, reason: str) -> None:
        """Carry out a person's command that `refusal` has nothing against."""
        getattr(self, f"_command_{command}")(turn, lane, by, remote, reason)
        turn.show()

    def _command_open(self, turn: Turn, lane: Lane, by: str, remote: bool, _reason: str) -> None:
        self._operator_grant(turn, lane, by, "remote" if remote else "operator")

    def _command_close(self, turn: Turn, _lane: Lane, by: str, _remote: bool, _reason: str) -> None:
        self.interrupted = False
        self.modes -= {Mode.HELD, Mode.FIRE}
        self._drop_grants(turn, "close")
        self.terminals.withdraw("open")
        self._ask(turn, "close", "operator", by, None)

    def _command_stop(self, turn: Turn, _lane: Lane, by: str, _remote: bool, _reason: str) -> None:
        self._drop_grants(turn, "stop")
        self._void_expectations(turn)
        self.interrupted = True
        self._ask(turn, "stop", "operator", by, None)

    def _command_hold(self, turn: Turn, lane: Lane, by: str, _remote: bool, reason: str) -> None:
        self.interrupted = False
        self._set_mode("hold")
        turn.cancel(self._timer("clear"))
        turn.cancel(self._timer("grant"))
        self._barrier_row(turn, "held", Cause.COMMANDED, by, {"reason": reason})
        if self.arm is not ArmState.OPEN and not self.terminals.asked("open"):
            self._ask(turn, "hold", "operator", by, None, lane)

    def _command_release(self, turn: Turn, _lane: Lane, by: str, _remote: bool, reason: str) -> None:
        self.interrupted = False
        if not self.inputs.value("fire"):
            self._set_mode("fire_over")
        self._set_mode("release")
        self._barrier_row(turn, "released", Cause.COMMANDED, by, {"reason": reason})
        if not self.grants and self._vehicle is None:
            self._start_clear(turn)

    def _command_lock(self, turn: Turn, _lane: Lane, by: str, _remote: bool, reason: str) -> None:
        self._drop_grants(turn, "lock")
        self._void_expectations(turn)
        self._set_mode("tag")
        self.tag = {"by": by, "since": turn.at, "reason": reason}
        self._barrier_row(turn, "locked", Cause.COMMANDED, by, {"reason": reason})

    def _command_unlock(self, turn: Turn, _lane: Lane, by: str, _remote: bool, reason: str) -> None:
        self._set_mode("untag")
        self.tag = None
        self.interrupted = self.arm is not ArmState.CLOSED
        self._barrier_row(turn, "unlocked", Cause.COMMANDED, by, {"reason": reason})

    def _command_reset(self, turn: Turn, _lane: Lane, by: str, _remote: bool, reason: str) -> None:
        self.notice = None
        turn.cancel(self._timer("question"))
        if Mode.CRASHED not in self.modes:
            turn.log("info", f"{by} says that the arm of {self.home.id} is whole")
            return
        self._set_mode("reset")
        self._siren(turn, False)
        self.interrupted = self.arm is not ArmState.CLOSED
        self._barrier_row(turn, "reset", Cause.COMMANDED, by, {"reason": reason})
        self._alarms.return_(turn, self._motion_key())

    # ---- movements

    def _ask(self, turn: Turn, command: str, cause: str, by: str, grant: str | None, lane: Lane | None = None) -> None:
        self.terminals.ask(turn, (lane or self.home).id, Motion(command, cause, by, grant, turn.at))

    def committed(self, turn: Turn, token: int) -> bool:
        """The row of a movement is durable, or has waited long enough: move now, if the guards still hold."""
        motion = self.terminals.committed(token)
        if motion is None:
            return False
        self._carry_out(turn, motion)
        return True

    def _carry_out(self, turn: Turn, motion: Motion) -> None:
        objection = self._objection(motion)
        if objection is not None:
            self._not_followed(turn, motion, objection)
            return
        if not self.terminals.send(turn, motion):
            return
        sent = {"open": ArmEvent.OPEN_SENT, "close": ArmEvent.CLOSE_SENT, "stop": ArmEvent.STOP_SENT}
        self._moving_cause, self._moving_by = Cause.COMMANDED, motion.by
        self._pulses += 1 if motion.cause.startswith("retry") else -self._pulses
        self.arm_event(turn, sent[motion.direction])

    def _objection(self, motion: Motion) -> str | None:
        """What has come up against a movement since it was asked for."""
        if motion.direction == "stop":
            return None
        if Mode.LOCKED in self.modes:
            return "lane_locked"
        if Mode.CRASHED in self.modes:
            return "lane_crashed"
        if motion.direction == "open":
            return None
        if self.barrier.safety and self.safety is not False:
            return "safety_occupied" if self.safety else "safety_unknown"
        waited_for = self.grants or self.modes & {Mode.HELD, Mode.FIRE}
        return "no_longer_wanted" if motion.cause != "operator" and waited_for else None

    def _not_followed(self, turn: Turn, motion: Motion, why: str) -> None:
        data: dict[str, Any] = {
            "lane": self.home.id,
            "barrier": self.barrier.id,
            "command": motion.command,
            "reason": why,
            "points": self.inputs.picture(),
            "last_grant": self.last_grant.document() if self.last_grant else None,
            "media": [],
        }
        turn.append("barrier.not_followed", f"lanes/{self.home.id}", data)
        turn.show()

    def output_failed(self, turn: Turn, token: int, error: str) -> None:
        """The device did not take an output command; it is closed as not followed and never fires later."""
        motion = self.terminals.failed(token)
        if motion is None:
            return
        self._not_followed(turn, motion, "output_failed")
        turn.log("error", f"{self.barrier.id}: {motion.command} was not carried out: {error}")
        if motion.direction == "open" and self.arm is ArmState.RISING and self.inputs.last("at_closed"):
            self._drop_grants(turn, "not_followed")
            turn.cancel(self._timer("answer"))
            turn.cancel(self._timer("travel"))
            self._enter(turn, ArmState.CLOSED)
            self.notice = "no_answer"
        elif motion.direction == "close" and self.arm is ArmState.LOWERING and self.inputs.last("at_open"):
            turn.cancel(self._timer("travel"))
            self._enter(turn, ArmState.OPEN)
            self.notice = "no_answer"

    def output_done(self, token: int) -> None:
        """The device took an output command."""
        self.terminals.done(token)

    # ---- the arm's table

    def arm_event(self, turn: Turn, event: ArmEvent) -> None:
        """Look the event up in the arm's table and do what its row says; the one place that changes the arm."""
        for row in TABLE[self.arm][event]:
            if row.guard and not getattr(self, f"if_{row.guard}")(turn):
                continue
            following = row.next if row.next is not None else self._measured()
            self._enter(turn, following)
            getattr(self, f"do_{row.action}")(turn)
            return

    def _enter(self, turn: Turn, state: ArmState) -> None:
        if state is not self.arm:
            turn.log("debug", f"{self.barrier.id}: arm {self.arm.value} -> {state.value}")
            self.arm = state
            turn.show()

    def _measured(self) -> ArmState:
        return measured(
            self.inputs.last("at_open"),
            self.inputs.last("at_closed"),
            self.barrier.at_open is not None,
            self.barrier.at_closed is not None,
        )

    # guards

    def if_moves_by_itself(self, _turn: Turn) -> bool:
        """Nothing keeps the lane from opening for a grant, and nothing has been asked for yet."""
        free = self.mode in (Mode.AUTO, Mode.HELD, Mode.FIRE) and not self.interrupted
        return free and not self.terminals.asked("open")

    def if_uncommanded(self, _turn: Turn) -> bool:
        """The arm moves and nobody told it to."""
        return self._moving_cause is not Cause.COMMANDED

    def if_still_closed(self, _turn: Turn) -> bool:
        """The closed switch has not let go."""
        return self.inputs.last("at_closed") is True

    def if_may_pulse_again(self, turn: Turn) -> bool:
        """One more pulse may help: the arm has not moved, nobody is under it, and a pulse cannot reverse it."""
        fits = self.if_still_closed(turn) and self._pulses == 0 and self.barrier.control == "pulse"
        return fits and self.inputs.last("safety_loop") is not True and self.mode in (Mode.AUTO, Mode.HELD, Mode.FIRE)

    def if_no_open_limit(self, _turn: Turn) -> bool:
        """There is no switch to tell that the arm is up."""
        return self.barrier.at_open is None and not self.inputs.last("at_closed")

    def if_no_closed_limit(self, _turn: Turn) -> bool:
        """There is no switch to tell that the arm is down."""
        return self.barrier.at_closed is None and not self.inputs.last("at_open")

    def if_may_close_by_itself(self, turn: Turn) -> bool:
        """The gateway may close: nobody waits or stands under, safety is known to be free, nothing forbids it."""
        idle = not self.grants and self._vehicle is None and self.mode is Mode.AUTO and not self.interrupted
        able = self.barrier.close_by == "gateway" and self.terminals.can("close")
        return idle and able and self.if_safe(turn) and not self.terminals.asked("close")

    def if_safe(self, _turn: Turn) -> bool:
        """A safety input is fitted and every one is known to be free."""
        return bool(self.barrier.safety) and self.safety is False

    def if_may_close_again(self, turn: Turn) -> bool:
        """One more close may help, and is safe."""
        return self._pulses == 0 and self.barrier.control == "pulse" and self.if_safe(turn) and self.mode is Mode.AUTO

    def if_may_reopen(self, _turn: Turn) -> bool:
        """A lowering arm must go up again: somebody is under it, that is not known, or somebody was granted."""
        unsafe = bool(self.barrier.safety) and self.safety is not False
        able = self.barrier.control != "step" and self.mode in (Mode.AUTO, Mode.HELD, Mode.FIRE)
        return (unsafe or bool(self.grants)) and able and not self.terminals.asked("open")

    # actions

    def do_note(self, turn: Turn) -> None:
        """The event changes nothing in this state."""

    def do_leave_up(self, turn: Turn) -> None:
        """An OPEN went out: the arm has an answer time and a travel time."""
        self._movement = None
        self._moved_ns = turn.now.mono_ns
        turn.cancel(self._timer("clear"))
        turn.start(self._timer("answer"), ANSWER_MS)
        turn.start(self._timer("travel"), 2 * self._travel_ms("up"))

    def do_leave_down(self, turn: Turn) -> None:
        """A CLOSE went out: the arm has a travel time, and must turn back for whoever comes under it."""
        self._moved_ns = turn.now.mono_ns
        turn.cancel(self._timer("answer"))
        turn.start(self._timer("travel"), 2 * self._travel_ms("down"))
        if self.barrier.safety and self.safety is not False:
            self.arm_event(turn, ArmEvent.SAFETY)

    def do_follow_up_open(self, turn: Turn) -> None:
        """An OPEN went out to an arm that is up already."""
        self.do_keep_up(turn)

    def do_follow_up_closed(self, turn: Turn) -> None:
        """A CLOSE went out to an arm that is down already."""
        self._end_travel(turn)

    def do_ask_open(self, turn: Turn) -> None:
        """The head grant opens the arm."""
        grant = self.grants[0]
        self._ask(turn, "open", "grant", grant.by, grant.id, grant.lane)

    def do_ask_open_again(self, turn: Turn) -> None:
        """One more pulse, recorded like the first."""
        self._ask(turn, "open", "retry", "gateway", self.grants[0].id if self.grants else None)

    def do_ask_close(self, turn: Turn) -> None:
        """Everybody has passed: close."""
        self._ask(turn, "close", "auto_close", "gateway", None)

    def do_ask_close_again(self, turn: Turn) -> None:
        """One more close, recorded like the first."""
        turn.start(self._timer("travel"), 2 * self._travel_ms("down"))
        self._ask(turn, "close", "retry", "gateway", None)

    def do_reopen(self, turn: Turn) -> None:
        """Up again at once; three times running a person has to look."""
        granted = bool(self.grants) and self.safety is False
        if not granted:
            self._aborts += 1
        for motion in self.terminals.withdraw("close"):
            self._not_followed(turn, motion, "safety_occupied")
        cause = "grant" if granted else "safety"
        self._ask(turn, "open", cause, "gateway", self.grants[0].id if self.grants else None)
        if self._aborts >= ABORTS_MAX:
            self.interrupted = True
            self.notice = "close_aborted"
            self._raise(turn, "obstructed", "travel", {"reason": "close_aborted"})

    def do_keep_up(self, turn: Turn) -> None:
        """A grant while the arm is up: it stays up, and the grant's time runs."""
        turn.cancel(self._timer("clear"))
        for motion in self.terminals.withdraw("close"):
            self._not_followed(turn, motion, "no_longer_wanted")
        self._run_grant_timer(turn)

    def do_arrive_open(self, turn: Turn) -> None:
        """The arm is measured up."""
        self._learn(turn, "up")
        self._end_travel(turn)
        cause = self._arrival_cause(turn)
        self._opened_by = cause
        self._barrier_row(turn, "opened", cause, self._by(cause))
        self._is_up(turn)

    def do_settle_open(self, turn: Turn) -> None:
        """The arm came to its upper limit from somewhere between."""
        self._end_travel(turn)
        self._opened_by = Cause.UNKNOWN
        self._barrier_row(turn, "opened", Cause.UNKNOWN, "")
        self._is_up(turn)

    def do_presume_open(self, turn: Turn) -> None:
        """No switch tells that the arm is up; after its travel time it is presumed."""
        self._end_travel(turn)
        self._opened_by = Cause.COMMANDED
        self._barrier_row(turn, "opened", Cause.COMMANDED, self._moving_by, {"presumed": True})
        self._is_up(turn)

    def do_arrive_closed(self, turn: Turn) -> None:
        """The arm is measured down."""
        self._learn(turn, "down")
        self._end_travel(turn)
        cause = self._moving_cause if self._moving_cause is not Cause.UNKNOWN else Cause.OWN
        self._barrier_row(turn, "closed", cause, self._by(cause))
        self._is_down(turn)

    def do_settle_closed(self, turn: Turn) -> None:
        """The arm came to its lower limit from somewhere between."""
        self._end_travel(turn)
        self._barrier_row(turn, "closed", Cause.UNKNOWN, "")
        self._is_down(turn)

    def do_presume_closed(self, turn: Turn) -> None:
        """No switch tells that the arm is down; after its travel time it is presumed."""
        self._end_travel(turn)
        self._barrier_row(turn, "closed", Cause.COMMANDED, self._moving_by, {"presumed": True})
        self._is_down(turn)

    def do_fall_back(self, turn: Turn) -> None:
        """A rising arm is down again before it was up."""
        self._end_travel(turn)
        self._barrier_row(turn, "closed", Cause.UNKNOWN, "")
        self._drop_grants(turn, "not_followed")
        self.notice = "no_answer"

    def do_halt(self, turn: Turn) -> None:
        """STOP went out: nothing moves until a person acts."""
        self._end_travel(turn)
        self._movement = None
        self._barrier_row(turn, "stopped", Cause.COMMANDED, self._moving_by)

    def do_give_up_opening(self, turn: Turn) -> None:
        """The arm did not answer: nobody waits for it any longer, and the guard is told to look at power and crank."""
        self._end_travel(turn)
        motion = Motion("open", "grant", self._moving_by, None, turn.at)
        self._not_followed(turn, motion, "no_answer")
        self._drop_grants(turn, "not_followed")
        self.notice = "no_answer"

    def do_report_obstructed(self, turn: Turn) -> None:
        """The arm reached no limit in its travel time; no more pulses."""
        self._end_travel(turn)
        self._drop_grants(turn, "obstructed")
        self._incident(turn, "obstructed", Cause.UNKNOWN)
        self._raise(turn, "obstructed", "travel", {})

    def do_report_forced(self, turn: Turn) -> None:
        """The arm left its upper limit uncommanded and never came down."""
        self._end_travel(turn)
        self._incident(turn, "forced", Cause.FORCED)
        self._raise(turn, "forced", "motion", {"verdict": Cause.FORCED.value})

    def do_report_limits(self, turn: Turn) -> None:
        """Both limit switches say yes: neither is believed, and nothing closes by itself."""
        self._end_travel(turn)
        self._drop_grants(turn, "limit_fault")
        self._incident(turn, "stuck", Cause.UNKNOWN, {"reason": "both_limits"})
        self._raise(turn, "stuck", "limits", {"reason": "both_limits"})

    def do_lose_position(self, turn: Turn) -> None:
        """The switches cannot be read."""
        if self.arm in (ArmState.RISING, ArmState.LOWERING) or self.grants:
            self.interrupted = True
        self._drop_grants(turn, "device_lost")
        self._void_expectations(turn)
        self._movement = None

    def do_measure(self, turn: Turn) -> None:
        """Believe the switches again."""
        if self.arm is not ArmState.UNKNOWN:
            self._alarms.return_(turn, f"lane:{self.home.id}:limits")
            self.interrupted = True

    def do_see_own_close(self, turn: Turn) -> None:
        """The arm goes down and nobody told it to: the controller, a fob or a hand."""
        self._moving_cause, self._moving_by = Cause.OWN, ""
        self._moved_ns = turn.now.mono_ns
        turn.cancel(self._timer("clear"))
        turn.start(self._timer("travel"), 2 * self._travel_ms("down"))
        if self.barrier.safety and self.safety is not False:
            self.arm_event(turn, ArmEvent.SAFETY)

    def do_see_own_reversal(self, turn: Turn) -> None:
        """The arm turned back by itself; with a vehicle under it, it may have struck it."""
        self._end_travel(turn)
        self._opened_by = Cause.OWN
        self._barrier_row(turn, "opened", Cause.OWN, "")
        if self.inputs.last("safety_loop") and self._moving_cause is Cause.COMMANDED:
            self._incident(turn, "struck_vehicle", Cause.OWN)
            self._raise(turn, "struck_vehicle", "struck", {})
            self._alarms.return_(turn, f"lane:{self.home.id}:struck")
        self._is_up(turn)

    # ---- why it moved

    def do_seek_cause(self, turn: Turn) -> None:
        """*Closed* was lost and nobody told the arm to move."""
        self._moving_cause, self._moving_by = Cause.UNKNOWN, ""
        self._moved_ns = turn.now.mono_ns
        self._movement = Movement(turn.now.mono_ns)
        if self._blow():
            self._crash(turn, "vehicle")
            return
        explained = self._seen(turn)
        if explained.power_window or explained.by_hand or explained.mains_off:
            pass
        elif self.barrier.external_open == "forced":
            self._movement.alarmed = True
            self._raise(turn, "forced", "motion", {})
        wait = 1 if self.barrier.external_open == "expected" and self.barrier.at_open is None else 2
        turn.start(self._timer("cause"), wait * self._travel_ms("up"))

    def do_judge_blow(self, turn: Turn) -> None:
        """A safety input rose while the arm goes up uncommanded."""
        if self._movement is not None and self._blow():
            self._crash(turn, "vehicle")

    def _blow(self) -> bool:
        """A vehicle came into the safety loop within a second of *closed* being lost."""
        if self._movement is None or self._safety_rose_ns is None:
            return False
        return abs(self._safety_rose_ns - self._movement.since_ns) <= BLOW_MS * NS_PER_MS

    def do_flicker(self, turn: Turn) -> None:
        """*Closed* is back without a command having moved the arm."""
        now = turn.now.mono_ns
        window = now - FLICKER_WINDOW_MS * NS_PER_MS
        self._flickers = [at for at in self._flickers if at > window][-20:]
        self._flickers.append(now)
        cause = self._conclude(turn, back=True)
        self._barrier_row(turn, "closed", cause, "")
        self._alarms.return_(turn, self._motion_key())
        self._is_down(turn)

    def cause_over(self, turn: Turn) -> None:
        """The time to come to a limit is over."""
        if self._movement is None or self.arm is not ArmState.RISING:
            return
        if self.barrier.at_open is None:
            cause = self._conclude(turn, presumed=True)
            self._opened_by = cause
            self._enter(turn, ArmState.OPEN)
            self._barrier_row(turn, "opened", cause, "", {"presumed": True})
            return
        self._conclude(turn)
        self._enter(turn, ArmState.BETWEEN)

    def _arrival_cause(self, turn: Turn) -> Cause:
        if self._movement is None:
            return self._moving_cause if self._moving_cause is not Cause.UNKNOWN else Cause.EXTERNAL
        return self._conclude(turn, opened=True)

    def _seen(self, turn: Turn, *, opened: bool = False, back: bool = False) -> Seen:
        age = self._movement.age_ms(turn.now.mono_ns) if self._movement else 0
        power = self._power_ns is not None and turn.now.mono_ns - self._power_ns < POWER_WINDOW_MS * NS_PER_MS
        return Seen(
            blow=self._blow() and not opened,
            power_window=power,
            opened_after_ms=age if opened else None,
            back_after_ms=age if back else None,
            flickers=len(self._flickers),
            vehicle=self.inputs.last("safety_loop") is True,
            by_hand=self.inputs.last("hand") is True,
            mains_off=self.inputs.fitted("mains") and self.inputs.last("mains") is False,
            waited_ms=age,
            travel_ms=self._travel_ms("up"),
        )

    def _conclude(self, turn: Turn, *, opened: bool = False, back: bool = False, presumed: bool = False) -> Cause:
        """Find the final cause of an uncommanded movement, refine its alarm and, if it was forced, report that."""
        movement = self._movement
        turn.cancel(self._timer("cause"))
        seen = self._seen(turn, opened=opened, back=back)
        cause = Cause.EXTERNAL if presumed and self.barrier.external_open == "expected" else verdict(seen).cause
        self._movement = None
        self._moving_cause = cause
        alarm = self._alarms.find(self._motion_key())
        if cause is Cause.FORCED:
            self._incident(turn, "forced", Cause.FORCED)
            if alarm is None:
                self._raise(turn, "forced", "motion", {"verdict": cause.value})
        if alarm is not None and movement is not None and movement.alarmed:
            self._alarms.refine(turn, alarm, verdict=cause.value, benign=cause in BENIGN)
        return cause

    def _crash(self, turn: Turn, sign: str) -> None:
        """The arm was struck: lock the lane, sound the siren, tell the control room."""
        self._movement = None
        turn.cancel(self._timer("cause"))
        if Mode.LOCKED in self.modes:
            turn.log("warning", f"{self.home.id}: {sign} while the lane is tagged; noted, no alarm")
            return
        again = Mode.CRASHED in self.modes
        self._set_mode("crash")
        lane = self.home.id
        self._raise(turn, "crash", "motion", {"sign": sign, "arm": self.arm.value})
        if not again:
            self._incident(turn, "crashed", Cause.FORCED, {"sign": sign})
            self._drop_grants(turn, "crashed")
            self._void_expectations(turn)
            self._siren(turn, True)
        turn.log("error", f"{lane}: crash ({sign}); the lane is locked until a named person resets it")

    def silence_siren(self, turn: Turn) -> None:
        """Somebody has taken notice, or it has sounded long enough."""
        self._siren(turn, False)

    def _siren(self, turn: Turn, on: bool) -> None:
        if self._siren_on == on:
            return
        self._siren_on = on
        for lane in self.lanes:
            if lane.siren is not None:
                turn.emit(SetOutput(lane.siren.device, lane.siren.index, lane.siren.means(on)))
        if on:
            turn.start(self._timer("siren"), SIREN_MS)

    # ---- loops

    def _cross(self, event: CrossingEvent) -> None:
        self.crossing = crossing.TABLE[self.crossing][event]

    def _approach_changed(self, turn: Turn, value: bool) -> None:
        self._cross(CrossingEvent.APPROACH_ON if value else CrossingEvent.APPROACH_OFF)
        self._approach_seen_ns = turn.now.mono_ns
        if self._vehicle is not None:
            if value:
                self._vehicle.approach_rose = True
            else:
                self._vehicle.approach_fell = True
        if not value:
            self._case = None
        if not self.barrier.safety and not value and self.arm is ArmState.OPEN:
            self._passed(turn, measured_=False)
        self._run_grant_timer(turn)

    def _safety_changed(self, turn: Turn, value: bool) -> None:
        if value:
            self._safety_on(turn)
        elif self.safety is False:
            self._clear_from_ns = turn.now.mono_ns
            turn.start(self._timer("merge"), MERGE_MS)

    def _safety_on(self, turn: Turn) -> None:
        turn.cancel(self._timer("merge"))
        turn.cancel(self._timer("clear"))
        if self._vehicle is None:
            now = turn.now.mono_ns
            self._safety_rose_ns = now
            seen = self._approach_seen_ns
            recent = seen is not None and now - seen <= CAME_OVER_APPROACH_MS * NS_PER_MS
            self._vehicle = Vehicle(now, came_over_approach=self.approach is True or recent)
            self._vehicle.approach_fell = self.approach is False and recent
            self._vehicle.arm_was_closed = self.arm is ArmState.CLOSED
            self._bind()
        self._cross(CrossingEvent.SAFETY_ON)
        for motion in self.terminals.withdraw("close"):
            self._not_followed(turn, motion, "safety_occupied")
        self.arm_event(turn, ArmEvent.SAFETY)

    def _bind(self) -> None:
        if self.grants and self.arm is not ArmState.CLOSED:
            self._bound = self.grants[0]

    def merge_over(self, turn: Turn) -> None:
        """The safety loop has been free long enough: the vehicle has gone, one way or the other."""
        if self.safety is not False:
            return
        vehicle, self._vehicle = self._vehicle, None
        self._cross(CrossingEvent.SAFETY_OFF_WAITING if self.approach else CrossingEvent.SAFETY_OFF)
        turn.show()
        if vehicle is None:
            return
        crossed = crossing.judge(vehicle, self.approach, self.barrier.approach_loop is not None)
        if vehicle.arm_was_closed and self.arm is ArmState.CLOSED:
            self._crossed_closed(turn, crossed)
        elif crossed.way is Way.FORWARD:
            self._passed(turn, measured_=crossed.measured and vehicle.certain)
        else:
            self._reversed(turn, crossed)
        if not self.grants:
            self._start_clear(turn, since_ns=self._clear_from_ns)

    def _crossed_closed(self, turn: Turn, crossed: crossing.Crossed) -> None:
        """A vehicle crossed and *closed* never let go: limit switches sit on the shaft, the arm may be gone."""
        self._bound = None
        if crossed.way is not Way.FORWARD or not crossed.measured or self.mode is not Mode.AUTO:
            return
        if self.inputs.fitted("arm_detached"):
            turn.log("warning", f"{self.home.id}: a vehicle crossed the closed arm and the detached contact is quiet")
            return
        self.notice = "arm_whole"
        turn.start(self._timer("question"), QUESTION_MS)

    def _reversed(self, turn: Turn, crossed: crossing.Crossed) -> None:
        grant, self._bound = self._bound, None
        data = {
            "lane": (grant.lane if grant else self.home).id,
            "visit": grant.visit.visit if grant and grant.visit else None,
            "pass": grant.pass_id if grant else None,
            "grant": grant.id if grant else None,
            "way": crossed.way.value,
        }
        turn.append("passage.reversed", f"lanes/{data['lane']}", data)
        self._run_grant_timer(turn)

    def _passed(self, turn: Turn, measured_: bool) -> None:
        """A vehicle has crossed: the record that everything else is for."""
        grant, self._bound = self._bound, None
        if grant is None and self.grants:
            grant = self.grants[0]
        if grant is not None and grant in self.grants:
            self.grants.remove(grant)
        certainty = "measured" if measured_ else "inferred"
        lane = grant.lane if grant else self.home
        method = grant.method if grant else self._ungranted_method()
        self._passage_row(turn, lane, grant, method, certainty)
        if method == "tailgate":
            data = {"lane": lane.id, "visit": None, "pass": None, "behind": self._behind()}
            turn.append("passage.tailgated", f"lanes/{lane.id}", data)
            self._raise(turn, "tailgating", "tailgating", {"behind": self._behind()})
            self._alarms.return_(turn, f"lane:{self.home.id}:tailgating")
        turn.cancel(self._timer("grant"))
        self._run_grant_timer(turn)

    def _behind(self) -> str | None:
        return self.last_grant.pass_id if self.last_grant else None

    def _ungranted_method(self) -> str:
        if self.mode in (Mode.CRASHED, Mode.LOCKED):
            return "hand"
        by_somebody = self._opened_by in (Cause.EXTERNAL, Cause.HAND, Cause.OWN, Cause.UNKNOWN)
        if self.mode in (Mode.HELD, Mode.FIRE) or by_somebody or self.last_grant is None:
            return "manual"
        return "tailgate"

    def _passage_row(self, turn: Turn, lane: Lane, grant: Grant | None, method: str, certainty: str) -> None:
        entry = lane.direction is Direction.ENTRY
        known = grant.visit if grant and not entry else None
        visit = self._ids.next("v") if entry or known is None else known.visit
        data: dict[str, Any] = {
            "lane": lane.id,
            "visit": visit,
            "pass": grant.pass_id if grant else None,
            "plate": (grant.plate if grant else None) or (known.plate if known else None),
            "method": method,
            "certainty": certainty,
            "kind": grant.kind if grant else None,
            "credential": grant.credential if grant else None,
            "grant": grant.id if grant else None,
        }
        if not entry:
            data["entered_at"] = rfc3339(known.entered_wall_ns) if known else None
            data["duration_s"] = (turn.now.wall_ns - known.entered_wall_ns) // NS_PER_S if known else None
            data["charge"] = None
        type_ = "entered" if entry else "exited"
        turn.append(f"passage.{type_}", f"lanes/{lane.id}", data)
        self.last_passage = {"at": turn.at, "type": type_, "visit": visit, "pass": data["pass"], "lane": lane.id}
        turn.show()

    # ---- grants and closing

    def _run_grant_timer(self, turn: Turn) -> None:
        """The head grant's time runs while the arm is up, nobody is under it and its vehicle is not on the approach."""
        if not self.grants:
            turn.cancel(self._timer("grant"))
            return
        head = self.grants[0]
        now = turn.now.mono_ns
        runs = self.arm is ArmState.OPEN and self._vehicle is None and not self.approach
        if runs and head.timer_from_ns is None:
            left = self.barrier.grant_ms if head.timer_left_ms is None else head.timer_left_ms
            head.timer_left_ms, head.timer_from_ns = left, now
            turn.start(self._timer("grant"), left)
        elif not runs and head.timer_from_ns is not None:
            used = (now - head.timer_from_ns) // NS_PER_MS
            head.timer_left_ms, head.timer_from_ns = max(0, (head.timer_left_ms or 0) - used), None
            turn.cancel(self._timer("grant"))

    def grant_over(self, turn: Turn) -> None:
        """The head grant's vehicle did not come."""
        if not self.grants or self._vehicle is not None or self.approach:
            return
        self._unused(turn, self.grants.popleft(), "time_over")
        self._run_grant_timer(turn)
        if not self.grants:
            self._start_clear(turn)
        turn.show()

    def _start_clear(self, turn: Turn, since_ns: int | None = None) -> None:
        """Close after `auto_close_ms`, counted from the moment the safety input cleared."""
        used = 0 if since_ns is None else (turn.now.mono_ns - since_ns) // NS_PER_MS
        turn.start(self._timer("clear"), max(0, self.barrier.auto_close_ms - used))

    def question_over(self, turn: Turn) -> None:
        """Nobody said that the arm is whole."""
        if self.notice == "arm_whole":
            self.notice = None
            self._crash(turn, "crossed_closed")

    def _is_up(self, turn: Turn) -> None:
        self.notice = None
        self._alarms.return_(turn, f"lane:{self.home.id}:travel")
        if self.grants:
            self._run_grant_timer(turn)
        elif self._vehicle is None and self._opened_by is Cause.COMMANDED:
            self._start_clear(turn)

    def _is_down(self, turn: Turn) -> None:
        self._aborts = 0
        self._opened_by = Cause.COMMANDED
        if self.notice != "no_answer":
            self.notice = None
        self._alarms.return_(turn, f"lane:{self.home.id}:travel")
        if self.grants:
            self.arm_event(turn, ArmEvent.GRANTED)

    def _learn(self, turn: Turn, way: str) -> None:
        if self._moving_cause is Cause.COMMANDED and self._moved_ns:
            travels = self._travels[way]
            travels.append((turn.now.mono_ns - self._moved_ns) // NS_PER_MS)
            del travels[:-20]

    def _travel_ms(self, way: str) -> int:
        """The median of what was measured, from three cycles on; until then the set value."""
        travels = self._travels[way]
        if len(travels) < LEARN_FROM:
            return self.barrier.travel_time_ms
        return max(int(statistics.median(travels)), 100)

    def _end_travel(self, turn: Turn) -> None:
        for timer in ("answer", "travel"):
            turn.cancel(self._timer(timer))
        self._pulses = 0

    # ---- records

    def _by(self, cause: Cause) -> str:
        return self._moving_by if cause is Cause.COMMANDED else ""

    def _barrier_row(self, turn: Turn, what: str, cause: Cause, by: str, more: dict[str, Any] | None = None) -> None:
        data: dict[str, Any] = {
            "lane": self.home.id,
            "barrier": self.barrier.id,
            "cause": cause.value,
            "by": by or None,
        }
        turn.append(f"barrier.{what}", f"lanes/{self.home.id}", {**data, **(more or {})})
        turn.show()

    def _incident(self, turn: Turn, what: str, cause: Cause, more: dict[str, Any] | None = None) -> None:
        data: dict[str, Any] = {
            "lane": self.home.id,
            "barrier": self.barrier.id,
            "cause": cause.value,
            "points": self.inputs.picture(),
            "last_grant": self.last_grant.document() if self.last_grant else None,
            "media": [],
        }
        turn.append(f"barrier.{what}", f"lanes/{self.home.id}", {**data, **(more or {})})

    def _raise(self, turn: Turn, kind: str, about: str, detail: dict[str, Any]) -> None:
        key = f"lane:{self.home.id}:{about}"
        self._alarms.raise_(turn, kind, key, lane=self.home.id, detail=detail)

    def _motion_key(self) -> str:
        return f"lane:{self.home.id}:motion"

    def _set_mode(self, event: str) -> None:
        added, gone = MODES[event]
        self.modes -= gone
        if added is not None:
            self.modes.add(added)

    def _timer(self, name: str) -> str:
        return f"{self.barrier.id}:{name}"

    # ---- timers and snapshot

    def timer(self, turn: Turn, name: str) -> None:
        """One of this lane's timers has fired."""
        if name.startswith("debounce:"):
            self.settle(turn, name.removeprefix("debounce:"))
            return
        handlers = {
            "answer": lambda: self.arm_event(turn, ArmEvent.ANSWER_OVER),
            "travel": lambda: self.arm_event(turn, ArmEvent.TRAVEL_OVER),
            "clear": lambda: self.arm_event(turn, ArmEvent.CLEAR_OVER),
            "grant": lambda: self.grant_over(turn),
            "merge": lambda: self.merge_over(turn),
            "cause": lambda: self.cause_over(turn),
            "siren": lambda: self.silence_siren(turn),
            "question": lambda: self.question_over(turn),
            "gap": lambda: self._gap_over(turn),
        }
        if name in handlers:
            handlers[name]()

    def _gap_over(self, turn: Turn) -> None:
        motion = self.terminals.gap_over()
        if motion is not None:
            self._carry_out(turn, motion)

    def word(self) -> str:
        """The lane's state in one word, for people and central."""
        if self.mode is not Mode.AUTO and self.mode is not Mode.HELD:
            return self.mode.value
        if self.interrupted:
            return "interrupted"
        words = {
            ArmState.CLOSED: "ready",
            ArmState.RISING: "opening",
            ArmState.OPEN: "passing" if self._vehicle is not None else "open",
            ArmState.LOWERING: "closing",
            ArmState.BETWEEN: "fault",
            ArmState.STOPPED: "stopped",
            ArmState.UNKNOWN: "unknown",
        }
        if self.mode is Mode.HELD and self.arm is ArmState.OPEN:
            return "held"
        return words[self.arm]

    def snapshot(self, lane: Lane) -> dict[str, Any]:
        """What people see of a lane; the engine adds how old the measurement is."""
        requested = self.terminals.requested
        own = self.last_decision if self.last_decision and self.last_decision["lane"] == lane.id else None
        passage = self.last_passage if self.last_passage and self.last_passage["lane"] == lane.id else None
        return {
            "id": lane.id,
            "name": lane.name,
            "direction": lane.direction.value,
            "barrier": self.barrier.id,
            "state": self.word(),
            "arm": self.arm.value,
            "mode": self.mode.value,
            "crossing": self.crossing.value,
            "approach": self.inputs.last("approach_loop"),
            "safety": self.inputs.last("safety_loop"),
            "tag": self.tag,
            "grants": len(self.grants),
            "requested": {"command": requested.command, "by": requested.by, "since": requested.asked_at}
            if requested
            else None,
            "interrupted": self.interrupted,
            "notice": self.notice,
            "last_grant": self.last_grant.document() if self.last_grant else None,
            "last_decision": own,
            "last_passage": passage,
            "allowed": {command: self.refusal(command, remote=False) for command in COMMANDS},
        }


def _plate(credential: dict[str, str], decision: Decision) -> str | None:
    """The plate that was read, or the one plate that the pass has."""
    if credential["kind"] == "plate":
        return credential["value"]
    plates = decision.pass_.plates if decision.pass_ else ()
    return plates[0] if len(plates) == 1 else None
