"""One bad fact never ends the gate: what a core that raises leaves behind, and what the next one knows."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from gateway.core.lanes.lanes import MINUTE_TIMER, Lanes
from gateway.core.run.run import Run
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.engine.core_thread.loop import FAULT_PAUSE_NS, TICK_NS
from gateway.store.journal.writer import Row
from gateway.store.projections import ahead as store_ahead
from gateway.store.projections.state import State
from tests.support.engine import SITE
from tests.support.turns import MS, Turns

ERRORS = (RuntimeError("planted"), OverflowError("planted"), RecursionError("planted"), MemoryError())
LIN = Pass(id="lin", kind=PassKind.MONTHLY, cards=("7",))
WEI = Pass(id="wei", kind=PassKind.MONTHLY, cards=("8",))
EVENTS: dict[type, e.Event] = {
    type(event): event
    for event in (
        e.InputsRead("io", (False,) * 8),
        e.CredentialRead("reader-in", "card", "8"),
        e.DeviceStale("io"),
        e.DeviceLost("reader-in", "gone"),
        e.DeviceRestored("reader-in"),
        e.TamperChanged("reader-in", True),
        e.InstallModeEnded("reader-in", "stopped"),
        e.RecordsFound("door-1", "405419896", 7),
        e.DeviceRecorded("door-1", e.DeviceRecord("405419896", 8, "button", 20, 1)),
        e.RecordsMissed("door-1", "405419896", 9, 12, "overwritten"),
        e.ClockShown("door-1", "2026-10-01T08:00:00"),
        e.DeviceConfigured("door-1", "delay", "5", "3"),
        e.OutputDone("io", 0, 999),
        e.OutputFailed("io", 0, 999, "the wire is cut"),
        e.TimerFired(MINUTE_TIMER),
        e.JournalCommitted(999),
        e.JournalDelayed(999),
        e.StorageDegraded("disk full"),
        e.StorageRestored(1),
        e.CommandReceived("r1", "in", "stop", "Lin", "guard"),
        e.StayCommandReceived("r4", "out", "release", "Lin", "guard", "office_confirmed", "p00"),
        e.VisitCommandReceived("r6", "count", "Lin", "guard", "counted", count=3),
        e.PictureAsked("r7", "v1", "in", "Lin", "guard"),
        e.CardAwaited("booth", "in", "Lin"),
        e.AlarmCommandReceived("r1", "a0-0", "acknowledge", "Lin"),
        e.RepairCommandReceived("r1", "r0-0", "report", "Lin"),
        e.AcceptanceReceived("r2", "in", "tick", "installer", "Zhou", "browser", "barriers.in.at_open"),
        e.AcceptanceAsked("r3", "in"),
        e.PaymentReceived("r4", "y1", "v1", 100, "cash", "Lin", "guard"),
        e.ReductionReceived("r5", "y2", "v1", "Chen", "guard", "complaint", waives=True),
        e.HolidaysKnown(("2026-10-01",)),
        e.LaneChosen("booth", "in"),
        e.UplinkChanged(False, "cut"),
        e.ClockChanged(e.ClockState.SYNCED, 0),
        e.Started("r9", "test"),
        e.FaultContained("snapshot", "KeyError"),
        SettingsChanged(parse_settings(SITE), frozenset({"out"}), frozenset({"io"})),
    )
}


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Turns]:
    turns = Turns(tmp_path / "data")
    turns.put(LIN, WEI)
    yield turns
    turns.close()


def plant(turns: Turns, kind: type, error: Exception, *, after: bool = False) -> None:
    """Let the core that is there now raise at its next fact of a kind; `after`: once it has changed everything."""
    handlers = turns.site._handlers[kind]

    def raising(turn: Any, event: Any) -> None:
        if after:
            for handle in handlers:
                handle(turn, event)
        raise error

    turns.site._handlers[kind] = [raising]


def fail(turns: Turns, kind: type = e.UplinkChanged) -> None:
    """A fault that has nothing to do with anything."""
    plant(turns, kind, RuntimeError("planted"))
    turns.take(EVENTS[kind])
    assert turns.rows("gateway.started")[-1].data()["reason"] == "rebuilt" or turns.full


@pytest.mark.parametrize("after", [False, True], ids=["before", "half done"])
@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_whatever_a_fact_makes_the_core_raise_the_next_resident_comes_in(turns: Turns, kind: type, after: bool) -> None:
    assert {*EVENTS, e.Stopping} == {*turns.site._handlers}
    turns.command("lock", "out")
    plant(turns, kind, ERRORS[len(kind.__name__) % len(ERRORS)], after=after)
    turns.take(EVENTS[kind])
    assert turns.bus.orders == []
    turns.card("7")
    assert turns.opened() == 1
    assert turns.lane("out")["mode"] == "locked"
    (alarm,) = turns.alarms("fault")
    assert alarm["detail"]["event"] == kind.__name__
    started = turns.rows("gateway.started")[-1].data()
    assert (started["reason"], started["previous_clean"]) == ("rebuilt", False)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_each_kind_of_error_is_contained(turns: Turns, error: Exception) -> None:
    plant(turns, e.CredentialRead, error)
    turns.card("8")
    turns.card("7")
    assert turns.opened() == 1
    assert type(error).__name__ in turns.alarms("fault")[0]["detail"]["error"]


def test_what_the_event_asked_for_is_dropped(turns: Turns) -> None:
    plant(turns, e.CredentialRead, RuntimeError(), after=True)
    turns.card("8")
    assert turns.bus.orders == []
    assert turns.rows("access.granted") == []


def test_a_persons_request_is_refused_at_once_and_moves_nothing(turns: Turns) -> None:
    plant(turns, e.CommandReceived, RuntimeError(), after=True)
    reply = turns.command("open")
    assert (reply.status, reply.reason) == ("refused", "fault")
    assert reply.detail
    assert turns.bus.orders == []
    assert turns.command("open").status == "done"


def test_a_second_fault_within_a_minute_ends_the_thread(turns: Turns) -> None:
    fail(turns)
    plant(turns, e.UplinkChanged, KeyError("again"))
    with pytest.raises(KeyError, match="again"):
        turns.take(EVENTS[e.UplinkChanged])


def test_a_second_fault_after_a_minute_is_contained_too(turns: Turns) -> None:
    fail(turns)
    turns.pass_ms(FAULT_PAUSE_NS // MS, 1000)
    fail(turns)
    turns.card("7")
    assert turns.opened() == 1


def test_a_core_that_cannot_be_made_anew_ends_the_thread(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    plant(turns, e.UplinkChanged, RuntimeError())
    monkeypatch.setattr(Run, "started", broken)
    with pytest.raises(ZeroDivisionError):
        turns.take(EVENTS[e.UplinkChanged])


# ---- the event is kept ---------------------------------------------------------------------------------------------


def kept(turns: Turns) -> list[Path]:
    turns.files.stop()
    turns.files.run()
    return sorted(turns.directory.faults.glob("*"))


def test_the_event_is_kept_with_its_bytes_for_the_engines_user_alone(turns: Turns) -> None:
    plant(turns, e.CredentialRead, RuntimeError("of 张三"))
    turns.card("8")
    (file,) = kept(turns)
    assert file.name == turns.alarms("fault")[0]["detail"]["file"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = msgspec.json.decode(file.read_bytes())
    assert (told["type"], told["event"]["value"], told["error"]) == ("CredentialRead", "8", "RuntimeError: of 张三")
    assert "raising" in "".join(told["trace"])


def test_nothing_of_the_errors_words_is_journaled(turns: Turns) -> None:
    plant(turns, e.CredentialRead, RuntimeError("of 张三"))
    turns.card("8")
    assert "张三" not in "".join(row.text for row in turns.rows())


def test_twenty_events_are_kept(turns: Turns) -> None:
    now = turns.loop._clock.now()
    for n in range(30):
        turns.files.keep(f"{n:02}.json", EVENTS[e.UplinkChanged], now, RuntimeError())
    assert [file.name for file in kept(turns)] == [f"{n}.json" for n in range(10, 30)]


@pytest.mark.parametrize(
    "event",
    [
        e.CredentialRead("reader-in", "card", "\ud800"),
        e.CommandReceived("r", "in", "open", "Lin", "guard", detail={"n": object()}),
        e.CommandReceived("r", "in", "open", "Lin", "guard", detail={"n": "x" * 2_000_000}),
    ],
    ids=["not text", "no json", "long"],
)
def test_an_event_that_cannot_be_written_down_is_kept_as_far_as_it_can(turns: Turns, event: e.Event) -> None:
    turns.files.keep("1.json", event, turns.loop._clock.now(), RuntimeError("\udc00"))
    (file,) = kept(turns)
    assert len(file.read_bytes()) < 1_000_000
    assert msgspec.json.decode(file.read_bytes())


def test_a_folder_that_cannot_be_made_stops_nothing(turns: Turns) -> None:
    turns.directory.faults.write_text("in the way")
    fail(turns)
    assert kept(turns) == []
    turns.card("7")
    assert turns.opened() == 1


# ---- nothing is forgotten ------------------------------------------------------------------------------------------

DISKS = pytest.mark.parametrize("disk", ["well", "full", "projections behind", "held by another"])


def spoil(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk take nothing, or the projections not follow."""
    turns.full = disk == "full"
    if disk == "held by another":
        held = apsw.Connection(str(turns.directory.state))
        held.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(turns, "held", held, raising=False)
        monkeypatch.setattr(store_ahead, "AHEAD_WAIT_S", 0.01)
    if disk in ("projections behind", "held by another"):
        monkeypatch.setattr(turns.projector, "_turn", lambda: None)


