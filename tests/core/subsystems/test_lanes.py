"""Commands, free flow and memory of the lanes, each with stand-ins for the barriers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gateway.core.lane.memory import LaneMemory, Latest
from gateway.core.lanes.commands import LaneCommands
from gateway.core.lanes.free_flow import FreeFlow
from gateway.core.lanes.memory import LaneMarks, LanesMemory
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.authors import SCHEDULE, Author
from gateway.core.vocabulary.commands import Log, Reply
from gateway.core.vocabulary.events import ClockState, CommandReceived, Now, OpenVisit
from gateway.core.vocabulary.rows import LastGrant
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import LastDecision, LastPassage, Tag
from tests.core.playbook import two_lanes

HOUR_NS = 3600 * 10**9

MINUTE_NS = 60_000_000_000
MONDAY_8 = 1_795_996_800_000_000_000  # 2026-11-30T08:00:00 in Shanghai


class Machine:
    """A barrier that notes what it is told; `refuses` are the commands that it refuses."""

    def __init__(self) -> None:
        self.paused = self.interrupted = False
        self.refuses: dict[str, str] = {}
        self.wrong_case: str | None = None
        self.case: Any = None
        self.done: list[tuple[Any, ...]] = []
        self.ended: list[str] = []
        self.asked: list[tuple[Any, ...]] = []
        self.commands = self

    def refusal(self, command: str, remote: bool, lane: Any) -> str | None:
        self.asked.append((command, remote, lane.id))
        return self.refuses.get(command)

    def case_refusal(self, *_given: Any) -> str | None:
        return self.wrong_case

    def case_of(self, *_given: Any) -> Any:
        return self.case

    def forget_gone(self, *_given: Any) -> None:
        self.asked.append(("forget_gone",))

    def end_case(self, case: str) -> None:
        self.ended.append(case)

    def carry_out(self, _turn: Turn, lane: Any, command: str, *way: Any, case_id: str = "") -> None:
        self.done.append((lane.id, command, *way, case_id))


class Gate:
    """An entry, and an exit beside it."""

    def __init__(self, free_flow: str = "", **lanes: str) -> None:
        document = two_lanes()
        document["lanes"][0]["free_flow"] = free_flow
        for number, direction in enumerate(lanes.values()):
            document["lanes"][number]["direction"] = direction
        self.settings = parse_settings(document)
        self.machines: dict[str, Any] = {"in": Machine(), "out": Machine()}
        self.orders = LaneCommands(self.settings, self.machines)
        self.flow = FreeFlow(self.settings, self.machines)

    def told(self, command: str = "open", turn: Turn | None = None, **more: Any) -> list[Any]:
        turn = turn or Turn(Now(1000, 500))
        given = {"request": "r", "lane": "in", "command": command, "by": "Lin", "via": "guard", "present": True, **more}
        self.orders.command(turn, CommandReceived(**given))
        return turn.commands

    def check(self, wall_ns: int, mono_ns: int | None = None) -> list[Any]:
        turn = Turn(Now(wall_ns, wall_ns if mono_ns is None else mono_ns))
        self.flow.check(turn, wall_ns)
        return turn.commands


# ---- commands


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"lane": "west"}, "unknown_lane"),
        ({"command": "dance"}, "unknown_command"),
        ({"by": ""}, "name_missing"),
        ({"via": "http"}, "expiry_missing"),
        ({"via": "mqtt"}, "expiry_missing"),
        ({"via": "http", "expires_wall_ns": 1001}, None),
        ({"via": "mqtt", "expires_wall_ns": 1000}, "command_expired"),
        ({"expires_wall_ns": 999}, "command_expired"),
        ({"via": "http", "expires_wall_ns": 1000 + HOUR_NS}, None),
        ({"via": "mqtt", "expires_wall_ns": 1000 + HOUR_NS}, None),
        ({"via": "http", "expires_wall_ns": 1001 + HOUR_NS}, "expiry_too_far"),
        ({"via": "mqtt", "expires_wall_ns": 1001 + HOUR_NS}, "expiry_too_far"),
        ({"via": "mqtt", "expires_wall_ns": 2**63 - 1}, "expiry_too_far"),
        ({"expires_mono_ns": 501}, None),
        ({"expires_mono_ns": 500}, "command_expired"),
        ({"via": "browser"}, None),
        ({"via": "cli"}, None),
    ],
)
def test_a_command_is_carried_out_or_refused_with_its_code(more: dict[str, Any], code: str | None) -> None:
    gate = Gate()
    found = gate.told(**more)
    assert msgspec.structs.replace(found[0], detail="") == (Reply("r", "refused", code) if code else Reply("r", "done"))
    assert len(gate.machines["in"].done) == (0 if code else 1)
    assert len(found) == (2 if code else 1)


@pytest.mark.parametrize(("expires", "reply"), [(1001, "clock_unset"), (0, "")])
def test_with_an_unset_clock_no_wall_time_counts(expires: int, reply: str) -> None:
    turn = Turn(Now(1000, 500, ClockState.UNSET))
    found = Gate().told(turn=turn, expires_wall_ns=expires)
    assert found[0] == Reply("r", "refused" if reply else "done", reply)


def test_an_expiry_too_far_ahead_is_refused_with_the_latest_one() -> None:
    found = Gate().told(via="mqtt", expires_wall_ns=2 * HOUR_NS)
    assert found[0].detail == "expires_at is more than an hour ahead; give a time up to 1970-01-01T01:00:00.000Z"


def test_a_refusal_is_logged_with_who_wanted_what() -> None:
    found = Gate().told(by="")
    assert found[1] == Log("info", "open on in by  refused: name_missing")


def test_a_barrier_refuses_first_and_then_the_case() -> None:
    gate = Gate()
    gate.machines["in"].wrong_case = "no_case"
    assert gate.told()[0] == Reply("r", "refused", "no_case")
    gate.machines["in"].refuses["open"] = "fire"
    assert gate.told()[0] == Reply("r", "refused", "fire")
    assert gate.machines["in"].done == []


@pytest.mark.parametrize("present", [True, False])
def test_a_command_is_handed_on_whole(present: bool) -> None:
    gate = Gate()
    gate.told(present=present, reason="why", detail={"a": 1}, case="c1", station="booth")
    machine = gate.machines["in"]
    assert machine.done == [("in", "open", Author("Lin", "guard", "booth"), not present, "why", {"a": 1}, "c1")]
    assert machine.asked == [("forget_gone",), ("open", not present, "in")]


@pytest.mark.parametrize(
    ("command", "ended"),
    [("open", ["c1"]), ("passed", ["c1"]), ("refuse", ["c1"]), ("seen_to", ["c1"]), ("close", []), ("lock", [])],
)
def test_a_car_of_several_lanes_is_dealt_with_at_one(command: str, ended: list[str]) -> None:
    gate = Gate()
    gate.machines["in"].case = SimpleNamespace(id="c1")
    gate.told(command)
    assert gate.machines["out"].ended == ended
    assert gate.machines["in"].ended == []


def test_without_a_case_nothing_ends_elsewhere() -> None:
    gate = Gate()
    gate.told("open")
    assert gate.machines["out"].ended == []


@pytest.mark.parametrize(
    ("lane", "directions", "command", "refuses", "opens"),
    [
        ("in", ("entry", "exit"), "emergency", {}, True),
        ("in", ("entry", "exit"), "open", {}, False),
        ("in", ("entry", "entry"), "emergency", {}, False),
        ("in", ("exit", "exit"), "emergency", {}, False),
        ("in", ("entry", "exit"), "emergency", {"emergency": "fire"}, False),
    ],
)
def test_an_emergency_at_an_entry_opens_the_exits(
    lane: str, directions: tuple[str, str], command: str, refuses: dict[str, str], opens: bool
) -> None:
    gate = Gate(one=directions[0], two=directions[1])
    gate.machines["out"].refuses = refuses
    gate.told(command, lane=lane, reason="why", present=False)
    opened: list[Any] = [("out", "emergency", Author("Lin", "guard"), False, "why", {}, "")]
    assert gate.machines["out"].done == (opened if opens else [])
    assert len(gate.machines["in"].done) == 1


# ---- free flow

HELD: tuple[Any, ...] = ("in", "hold", SCHEDULE, False, "free_flow", {}, "")
RELEASED: tuple[Any, ...] = ("in", "release", SCHEDULE, False, "free_flow", {}, "")


def test_a_window_holds_its_lane_open_once_and_releases_it_at_its_end() -> None:
    gate = Gate("mon 08:00-09:00")
    for minute in (-1, 0, 1, 59, 60, 61):
        gate.check(MONDAY_8 + minute * MINUTE_NS)
    assert gate.machines["in"].done == [HELD, RELEASED]
    assert gate.machines["out"].done == []
    assert {asked[1] for asked in gate.machines["in"].asked} == {False}


def test_a_start_within_a_window_holds_nothing_but_its_end_releases() -> None:
    gate = Gate("mon 08:00-09:00")
    gate.check(MONDAY_8)
    assert gate.machines["in"].done == []
    gate.check(MONDAY_8 + 60 * MINUTE_NS)
    assert gate.machines["in"].done == [RELEASED]


@pytest.mark.parametrize(("step_ns", "done"), [(MINUTE_NS, [HELD]), (MINUTE_NS + 1, []), (-MINUTE_NS - 1, [])])
def test_a_clock_that_is_set_into_a_window_holds_nothing(step_ns: int, done: list[Any]) -> None:
    gate = Gate("mon 08:00-09:00")
    gate.check(MONDAY_8 - MINUTE_NS, 0)
    gate.check(MONDAY_8, MINUTE_NS - step_ns)
    assert gate.machines["in"].done == done


def test_a_clock_that_is_set_out_of_a_window_releases() -> None:
    gate = Gate("mon 08:00-09:00")
    gate.check(MONDAY_8, 0)
    gate.check(MONDAY_8 + 120 * MINUTE_NS, MINUTE_NS)
    assert gate.machines["in"].done == [RELEASED]


def test_a_paused_lane_is_looked_at_when_it_goes_on() -> None:
    gate = Gate("mon 08:00-09:00")
    gate.check(MONDAY_8 - MINUTE_NS)
    gate.machines["in"].paused = True
    gate.check(MONDAY_8)
    assert gate.machines["in"].done == []
    gate.machines["in"].paused = False
    gate.check(MONDAY_8 + MINUTE_NS)
    assert gate.machines["in"].done == [HELD]


@pytest.mark.parametrize(
    ("refuses", "interrupted", "why"), [({"hold": "fire"}, False, "fire"), ({}, True, "interrupted")]
)
def test_a_hold_that_cannot_be_is_left_out_and_logged(refuses: dict[str, str], interrupted: bool, why: str) -> None:
    gate = Gate("mon 08:00-09:00")
    gate.check(MONDAY_8 - MINUTE_NS)
    gate.machines["in"].refuses, gate.machines["in"].interrupted = refuses, interrupted
    assert gate.check(MONDAY_8) == [Log("warning", f"free flow of in: hold left out ({why})")]
    assert gate.machines["in"].done == []


# ---- memory

CARD = {"kind": "card", "value": "472288"}
GRANT = {"at": "t0", "pass": "p1", "credential": CARD, "reason": "valid_pass", "by": "gateway"}
PASSAGE = {"at": "t0", "type": "entered", "visit": "v1", "pass": "p1", "lane": "in"}
DECISION = {"at": "t0", "verdict": "granted", "valid_until": None, "by": "gateway", "lane": "in", "credential": CARD}
VISIT = {"visit": "v1", "pass_id": "p1", "plate": None, "entered_wall_ns": 5}


def part(memory: LanesMemory) -> LaneMemory:
    """The part of the entry's barrier."""
    settings = Gate().settings
    return memory.of(settings.barriers[0], settings.lanes[:1])


