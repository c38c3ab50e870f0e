"""Each fact of the gateway's health is a row, an alarm and a shown state; a run has its first and last row."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gateway.core.alarms.desk import AlarmDesk
from gateway.core.alarms.faults import Faults
from gateway.core.health.health import Health
from gateway.core.lanes.lanes import Lanes
from gateway.core.run.run import Run, RunMemory
from gateway.core.vocabulary import commands, events, rows
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.turn import Turn

AT = "1970-01-01T00:00:01.000Z"


class Desk:
    """Notes what is raised and returned; `lasting` are the keys of alarms that last."""

    def __init__(self, *lasting: str) -> None:
        self.lasting = lasting
        self.told: list[tuple[Any, ...]] = []

    def raise_(self, _turn: Turn, kind: str, key: str, **more: Any) -> None:
        self.told.append(("raise", kind, key, more))

    def return_(self, _turn: Turn, key: str, detail: dict[str, Any] | None = None) -> None:
        self.told.append(("return", key, detail))

    def lasts(self, key: str) -> bool:
        return key in self.lasting


class Barriers:
    """Lanes of which a device has left one interrupted."""

    newly_interrupted = ("in",)


class Gate:
    """Health on its own; each event has a turn of its own, `commands` are those of the last."""

    def __init__(self, *lasting: str, clock: ClockState = ClockState.SYNCED) -> None:
        self.desk = Desk(*lasting)
        self.clock = clock
        self.health = Health(cast("Lanes", Barriers()), cast("AlarmDesk", self.desk))
        self.commands: list[commands.Command] = []

    def happens(self, event: events.Event) -> None:
        self.desk.told.clear()
        turn = Turn(Now(1_000_000_000, 5, self.clock))
        self.health.handlers()[type(event)](turn, event)
        self.commands = turn.commands

    @property
    def rows(self) -> list[Any]:
        return [one.row for one in self.commands if isinstance(one, commands.Append)]

    @property
    def shows(self) -> bool:
        return commands.Snapshot() in self.commands


def test_a_lost_device_is_told_once_until_it_answers() -> None:
    gate = Gate()
    gate.happens(events.DeviceLost("io", "gone"))
    assert gate.rows == [rows.DeviceLost(device="io", error="gone", interrupted=("in",), since=AT)]
    assert gate.desk.told == [("raise", "device_lost", "device:io", {"device": "io", "detail": {"error": "gone"}})]
    gate.happens(events.DeviceLost("io", "gone"))
    assert (gate.rows, gate.desk.told) == ([], [])
    gate.happens(events.DeviceLost("io2", "gone"))
    assert len(gate.rows) == 1


def test_a_device_that_answers_again_is_told_once_and_may_be_lost_again() -> None:
    gate = Gate()
    gate.happens(events.DeviceLost("io", "gone"))
    gate.happens(events.DeviceRestored("io"))
    assert gate.rows == [rows.DeviceRestored(device="io", interrupted=("in",), since=AT)]
    assert gate.desk.told == [("return", "device:io", None)]
    gate.happens(events.DeviceRestored("io"))
    assert (gate.rows, gate.desk.told) == ([], [("return", "device:io", None)])
    gate.happens(events.DeviceLost("io", "gone"))
    assert len(gate.rows) == 1


@pytest.mark.parametrize(
    ("tampered", "told"),
    [(True, ("raise", "tamper", "tamper:r", {"device": "r"})), (False, ("return", "tamper:r", None))],
)
def test_a_housing_that_opens_is_an_alarm_until_it_closes(tampered: bool, told: tuple[Any, ...]) -> None:
    gate = Gate()
    gate.happens(events.TamperChanged("r", tampered))
    assert (gate.desk.told, gate.shows) == ([told], True)


def test_the_end_of_install_mode_is_a_row_and_shown() -> None:
    gate = Gate()
    gate.happens(events.InstallModeEnded("r", "key_set"))
    assert gate.rows == [rows.InstallModeEnded(device="r", outcome="key_set")]
    assert gate.shows is True


@pytest.mark.parametrize(
    ("part", "key", "detail"),
    [
        ("journal", "storage", {"error": "full"}),
        ("projections", "storage:projections", {"error": "full", "part": "projections", "reason": "projections"}),
    ],
)
def test_storage_that_stays_behind_is_a_row_and_an_alarm_of_its_part(
    part: str, key: str, detail: dict[str, str]
) -> None:
    gate = Gate()
    gate.happens(events.StorageDegraded("full", part))
    assert gate.rows == [rows.StorageDegraded(error="full", part=part, since=AT)]
    assert gate.desk.told == [("raise", "storage_degraded", key, {"detail": detail})]
    assert gate.shows is True


@pytest.mark.parametrize(
    ("part", "lost", "told"),
    [
        ("journal", 0, ("return", "storage", None)),
        ("journal", 1, ("return", "storage", {"lost": 1})),
        ("projections", 0, ("return", "storage:projections", None)),
    ],
)
def test_storage_that_keeps_up_again_says_what_was_lost(part: str, lost: int, told: tuple[Any, ...]) -> None:
    gate = Gate()
    gate.happens(events.StorageRestored(3, lost, part))
    assert gate.rows == [rows.StorageRestored(waited=3, lost=lost, part=part, since=AT)]
    assert (gate.desk.told, gate.shows) == ([told], True)


@pytest.mark.parametrize(
    ("up", "row", "told"),
    [
        (True, rows.UplinkRestored(reason="why", since=AT), ("return", "uplink", None)),
        (
            False,
            rows.UplinkLost(reason="why", since=AT),
            ("raise", "uplink_lost", "uplink", {"detail": {"reason": "why"}}),
        ),
    ],
)
def test_central_is_lost_and_comes_back(up: bool, row: rows.Row, told: tuple[Any, ...]) -> None:
    gate = Gate()
    gate.happens(events.UplinkChanged(up, "why"))
    assert (gate.rows, gate.desk.told, gate.shows) == ([row], [told], True)


@pytest.mark.parametrize("state", ClockState)
def test_only_an_unset_clock_is_an_alarm(state: ClockState) -> None:
    gate = Gate()
    gate.happens(events.ClockChanged(state, 2_999_999))
    assert gate.rows == [rows.ClockChanged(state=state.value, offset_ms=2, since=AT)]
    detail = {"state": "unset", "offset_ms": 2, "since": AT}
    raised = ("raise", "clock_unsure", "clock", {"detail": detail})
    assert gate.desk.told == [raised if state is ClockState.UNSET else ("return", "clock", None)]
    assert gate.shows is True


RETURNED = [("return", "storage", None), ("return", "storage:projections", None)]


@pytest.mark.parametrize("clock", ClockState)
def test_a_start_tells_the_clock_and_ends_old_alarms_of_the_storage(clock: ClockState) -> None:
    gate = Gate(clock=clock)
    gate.happens(events.Started("1", "test"))
    raised = ("raise", "clock_unsure", "clock", {"detail": {"state": "unset"}})
    first = raised if clock is ClockState.UNSET else ("return", "clock", None)
    assert gate.desk.told == [first, *RETURNED]
    assert (gate.rows, gate.shows) == ([], True)


@pytest.mark.parametrize(
    ("lasting", "degraded", "parts"),
    [
        ((), {"journal": "full"}, ["journal"]),
        (("storage",), {"journal": "full"}, []),
        ((), {"projections": "lag"}, ["projections"]),
        (("storage",), {"projections": "lag"}, ["projections"]),
        ((), {"journal": "full", "projections": "lag"}, ["journal", "projections"]),
        ((), {}, []),
    ],
)
def test_a_start_tells_of_storage_that_stays_behind_unless_its_alarm_lasts(
    lasting: tuple[str, ...], degraded: dict[str, str], parts: list[str]
) -> None:
    gate = Gate(*lasting)
    gate.happens(events.Started("1", "test", degraded=degraded))
    assert [(row.part, row.error) for row in gate.rows] == [(part, degraded[part]) for part in parts]
    returned = [one[1] for one in gate.desk.told if one[0] == "return" and one[1] != "clock"]
    assert returned == [key for part, key in (("journal", "storage"), ("projections", "storage:projections"))
                        if part not in degraded]  # fmt: skip


@pytest.mark.parametrize(
    ("lasting", "uplink", "types"),
    [
        ((), None, []),
        (("uplink",), None, []),
        ((), True, []),
        ((), False, ["uplink.lost"]),
        (("uplink",), True, ["uplink.restored"]),
        (("uplink",), False, []),
    ],
)
def test_a_start_tells_of_central_only_what_is_not_told_yet(
    lasting: tuple[str, ...], uplink: bool | None, types: list[str]
) -> None:
    gate = Gate(*lasting)
    gate.happens(events.Started("1", "test", uplink=uplink))
    assert [row.type for row in gate.rows] == types


# ---- a run


class Reported:
    """Faults that were reported."""

    def __init__(self) -> None:
        self.faults: list[events.FaultContained] = []

    def report(self, _turn: Turn, fault: events.FaultContained) -> None:
        self.faults.append(fault)


def run_rows(event: events.Event, faults: Reported, clock: ClockState = ClockState.SYNCED) -> list[commands.Command]:
    turn = Turn(Now(1_000_000_000, 5, clock))
    Run(cast("Faults", faults)).handlers()[type(event)](turn, event)
    return turn.commands


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("clock", ClockState)
def test_the_first_row_of_a_run_tells_how_the_last_one_ended(clean: bool, clock: ClockState) -> None:
    found = run_rows(events.Started("1", "7.1", clean, "rebuilt"), Reported(), clock)
    row = rows.GatewayStarted(version="7.1", previous_clean=clean, clock=clock.value, reason="rebuilt", since=AT)
    assert found == [commands.Append(row)]


def test_the_last_row_of_a_run_tells_why_it_ends() -> None:
    found = run_rows(events.Stopping("update"), Reported())
    assert found == [commands.Append(rows.GatewayStopped(reason="update", since=AT))]


def test_a_fault_around_the_core_is_reported() -> None:
    faults, fault = Reported(), events.FaultContained("Started", "KeyError at x.py:1", "f.json")
    assert run_rows(fault, faults) == []
    assert faults.faults == [fault]


def test_without_a_last_run_it_is_taken_as_ended_in_good_order() -> None:
    assert RunMemory().previous_clean is True