@DISKS
def test_a_tag_stays(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(turns, disk, monkeypatch)
    turns.command("lock")
    fail(turns)
    assert turns.lane()["mode"] == "locked"
    assert turns.lane()["tag"]["by"] == "Lin"
    turns.card("7")
    assert turns.opened() == 0
    assert turns.command("unlock").status == "done"
    assert turns.lane()["mode"] != "locked"


@DISKS
def test_a_tag_that_came_off_stays_off(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    turns.command("lock")
    spoil(turns, disk, monkeypatch)
    turns.command("unlock")
    fail(turns)
    turns.card("7")
    turns.pass_ms(300)
    assert turns.opened() == 1


@DISKS
def test_a_crash_stays(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(turns, disk, monkeypatch)
    turns.bus.inputs[3] = True
    turns.take(e.InputsRead("io", tuple(turns.bus.inputs)))
    turns.pass_ms(200)
    turns.bus.inputs[3] = False
    fail(turns)
    turns.pass_ms(200)
    assert turns.lane()["mode"] == "crashed"
    assert len(turns.alarms("crash")) == 1


@DISKS
def test_a_stop_by_a_person_stays(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(turns, disk, monkeypatch)
    turns.command("open")
    turns.pass_ms(300)
    turns.bus.inputs[1] = False
    turns.take(e.InputsRead("io", tuple(turns.bus.inputs)))
    turns.pass_ms(200)
    turns.command("stop")
    turns.pass_ms(300)
    turns.bus.orders.clear()
    fail(turns)
    turns.pass_ms(30_000, 1000)
    assert turns.lane()["interrupted"] is True
    assert turns.opened() == 0


@DISKS
def test_a_barrier_that_is_held_open_stays_up_and_waits_for_a_person(
    turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(turns, disk, monkeypatch)
    turns.command("hold")
    turns.pass_ms(300)
    set_inputs(turns, closed=False)
    set_inputs(turns, opened=True)
    turns.bus.orders.clear()
    fail(turns)
    turns.pass_ms(60_000, 1000)
    assert turns.lane()["interrupted"]
    assert turns.bus.orders == []
    assert turns.command("close").status == "done"


def test_a_barrier_that_a_start_has_left_to_a_person_stays_with_them(tmp_path: Path) -> None:
    """No row tells of it: at the start a car stood under the arm."""
    turns = Turns(tmp_path / "data", safety=True)
    assert turns.lane()["interrupted"]
    since = turns.lane()["since"]
    set_inputs(turns, safety=False)
    turns.pass_ms(5000)
    fail(turns)
    assert turns.lane()["interrupted"]
    assert turns.lane()["since"] == since
    turns.close()


def test_a_core_that_cannot_even_tell_what_waits_for_a_person_is_replaced_all_the_same(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = turns.site.part(Lanes)
    lanes.machines.clear()
    lanes._interrupted = lambda: {"gone"}  # type: ignore[method-assign]
    fail(turns)
    turns.card("7")
    assert turns.opened() == 1


@DISKS
def test_a_movement_under_way_is_left_to_a_person(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(turns, disk, monkeypatch)
    turns.card("7")
    turns.pass_ms(300)
    assert turns.opened() == 1
    fail(turns)
    turns.pass_ms(30_000, 1000)
    assert turns.lane()["interrupted"] is True
    assert turns.opened() == 1


@DISKS
def test_a_car_under_the_arm_keeps_its_grant(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(turns, disk, monkeypatch)
    turns.card("7")
    turns.pass_ms(300)
    set_inputs(turns, closed=False)
    set_inputs(turns, opened=True)
    set_inputs(turns, safety=True)
    fail(turns)
    turns.pass_ms(1000)
    set_inputs(turns, safety=False)
    turns.pass_ms(3000)
    turns.full = False
    turns.pass_ms(6000, 1000)
    (passage,) = turns.rows("passage.entered")
    assert passage.data()["pass"] == "lin"


def set_inputs(turns: Turns, **inputs: bool) -> None:
    """Change inputs of the entry."""
    names = ("opened", "closed", "safety", "detached")
    for name, value in inputs.items():
        turns.bus.inputs[names.index(name)] = value
    turns.take(e.InputsRead("io", tuple(turns.bus.inputs)))
    turns.pass_ms(200)


@DISKS
def test_alarms_stay_as_they_were(turns: Turns, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(turns, disk, monkeypatch)
    turns.take(e.TamperChanged("reader-in", True))
    (before,) = turns.alarms("tamper")
    turns.take(e.AlarmCommandReceived("r1", before["alarm"], "acknowledge", "Lin"))
    (before,) = turns.alarms("tamper")
    fail(turns)
    (after,) = turns.alarms("tamper")
    assert after == before
    assert after["acknowledged_by"] == "Lin"


@pytest.mark.parametrize("part", ["journal", "projections"])
def test_news_of_the_storage_is_not_lost_with_the_core_that_failed_on_it(turns: Turns, part: str) -> None:
    error = {"journal": turns.recorder, "projections": turns.projector}[part]
    plant(turns, e.StorageDegraded, RuntimeError())
    error.degraded = "disk full"
    turns.take(e.StorageDegraded("disk full", part))
    assert len(turns.alarms("storage_degraded")) == 1
    turns.pass_ms(FAULT_PAUSE_NS // MS, 10_000)
    plant(turns, e.StorageRestored, RuntimeError())
    error.degraded = ""
    turns.take(e.StorageRestored(1, part=part))
    assert [one["state"] for one in turns.alarms("storage_degraded")] == ["returned-unacknowledged"]


def test_news_of_the_uplink_is_not_lost_with_the_core_that_failed_on_it(turns: Turns) -> None:
    turns.uplink = False
    fail(turns)
    assert len(turns.alarms("uplink_lost")) == 1


def test_no_id_and_no_token_is_given_twice(turns: Turns) -> None:
    turns.card("7")
    fail(turns)
    tokens = turns.site.tokens
    turns.command("open")
    turns.pass_ms(200)
    turns.card("8")
    grants = [row.data()["grant"] for row in turns.rows("access.granted")]
    assert len(set(grants)) == len(grants)
    assert turns.site.tokens > tokens > 0


def test_timers_and_waits_of_the_old_core_are_forgotten(turns: Turns) -> None:
    turns.full = True
    turns.card("7")
    assert len(turns.loop.waits) or turns.loop.timers
    fail(turns)
    turns.bus.orders.clear()
    turns.pass_ms(5000)
    assert turns.opened() == 0


def test_rows_that_were_given_up_leave_tags_for_last(turns: Turns) -> None:
    turns.full = True
    turns.recorder._memory_max = 50
    turns.command("lock", "out")
    for _ in range(100):
        turns.take(e.TamperChanged("reader-in", True), e.TamperChanged("reader-in", False))
    fail(turns)
    assert turns.lane("out")["mode"] == "locked"
    turns.full = False
    turns.pass_ms(6000, 1000)
    assert len(turns.rows("barrier.locked")) == 1


# ---- what is measured ----------------------------------------------------------------------------------------------


def test_reads_wait_until_the_boards_have_told_where_the_arms_are(turns: Turns) -> None:
    told: list[Any] = []
    turns.bus.report = told.append
    fail(turns)
    turns.card("7")
    assert turns.rows("access.granted") == turns.rows("access.referred") == []
    turns.bus.report = turns.inbox.put
    turns.take(*told)
    assert turns.opened() == 1


def test_a_board_that_does_not_answer_holds_reads_up_for_a_second(turns: Turns) -> None:
    turns.bus.report = lambda _event: None
    fail(turns)
    turns.card("7")
    turns.pass_ms(900)
    assert turns.rows("access.referred") == []
    turns.pass_ms(200)
    assert turns.rows("access.referred")[0].data()["reason"] == "lane_fault"


def test_a_bus_that_cannot_tell_anew_is_taken_by_what_it_told_last(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns.bus, "tell_anew", lambda _devices: False)
    fail(turns)
    turns.card("7")
    assert turns.opened() == 1


def test_outputs_that_were_left_on_are_let_go_of(turns: Turns) -> None:
    turns.bus.outputs[0] = True
    fail(turns)
    assert ("switch", 0, False) in turns.bus.orders
    assert turns.opened() == 0


# ---- around the core -----------------------------------------------------------------------------------------------


def test_a_bus_that_raises_is_an_output_that_failed(turns: Turns) -> None:
    turns.bus.raises = KeyError("no such relay")
    turns.card("7")
    assert turns.alarms("fault")[0]["detail"]["event"] == "PulseOutput"
    core = turns.site
    turns.bus.raises = None
    turns.pass_ms(60_000, 1000)
    turns.card("8")
    assert turns.site is core


def test_a_display_that_raises_keeps_nobody_out(turns: Turns) -> None:
    turns.site._handlers[e.UplinkChanged] = [lambda turn, _event: turn.emit(c.ShowOnDevice("io", {}))]
    turns.bus.show = 1 // 1  # type: ignore[assignment,method-assign]
    for _ in range(3):
        turns.take(EVENTS[e.UplinkChanged])
    turns.card("7")
    assert turns.opened() == 1
    assert len(turns.rows("alarm.raised")) == 1


def test_a_look_up_that_raises_sends_the_read_to_the_core_as_a_fault(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[e.CredentialRead] = []
    turns.site._handlers[e.CredentialRead] = [lambda _turn, event: seen.append(event)]
    monkeypatch.setattr(turns.stores.registry, "find", lambda *_: 1 // 0)
    turns.card("7")
    assert seen[0].fault.startswith("ZeroDivisionError at ")
    assert seen[0].passes == ()
    assert len(turns.alarms("fault")) == 1


def test_a_code_that_could_not_be_looked_up_is_journaled_by_its_name(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns.stores.codes, "check", lambda *_: 1 // 0)
    turns.take(e.CredentialRead("reader-in", "qr", "GH1.secret"))
    assert "GH1.secret" not in "".join(row.text for row in turns.rows())


def test_a_snapshot_that_cannot_be_made_stops_nothing(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns.site, "snapshot", lambda _now: 1 // 0)
    shown = len(turns.published)
    reply = turns.command("open")
    turns.pass_ms(1000)
    assert reply.status == "done"
    assert turns.opened() == 1
    monkeypatch.undo()
    assert len(turns.alarms("fault")) == 1
    assert set(turns.published[shown:]) == {None}
    turns.pass_ms(TICK_NS // 1_000_000)
    turns.pass_ms(100)
    assert turns.published[-1] is not None


@pytest.mark.parametrize("part", ["_executor._reply", "_publish"])
def test_an_answer_or_a_page_that_cannot_be_given_stops_nothing(
    turns: Turns, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _, name = part.rpartition(".")
    monkeypatch.setattr(attrgetter(owner)(turns.loop) if owner else turns.loop, name, lambda *_: 1 // 0)
    turns.inbox.put(e.CommandReceived("r1", "in", "open", "Lin", "guard"))
    turns.settle()
    turns.pass_ms(1000)
    assert turns.opened() == 1
    assert len(turns.alarms("fault")) == 1


def test_a_row_that_cannot_be_written_down_is_given_up_alone(turns: Turns) -> None:
    turns.command("open", reason="\ud800")
    turns.card("7")
    assert turns.alarms("fault")[0]["detail"]["event"].startswith("journal row ")
    assert turns.rows("barrier.commanded")
    assert not turns.recorder.waiting


def test_a_row_that_does_not_fit_a_projection_holds_up_no_other(turns: Turns) -> None:
    turns.stores.journal.append([Row("passage.entered", "lanes/in", {"credential": 7, "visit": [1]}, 1, 1)])
    turns.recorder.sequence = turns.stores.journal.last_sequence
    turns.command("lock")
    assert turns.stores.state.lanes()["in"]["mode"] == "locked"
    assert turns.stores.state.sequence == turns.stores.journal.last_sequence


# ---- projections that lag --------------------------------------------------------------------------------------------


def test_projections_that_stay_behind_are_degraded_storage_until_they_have_caught_up(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as spoiled:
        spoiled.setattr(turns.projector, "_turn", lambda: None)
        turns.command("lock")
        turns.pass_ms(1500)
        assert turns.alarms("storage_degraded") == []
        turns.pass_ms(3000)
        (alarm,) = turns.alarms("storage_degraded")
        assert alarm["detail"]["part"] == "projections"
        assert turns.rows("storage.degraded")[-1].data()["part"] == "projections"
    turns.pass_ms(4000)
    assert [one["state"] for one in turns.alarms("storage_degraded")] == ["returned-unacknowledged"]
    assert turns.rows("storage.restored")[-1].data()["part"] == "projections"


def test_projections_that_follow_steady_traffic_are_not_degraded(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    follow: Callable[[], None] = turns.projector._turn
    calls = iter(range(10**6))
    monkeypatch.setattr(turns.projector, "_turn", lambda: follow() if next(calls) % 2 else None)
    for n in range(100):
        turns.take(e.TamperChanged("reader-in", n % 2 == 0))
        turns.pass_ms(100)
    assert turns.alarms("storage_degraded") == []


def test_projections_that_fail_say_why(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise StorageError("disk full: free space on /data")

    monkeypatch.setattr(State, "catch_up", full)
    turns.command("lock")
    turns.pass_ms(5000)
    assert "disk full" in turns.alarms("storage_degraded")[0]["detail"]["error"]