def test_without_a_last_run_nothing_is_remembered() -> None:
    found = part(LanesMemory())
    assert (found.crashed, found.tag, found.interrupted, found.question) == (False, None, False, False)
    assert (found.since, found.latest) == ({}, {})


@pytest.mark.parametrize(
    ("marks", "crashed", "tag", "since"),
    [
        (
            LaneMarks("locked", "t1", "Lin", "why"),
            False,
            Tag(by="Lin", since="t1", reason="why"),
            {"locked": "t1"},
        ),
        (LaneMarks("crashed", "t1"), True, None, {"crashed": "t1"}),
        (
            LaneMarks("locked", "t2", "Lin", "why", crashed=True, crashed_since="t1"),
            True,
            Tag(by="Lin", since="t2", reason="why"),
            {"crashed": "t1", "locked": "t2"},
        ),
    ],
)
def test_a_tag_and_a_crash_are_remembered_with_their_time(
    marks: LaneMarks, crashed: bool, tag: Tag | None, since: dict[str, str]
) -> None:
    found = part(LanesMemory(lanes={"in": marks}))
    assert (found.crashed, found.tag, found.since) == (crashed, tag, since)
    other = part(LanesMemory(lanes={"out": marks}))
    assert (other.crashed, other.tag, other.since) == (False, None, {})


