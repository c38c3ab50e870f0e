"""The core thread as a script: facts in, and what reaches journal, buses, desk and publisher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.views import CoreView
from gateway.engine.core_thread.inbox import Inbox
from gateway.engine.core_thread.loop import TICK_NS, CoreLoop
from gateway.engine.core_thread.pacer import SETTLE_NS
from gateway.engine.journal_thread.entries import Entry, Recorded, Unrecorded
from tests.engine.conftest import MS, FakeTime, ScriptCore
from tests.support.kept_rows import example

GRANTED, COMMANDED = example(rows.AccessGranted), example(rows.BarrierCommanded)
RAISED = example(rows.AlarmRaised)


class FakeRecorder:
    """Takes rows and commits none by itself."""

    def __init__(self) -> None:
        self.submitted: list[list[Entry]] = []
        self.degraded = ""
        self.stall: e.StorageDegraded | None = None

    def submit(self, entries: list[Entry]) -> bool:
        self.submitted.append(entries)
        return not self.degraded

    def note_stall(self, _now_ns: int) -> e.StorageDegraded | None:
        stall, self.stall = self.stall, None
        return stall

    def rows(self) -> list[list[str]]:
        return [[entry.row.type for entry in group] for group in self.submitted]


class FakeBus:
    """Notes orders."""

    def __init__(self) -> None:
        self.orders: list[tuple[Any, ...]] = []

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        self.orders.append(("pulse", device, output, duration_ms, active, token))

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        self.orders.append(("switch", device, output, active, token))

    def show(self, device: str, message: dict[str, Any]) -> None:
        self.orders.append(("show", device, message))

    def take_picture(self, device: str) -> bool:
        self.orders.append(("take_picture", device))
        return True

    def take_records(self, device: str, after: int) -> None:
        self.orders.append(("take_records", device, after))

    def set_clock(self, device: str, offset_s: int) -> None:
        self.orders.append(("set_clock", device, offset_s))


class Bench:
    """A loop with everything around it faked."""

    def __init__(self, time: FakeTime, core: ScriptCore) -> None:
        self.time = time
        self.core = core
        self.inbox = Inbox(pytest.fail)
        self.recorder = FakeRecorder()
        self.bus = FakeBus()
        self.published: list[CoreView | None] = []
        self.replies: list[c.Reply] = []
        self.loop = CoreLoop(
            core,
            time.clock(),
            self.inbox,
            self.recorder,  # type: ignore[arg-type]
            outputs={"io": self.bus},
            enrich=lambda read: e.CredentialRead(read.device, read.kind, read.value + "!"),
            publish=self.published.append,
            reply=self.replies.append,
            journal_wait_ms=250,
            gateway="gw1",
        )
        self.take(e.DeviceStale("first"))
        core.seen.clear()
        self.published.clear()

    def take(self, *facts: Any) -> None:
        """Let the core thread take these."""
        for fact in facts:
            self.inbox.put(fact)
        for _ in facts:
            self.loop.turn()

    def wait_ms(self, ms: int) -> None:
        """Let time go by, and the core thread with it."""
        self.time.pass_ms(ms)
        self.take(None)

    def says(self, kind: type, *commands: c.Command) -> None:
        """What the core answers to a kind of fact."""
        self.core.on[kind] = lambda _event: list(commands)


@pytest.fixture
def bench(time_: FakeTime, core: ScriptCore) -> Bench:
    return Bench(time_, core)


def seen(bench: Bench, kind: type) -> Sequence[Any]:
    return [event for event in bench.core.seen if isinstance(event, kind)]


def grant(token: int = 1) -> tuple[c.Append, c.Append]:
    return (
        c.Append(GRANTED),
        c.Append(COMMANDED, token),
    )


def test_a_read_reaches_the_core_with_what_is_known_of_it(bench: Bench) -> None:
    bench.take(e.CredentialRead("reader", "card", "7"))
    assert seen(bench, e.CredentialRead)[0].value == "7!"


def test_all_rows_of_a_decision_go_to_the_recorder_together_and_first(bench: Bench) -> None:
    first, second = grant()
    bench.says(e.DeviceStale, first, c.PulseOutput("io", 0, 500, 9), second)
    bench.take(e.DeviceStale("io"))
    assert bench.recorder.rows() == [["access.granted", "barrier.commanded"]]
    assert bench.bus.orders == [("pulse", "io", 0, 500, True, 9)]


def test_rows_carry_the_moment_of_their_fact(bench: Bench) -> None:
    bench.says(e.DeviceStale, *grant())
    bench.take(e.DeviceStale("io"))
    row = bench.recorder.submitted[0][0].row
    assert (row.wall_ns, row.mono_ns) == (bench.time.wall_ns, bench.time.mono_ns)
    assert row.clock is ClockState.SYNCED


def test_nothing_moves_before_its_row_is_durable(bench: Bench) -> None:
    bench.says(e.DeviceStale, *grant(token=4))
    bench.says(e.JournalCommitted, c.PulseOutput("io", 0, 500, 1))
    bench.take(e.DeviceStale("io"))
    assert bench.bus.orders == []
    bench.take(Recorded((4,), 2))
    assert seen(bench, e.JournalCommitted) == [e.JournalCommitted(4)]
    assert len(bench.bus.orders) == 1


def test_a_row_that_is_late_is_said_once_and_its_commit_not_again(bench: Bench) -> None:
    bench.says(e.DeviceStale, *grant(token=4))
    bench.take(e.DeviceStale("io"))
    bench.wait_ms(249)
    assert seen(bench, e.JournalDelayed) == []
    bench.wait_ms(1)
    bench.wait_ms(1_000)
    bench.take(Recorded((4,), 2))
    assert seen(bench, e.JournalDelayed) == [e.JournalDelayed(4)]
    assert seen(bench, e.JournalCommitted) == []


def test_a_failing_disk_is_said_of_each_waiting_row_at_once(bench: Bench) -> None:
    bench.says(e.DeviceStale, *grant(token=4))
    bench.take(e.DeviceStale("io"))
    bench.take(Unrecorded((4,)), Unrecorded((4,)))
    bench.wait_ms(1_000)
    assert seen(bench, e.JournalDelayed) == [e.JournalDelayed(4)]


def test_while_storage_is_degraded_nobody_waits_for_it(bench: Bench) -> None:
    bench.recorder.degraded = "full"
    bench.says(e.DeviceStale, *grant(token=4))
    bench.says(e.JournalDelayed, c.PulseOutput("io", 0, 500, 1))
    bench.take(e.DeviceStale("io"))
    bench.loop.turn()
    assert seen(bench, e.JournalDelayed) == [e.JournalDelayed(4)]
    assert len(bench.bus.orders) == 1
    bench.take(Unrecorded((4,)))
    assert len(bench.bus.orders) == 1


def test_a_disk_that_hangs_reaches_the_core(bench: Bench) -> None:
    bench.recorder.stall = e.StorageDegraded("hangs")
    bench.wait_ms(TICK_NS // MS)
    assert seen(bench, e.StorageDegraded) == [e.StorageDegraded("hangs")]


def test_a_message_goes_to_the_device_that_shows_it_and_nowhere_else(bench: Bench) -> None:
    bench.says(e.DeviceStale, *(c.ShowOnDevice(device, {"verdict": "idle"}) for device in ("io", "nobody")))
    bench.take(e.DeviceStale("io"))
    assert bench.bus.orders == [("show", "io", {"verdict": "idle"})]


def test_an_output_is_switched(bench: Bench) -> None:
    bench.says(e.DeviceStale, c.SetOutput("io", 3, True, 8))
    bench.take(e.DeviceStale("io"))
    assert bench.bus.orders == [("switch", "io", 3, True, 8)]


@pytest.mark.parametrize("order", [c.PulseOutput("no", 1, 500, 7), c.SetOutput("no", 1, True, 7)])
def test_an_order_for_no_device_fails_as_the_core_can_see(bench: Bench, order: c.Command) -> None:
    bench.says(e.DeviceStale, order)
    bench.take(e.DeviceStale("io"))
    bench.loop.turn()
    failed = seen(bench, e.OutputFailed)
    assert [(one.device, one.output, one.token) for one in failed] == [("no", 1, 7)]


def test_a_timer_runs_out_once(bench: Bench) -> None:
    bench.says(e.DeviceStale, c.StartTimer("grant", 20_000))
    bench.take(e.DeviceStale("io"))
    bench.wait_ms(19_999)
    assert seen(bench, e.TimerFired) == []
    bench.wait_ms(1)
    bench.wait_ms(60_000)
    assert seen(bench, e.TimerFired) == [e.TimerFired("grant")]


def test_a_cancelled_timer_does_not_run_out(bench: Bench) -> None:
    bench.says(e.DeviceStale, c.StartTimer("grant", 20_000), c.CancelTimer("grant"))
    bench.take(e.DeviceStale("io"))
    bench.wait_ms(60_000)
    assert seen(bench, e.TimerFired) == []


def test_a_timer_that_starts_itself_again_lets_the_loop_go_on(bench: Bench) -> None:
    bench.says(e.TimerFired, c.StartTimer("again", 0))
    bench.says(e.DeviceStale, c.StartTimer("again", 0))
    bench.take(e.DeviceStale("io"))
    for _ in range(3):
        bench.wait_ms(1)
    assert len(seen(bench, e.TimerFired)) == 3


def test_a_step_of_the_clock_reaches_the_core(bench: Bench) -> None:
    bench.time.wall_ns += 3_600 * 10**9
    bench.wait_ms(TICK_NS // MS)
    assert [event.offset_ns for event in seen(bench, e.ClockChanged)] == [3_600 * 10**9]


def test_a_reply_goes_to_the_desk(bench: Bench) -> None:
    bench.says(e.CommandReceived, c.Reply("r1", "done"))
    bench.take(e.CommandReceived("r1", "in", "open", "Lin", "guard"))
    assert bench.replies == [c.Reply("r1", "done")]


def test_a_change_is_published_when_it_has_settled(bench: Bench) -> None:
    bench.says(e.DeviceStale, c.Snapshot())
    bench.take(e.DeviceStale("io"))
    assert bench.published == []
    bench.wait_ms(SETTLE_NS // MS)
    assert len(bench.published) == 1


def test_an_alarm_is_published_in_the_same_turn(bench: Bench) -> None:
    bench.says(e.DeviceStale, c.Append(RAISED), c.Snapshot())
    bench.take(e.DeviceStale("io"))
    assert len(bench.published) == 1


def test_log_lines_are_written(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.says(e.DeviceStale, c.Log("warning", "the arm hesitates"))
    bench.take(e.DeviceStale("io"))
    assert [(record.levelname, record.message) for record in caplog.records] == [("WARNING", "the arm hesitates")]


def test_the_loop_ends_with_stopping_as_its_last_fact(bench: Bench) -> None:
    bench.says(e.Stopping, c.Append(rows.GatewayStopped(reason="asked to stop", since="")))
    bench.inbox.put(e.Stopping("asked"))
    bench.inbox.put(e.DeviceStale("io"))
    bench.loop.run()
    assert bench.core.seen[-1] == e.Stopping("asked")
    assert bench.recorder.rows() == [["gateway.stopped"]]


def test_a_core_that_raises_ends_the_loop(bench: Bench) -> None:
    def broken(_event: Any) -> list[c.Command]:
        raise KeyError("half changed")

    bench.core.on[e.DeviceStale] = broken
    bench.inbox.put(e.DeviceStale("io"))
    with pytest.raises(KeyError):
        bench.loop.run()
