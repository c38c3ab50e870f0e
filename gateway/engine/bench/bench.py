"""The bench's thread: looks at devices, pulses outputs, shows signs; one pulse at a time.

An output that moves an arm is pulsed only when the request names its lane. While the lane carries no tag the pulse is
the lane's own command, so that the core keeps all its rules and knows why the arm moves. A tagged lane takes no command
from afar: there the output itself is pulsed, and only when the request says that the tag was seen.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec

from drivers.base import Bus
from drivers.registry import find
from gateway.control import Responder
from gateway.core.settings.model import Point, Settings
from gateway.core.vocabulary.errors import (
    ArmMovesError,
    BusyError,
    GatehouseError,
    LaneRefusesError,
    LaneTaggedError,
    NotRecordedError,
    RefusedError,
)
from gateway.core.vocabulary.events import Now, OutputDone, OutputFailed
from gateway.core.vocabulary.rows import UNSET, DeviceTested
from gateway.core.vocabulary.times import NS_PER_MS, NS_PER_S
from gateway.core.vocabulary.views import LaneView
from gateway.engine.bench import requests as r
from gateway.engine.bench.live import LivePoints
from gateway.engine.bench.looks import Looks
from gateway.engine.bench.owners import Owner, arm_of, objection, owners
from gateway.engine.socket.jobs import Jobs
from gateway.engine.socket.requests import read

log = logging.getLogger(__name__)

ANSWER_NS = 5 * NS_PER_S
"""A bus answers an order within two seconds or never."""

Journal = Callable[[DeviceTested], int | None]
Command = Callable[[dict[str, Any], Any], None]


class Lanes(Protocol):
    """Tells the lanes as they are."""

    def __call__(self) -> tuple[LaneView, ...]: ...


class _Pulse(msgspec.Struct):
    """The pulse that is under way."""

    token: int
    asked: r.BenchPulse
    row: DeviceTested
    respond: Responder
    until_ns: int
    answered: bool = False


class Bench:
    """Call `handle` in the control thread; everything else runs in the bench's own thread."""

    def __init__(
        self,
        looks: Looks,
        live: LivePoints,
        *,
        settings: Callable[[], Settings],
        bus_of: Callable[[str], Bus | None],
        lanes: Lanes,
        command: Command,
        journal: Journal,
        now: Callable[[], Now],
    ) -> None:
        """`command`: lane.command of the desk; `journal`: the row's sequence once durable, None when it is not."""
        self._looks = looks
        self._live = live
        self._settings = settings
        self._bus_of = bus_of
        self._lanes = lanes
        self._command = command
        self._journal = journal
        self._now = now
        self._jobs = Jobs("trials of devices")
        self._tokens = 0
        self._pulse: _Pulse | None = None
        live.answered = lambda event: self._jobs.tell(partial(self._answered, event))
        self._ops: dict[str, Callable[[dict[str, Any], Responder], Any]] = {
            "bench.points": lambda params, _respond: looks.points(params),
            "bench.trace": lambda params, _respond: looks.trace(params),
            "bench.decode": lambda params, _respond: looks.decode(params),
            "bench.message": lambda params, _respond: looks.message(params),
            "bench.pulse": self._take_pulse,
            "bench.show": self._show,
        }

    @property
    def ops(self) -> tuple[str, ...]:
        """The ops of the bench."""
        return tuple(self._ops)

    def handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        """Queue a request; BusyError if too many wait."""
        self._jobs.ask(partial(self._serve, self._ops[op], params, respond))

    def stop(self) -> None:
        """End `run` after the waiting requests."""
        self._jobs.stop()

    def run(self) -> None:
        """Serve requests until `stop`."""
        self._jobs.run(self._look)

    def _serve(self, work: Callable[..., Any], params: dict[str, Any], respond: Responder) -> None:
        try:
            result = work(params, respond)
        except GatehouseError as error:
            respond.error(error)
        except Exception:
            log.exception("a trial of a device could not be made")
            respond.error(GatehouseError("the engine could not carry this out; see its log"))
        else:
            if result is not None:
                respond.result(result)

    # ---- pulses

    def _take_pulse(self, params: dict[str, Any], respond: Responder) -> None:
        """bench.pulse; answered when the board has taken it."""
        self._look()
        asked = read(r.BenchPulse, params)
        self._check_output(asked)
        if self._pulse is not None:
            busy = self._pulse.asked
            raise BusyError(f"output {busy.output} of {busy.device} is being pulsed; one at a time")
        arm = self._arm(asked)
        tagged = arm is not None and self._tagged(arm)
        if arm is not None and tagged:
            self._may_pulse_tagged(asked, arm)
        row = self._recorded(_row(asked, arm, tagged))
        self._tokens -= 1
        until_ns = self._now().mono_ns + ANSWER_NS
        self._pulse = _Pulse(self._tokens, asked, row, respond, until_ns)
        try:
            if arm is not None and not tagged:
                self._by_command(asked, arm)
            else:
                self._by_bus(asked)
        except Exception as error:
            self._settle(error if isinstance(error, GatehouseError) else RefusedError("the driver failed; see the log"))

    def _check_output(self, asked: r.BenchPulse) -> None:
        config = self._looks.config(asked.device)
        count = find(config.driver).points(config.options)[1]
        if asked.output >= count:
            there = f"0 to {count - 1}" if count else "none"
            raise RefusedError(f"{asked.device} has no output {asked.output}; its outputs: {there}")

    def _arm(self, asked: r.BenchPulse) -> Owner | None:
        """The arm that moves; RefusedError unless the request names its lane, and only then."""
        lanes = arm_of(self._settings(), asked.device, asked.output)
        named = next((owner for owner in lanes if owner.lane == asked.moves), None)
        if lanes and named is None:
            names = ", ".join(f"{owner.name} ({owner.lane})" for owner in lanes)
            raise ArmMovesError(f"output {asked.output} of {asked.device} moves the arm of {names}; name it in `moves`")
        if asked.moves and named is None:
            raise RefusedError(f"output {asked.output} of {asked.device} does not move the arm of {asked.moves!r}")
        return named

    def _view(self, lane: str) -> LaneView | None:
        return next((view for view in self._lanes() if view.id == lane), None)

    def _tagged(self, arm: Owner) -> bool:
        view = self._view(arm.lane)
        return view is not None and view.tag is not None

    def _may_pulse_tagged(self, asked: r.BenchPulse, arm: Owner) -> None:
        view = self._view(arm.lane)
        if not asked.under_tag:
            tag = view.tag if view is not None else None
            by = tag.by if tag is not None else "?"
            raise LaneTaggedError(
                f"lane {arm.lane} carries a tag of {by}: a person may be under the arm; say so with `under_tag`"
            )
        level = self._level(asked.device, asked.output)
        refusal = objection(self._settings(), arm, self._lanes(), level, self._input)
        if refusal is not None:
            raise _refused(refusal)

    def _input(self, point: Point) -> bool | None:
        levels = self._live.of(point.device).inputs
        return None if levels is None or point.index >= len(levels) else levels[point.index]

    def _level(self, device: str, output: int) -> bool | None:
        levels = self._live.of(device).outputs
        return None if levels is None or output >= len(levels) else levels[output]

    def _recorded(self, row: DeviceTested) -> DeviceTested:
        """The row, durable; RefusedError when the journal does not take it in time."""
        if self._journal(row) is None:
            self._fail(row)
            raise NotRecordedError
        return row

    def _fail(self, row: DeviceTested) -> None:
        self._journal(msgspec.structs.replace(row, outcome="failed"))

    def _by_command(self, asked: r.BenchPulse, arm: Owner) -> None:
        """The lane's own command: open, close or stop."""
        params = {
            "request": f"bench-{uuid.uuid4()}",
            "lane": arm.lane,
            "command": arm.key,
            "by": asked.by,
            "via": asked.via or "browser",
            "reason": "",
        }
        token = self._tokens
        self._command(params, _Reply(lambda done, words: self._jobs.tell(partial(self._replied, token, done, words))))

    def _by_bus(self, asked: r.BenchPulse) -> None:
        bus = self._bus_of(asked.device)
        if bus is None:
            self._settle(RefusedError(f"{asked.device} begins anew; try again"))
            return
        bus.pulse(asked.device, asked.output, asked.duration_ms, self._other_level(asked), self._tokens)

    def _other_level(self, asked: r.BenchPulse) -> bool:
        """The level of the pulse: a lamp that is on is pulsed dark; where the level is not known, that of its use."""
        level = self._level(asked.device, asked.output)
        if level is not None:
            return not level
        used = owners(self._settings(), asked.device).get(("output", asked.output), ())
        return used[0].rests(False) if used else True

    def _answered(self, event: OutputDone | OutputFailed) -> None:
        if self._pulse is not None and self._pulse.token == event.token:
            self._settle(RefusedError(event.error) if isinstance(event, OutputFailed) else None)

    def _replied(self, token: int, done: bool, words: str) -> None:
        if self._pulse is not None and self._pulse.token == token:
            self._settle(None if done else _refused(words))

    def _settle(self, failure: GatehouseError | None) -> None:
        """The board or the lane has answered; the next pulse waits until this one is over."""
        pulse = self._pulse
        if pulse is None or pulse.answered:
            return
        if failure is not None:
            self._pulse = None
            self._fail(pulse.row)
            pulse.respond.error(failure)
            return
        pulse.answered = True
        pulse.until_ns = self._now().mono_ns + pulse.asked.duration_ms * NS_PER_MS
        lane = pulse.row.lane if pulse.row.lane is not UNSET else None
        by_lane = lane is not None and not pulse.row.under_tag
        pulse.respond.result(
            {"device": pulse.asked.device, "output": pulse.asked.output, "by": "lane" if by_lane else "output"}
        )

    def _look(self) -> None:
        """The end of the pulse, or of the patience with its bus."""
        pulse = self._pulse
        if pulse is None or self._now().mono_ns < pulse.until_ns:
            return
        if not pulse.answered:
            self._settle(RefusedError("the device does not answer; whether it switched is not known"))
        self._pulse = None

    # ---- signs

    def _show(self, params: dict[str, Any], _respond: Responder) -> dict[str, Any]:
        """bench.show"""
        asked = read(r.BenchShow, params)
        config = self._looks.config(asked.device)
        if not find(config.driver).shows:
            raise RefusedError(f"{asked.device} shows nothing (driver {config.driver})")
        bus = self._bus_of(asked.device)
        if bus is None:
            raise RefusedError(f"{asked.device} begins anew; try again")
        self._recorded(
            DeviceTested(device=asked.device, what="show", verdict=asked.verdict, outcome="begun", **asked.who)
        )
        bus.show(asked.device, {"verdict": asked.verdict, "reason": "", "words": asked.words})
        return {"device": asked.device, "verdict": asked.verdict}


class _Reply:
    """Takes the desk's answer to a command."""

    def __init__(self, told: Callable[[bool, str], None]) -> None:
        self._told = told

    def result(self, answer: dict[str, Any]) -> None:
        """Done or refused by the core."""
        self._told(answer.get("status") == "done", str(answer.get("reason") or ""))

    def error(self, error: GatehouseError) -> None:
        """Not carried out."""
        self._told(False, str(error))


def _refused(reason: str) -> LaneRefusesError:
    return LaneRefusesError(f"nothing was switched; the lane refuses: {reason}")


def _row(asked: r.BenchPulse, arm: Owner | None, tagged: bool) -> DeviceTested:
    return DeviceTested(
        device=asked.device,
        what="pulse",
        output=asked.output,
        duration_ms=asked.duration_ms,
        lane=arm.lane if arm is not None else UNSET,
        under_tag=tagged if arm is not None else UNSET,
        outcome="begun",
        **asked.who,
    )