@pytest.mark.parametrize(("name", "mine"), [("in", True), ("out", False)])
def test_what_is_open_of_a_barrier_is_its_own(name: str, mine: bool) -> None:
    found = part(LanesMemory(interrupted={name: "t1"}, asked={name: "t2"}, latest={name: {"grant": GRANT}}))
    assert (found.interrupted, found.question) == (mine, mine)
    assert found.since == ({"interrupted": "t1", "arm_whole": "t2"} if mine else {})
    assert found.latest == ({"in": Latest(grant=msgspec.convert(GRANT, LastGrant))} if mine else {})


def test_the_last_of_each_kind_is_remembered_with_the_visit_of_the_car() -> None:
    found = part(LanesMemory(latest={"in": {"decision": {**DECISION, "visit": VISIT}, "passage": PASSAGE}}))
    assert found.latest["in"] == Latest(
        decision=msgspec.convert(DECISION, LastDecision),
        visit=OpenVisit("v1", "p1", None, 5),
        passage=msgspec.convert(PASSAGE, LastPassage),
    )


@pytest.mark.parametrize(
    ("forgotten", "odd"),
    [
        ("decision", {"decision": {**DECISION, "verdict": 7, "visit": VISIT}}),
        ("visit", {"decision": {**DECISION, "visit": {"visit": 7}}}),
        ("grant", {"grant": {**GRANT, "reason": None}}),
        ("passage", {"passage": {**PASSAGE, "visit": [1]}}),
    ],
)
def test_what_an_odd_row_has_left_is_forgotten_and_nothing_else(forgotten: str, odd: dict[str, Any]) -> None:
    documents = {"decision": {**DECISION, "visit": VISIT}, "grant": GRANT, "passage": PASSAGE, **odd}
    latest = part(LanesMemory(latest={"in": documents})).latest["in"]
    assert [name for name in Latest.__struct_fields__ if getattr(latest, name) is None] == [forgotten]


@pytest.mark.parametrize(
    ("lost", "since"),
    [({"io": "t2"}, {"unknown": "t2"}), ({"io2": "t1"}, {}), ({"io": "t2", "io2": "t1"}, {"unknown": "t2"})],
)
def test_a_barrier_is_unknown_since_its_own_board_was_lost(lost: dict[str, str], since: dict[str, str]) -> None:
    assert part(LanesMemory(lost=lost)).since == since
