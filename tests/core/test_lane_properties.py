"""Whatever happens, in whatever order: the rules that no sequence of events may break.

Hypothesis writes the stories; a monitor checks after every single event what the core asked of the world.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.lane.grants.queue import GRANTS_MAX
from gateway.core.lane.signs.sign import Sign
from gateway.core.lane.signs.signs import Signs
from gateway.core.vocabulary import commands, events
from gateway.core.vocabulary.rows import BarrierCommanded
from tests.core.playbook import INPUTS, MONTHLY, OUTPUTS, START_WALL_NS, Playbook, site_document

GAP_MS = 300
MOVING = ("open", "close", "stop")
QUIET = (events.Started, events.DeviceRestored, events.DeviceLost, events.UplinkChanged, events.StorageRestored)


class Monitor(Playbook):
    """A playbook that looks at every command at the moment it is given."""

    def __init__(self, document: dict[str, Any], *, fire: bool) -> None:
        self.fire = fire
        self.recorded: set[str] = set()
        self.busy_until_ms = {"open": -GAP_MS, "close": -GAP_MS}
        self.known_safety: bool | None = None
        self.lamps: dict[str, bool] = {}
        super().__init__(document)

    def happens(self, event: events.Event) -> list[commands.Command]:
        self._learn(event)
        todo = super().happens(event)
        pulses = [
            command
            for command in todo
            if isinstance(command, commands.PulseOutput) and OUTPUTS[command.output] in MOVING
        ]
        if isinstance(event, QUIET):
            assert not pulses, f"{event} moved the arm"
        lane = self.lane()
        assert lane["grants"] <= GRANTS_MAX
        assert len(self._timers) < 40
        machine = self.machine().parts
        self._check_arm(lane)
        assert machine.grants.bound is None or machine.crossing.vehicle is not None, "a grant is used by nobody"
        if not self._depth:
            self._check_signs(lane)
        return todo

    def _check_arm(self, lane: dict[str, Any]) -> None:
        """Asked for, moving and done are three things; an arm that has not left its limit does not move."""
        machine = self.machine().parts
        for limit, arm, states in (("at_closed", "rising", ("opening",)), ("at_open", "lowering", ("closing",))):
            if machine.inputs.last(limit) and not machine.inputs.last(
                "at_open" if limit == "at_closed" else "at_closed"
            ):
                assert lane["arm"] != arm, f"{arm} with {limit} made"
                assert lane["state"] not in states, f"{lane['state']} with {limit} made"
        if lane["arm"] in ("open", "closed") and machine.arm.state.value not in (
            "open",
            "closed",
            "stopped",
            "between",
        ):
            assert machine.movement.void or lane["requested"] is not None or machine.movement.author.by == "", (
                "an order nobody sees"
            )

    def _check_signs(self, lane: dict[str, Any]) -> None:
        """What people see and hear is what holds."""
        machine = self.machine().parts
        if not machine.boards.measured:
            assert self.lamps == {}, "lamps were lit before anything was measured"
        elif self.lamps and not machine.boards.is_away("io"):
            assert self.lamps["red"] is not self.lamps["green"], self.lamps
        if self.lamps.get("green") and not machine.boards.is_away("io"):
            assert lane["arm"] == "open", f"green with the arm {lane['arm']}"
            assert lane["mode"] not in ("locked", "crashed"), f"green on a {lane['mode']} lane"
            assert not machine.terminals.asked("close"), "green while a close waits"
        shown = next((message for device, message in reversed(self.shown) if device == "sign"), None)
        if shown is not None and lane["cannot_open"] and not machine.boards.unheard:
            assert shown["verdict"] not in ("granted", "idle"), (shown, lane["cannot_open"])
        if shown is not None and shown["words"] == "请通行":
            assert lane["arm"] == "open", f"drivers are told to go with the arm {lane['arm']}"
        if shown is not None and shown["verdict"] == "granted":
            assert lane["grants"], "a grant is shown that nobody has"

    def _learn(self, event: events.Event) -> None:
        index = INPUTS.index("safety_loop")
        if isinstance(event, events.InputsRead | events.DeviceRestored) and event.device == "io":
            self.known_safety = event.inputs[index]
        elif isinstance(event, events.DeviceLost | events.DeviceStale) and event.device == "io":
            self.known_safety = None

    def _carry_out(self, command: commands.Command) -> None:
        now_ms = self.mono_ns // 1_000_000
        if isinstance(command, commands.Append) and isinstance(command.row, BarrierCommanded):
            self.recorded.add(command.row.command.replace("hold", "open"))
        if isinstance(command, commands.SetOutput) and not command.active:
            name = OUTPUTS[command.output]
            if name in self.busy_until_ms:
                self.busy_until_ms[name] = min(self.busy_until_ms[name], now_ms)
        if isinstance(command, commands.SetOutput) and OUTPUTS[command.output] in ("red", "green"):
            self.lamps[OUTPUTS[command.output]] = command.active
        if isinstance(command, commands.PulseOutput) and OUTPUTS[command.output] in MOVING:
            self._check_pulse(OUTPUTS[command.output], command.duration_ms, now_ms)
        super()._carry_out(command)

    def _check_pulse(self, name: str, duration_ms: int, now_ms: int) -> None:
        assert name in self.recorded, f"{name} was sent without barrier.commanded"
        mode = self.machine().parts.modes.strongest
        if name in ("open", "close"):
            assert mode not in ("locked", "crashed"), f"{name} on a {mode} lane"
            other = "close" if name == "open" else "open"
            assert now_ms >= self.busy_until_ms[other] + GAP_MS, f"{name} too near to {other}"
            self.busy_until_ms[name] = now_ms + duration_ms
        machine = self.machine().parts
        assert name == "stop" or not machine.pause.active or self.known_safety is not False, f"{name} in a pause"
        if name == "close":
            assert self.known_safety is False, f"close with safety {self.known_safety}"


contact = st.sampled_from(INPUTS)
step = st.one_of(
    st.tuples(st.just("set"), contact, st.booleans()),
    st.tuples(st.just("set"), st.sampled_from(("at_open", "at_closed", "safety_loop", "approach_loop")), st.booleans()),
    st.tuples(st.just("advance"), st.sampled_from((10, 31, 300, 701, 1501, 3000, 10_000, 20_001, 61_000))),
    st.tuples(st.just("advance"), st.integers(1, 5000)),
    st.tuples(st.just("read"), st.sampled_from(("472288", "7", "none"))),
    st.tuples(
        st.just("person"), st.sampled_from(("open", "close", "stop", "hold", "release", "lock", "unlock", "reset"))
    ),
    st.tuples(st.just("lost")),
    st.tuples(st.just("stale")),
    st.tuples(st.just("back")),
    st.tuples(st.just("obey")),
    st.tuples(st.just("journal"), st.booleans()),
    st.tuples(st.just("commit")),
    st.tuples(st.just("alarm"), st.sampled_from(("acknowledge", "verify", "shelve", "unshelve", "close"))),
    st.tuples(st.just("failed")),
)


def obey(play: Playbook) -> None:
    """The arm does what the last pulse said."""
    arm = play.machine().parts.arm.state
    if arm == "rising":
        play.set(at_closed=False)
        play.advance(1900)
        play.set(at_open=True)
    elif arm == "lowering":
        play.set(at_open=False)
        play.advance(1900)
        play.set(at_closed=True)


def play_step(play: Playbook, what: tuple[Any, ...]) -> None:
    match what:
        case ("set", name, value):
            play.set(settle_ms=0, **{name: value})
        case ("advance", ms):
            play.advance(ms)
        case ("read", "none"):
            play.read("9", ())
        case ("read", value):
            play.read(value, (MONTHLY,))
        case ("person", command):
            play.person(command)
        case ("lost",):
            play.happens(events.DeviceLost("io", "no answer"))
        case ("stale",):
            play.happens(events.DeviceStale("io"))
        case ("back",):
            play.restored()
        case ("obey",):
            obey(play)
        case ("journal", waits):
            play.journal_waits = waits
        case ("commit",):
            play.commit()
        case ("alarm", verb):
            for alarm in play.alarms():
                play.alarm(
                    verb, alarm["alarm"], reason="x", finding="real", until_wall_ns=play.wall_ns + 60_000_000_000
                )
        case ("failed",):
            play.happens(events.OutputFailed("io", 0, play.site.tokens, "no answer"))


def document_with(**barrier: Any) -> dict[str, Any]:
    limits = {"cycles": 1, "relay_operations": 2, "crashes_per_month": 0, "travel_ms": 300}
    wired = {"mains": "io.input.5", "hand": "io.input.6", "fault": "io.input.8"}
    document = site_document(**{**wired, "service_limits": limits, "max_cycles_per_h": 1, **barrier})
    document["devices"].append({"id": "sign", "driver": "noop"})
    document["lanes"][0] |= {
        "fire": "io.input.7",
        "panic": "io.input.9",
        "displays": ["sign"],
        "lights": {"red": "io.output.4", "green": "io.output.5"},
        "signals": {"granted": "io.output.6", "denied": "io.output.7"},
    }
    return document


SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"approach_loop": None},
    {"at_open": None},
    {"at_open": None, "at_closed": None},
    {"external_open": "expected"},
    {"arm_detached": None},
    {"close_by": "barrier"},
    {"control": "step"},
    {"stop": None},
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shape=st.sampled_from(SHAPES), story=st.lists(step, max_size=40))
def test_no_story_moves_an_arm_wrongly(shape: dict[str, Any], story: list[tuple[Any, ...]]) -> None:
    play = Monitor(document_with(**shape), fire=True)
    for what in story:
        play_step(play, what)
    play.commit()
    play.advance(120_000)


@settings(max_examples=100, deadline=None)
@given(story=st.lists(step, max_size=30))
def test_after_any_story_a_person_can_bring_the_lane_back(story: list[tuple[Any, ...]]) -> None:
    play = Monitor(document_with(), fire=True)
    for what in story:
        play_step(play, what)
    play.journal_waits = False
    play.commit()
    play.electrical = [name in ("at_closed", "mains") for name in INPUTS]
    play.happens(events.DeviceLost("io", "restart"))
    play.restored()
    play.advance(130_000)
    for command in ("unlock", "reset", "release"):
        play.person(command)
    play.person("open")
    obey(play)
    assert play.lane()["arm"] == "open", play.lane()
    play.drive_through()
    play.advance(2000)
    obey(play)
    assert play.lane()["state"] == "ready", play.lane()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shape=st.sampled_from((*SHAPES, {"control": "hold"}, {"at_closed": None})), story=st.lists(step, max_size=30))
def test_after_any_story_the_arm_rests_no_grant_waits_and_a_person_can_open(
    shape: dict[str, Any], story: list[tuple[Any, ...]]
) -> None:
    play = Monitor(document_with(**shape), fire=True)
    for what in story:
        play_step(play, what)
    play.journal_waits = False
    play.commit()
    if play.machine().parts.boards.is_away("io"):
        play.restored()
    play.set(safety_loop=False, approach_loop=False, arm_detached=False, fire=False)
    play.advance(130_000)
    lane = play.lane()
    assert lane["arm"] not in ("rising", "lowering"), lane
    assert lane["grants"] == 0, lane
    for command in ("unlock", "reset"):
        play.person(command)
    arm, before = play.lane()["arm"], len(play.outputs)
    reply = play.person("open")
    if shape.get("control") == "step" and arm not in ("closed", "open"):
        assert reply.reason == "arm_between"
    else:
        assert reply.status == "done", (reply, lane)
        assert arm == "open" or len(play.outputs) > before, lane


def test_the_monitor_bites() -> None:
    """A close that the core would send with an occupied loop is caught."""
    play = Monitor(document_with(), fire=True)
    play.recorded.add("close")
    play.known_safety = True
    caught = False
    try:
        play._carry_out(commands.PulseOutput("io", 1, 500))
    except AssertionError:
        caught = True
    assert caught
    assert START_WALL_NS


def test_the_monitor_sees_a_lamp_that_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Signs, "may_drive", lambda _signs, _lane: True)
    with pytest.raises(AssertionError, match="green with the arm"):
        Monitor(document_with(), fire=True)


def test_the_monitor_sees_a_grant_that_stays_on_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sign, "_end", lambda _sign, _around: None)
    play = Monitor(document_with(), fire=True)
    with pytest.raises(AssertionError, match="a grant is shown"):
        play.let_in()
