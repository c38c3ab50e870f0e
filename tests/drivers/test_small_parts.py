"""The watch, the leases, the back-off, and the drivers that need no wires."""

from __future__ import annotations

import pytest

from drivers.base import Health
from drivers.links.backoff import Backoff
from drivers.orders import ORDER_LIFE_MS, Leases, Order, OrderedBus
from drivers.virtual import sim_board, sim_reader
from drivers.watch import LOST_AFTER, Watch
from gateway.core.vocabulary.events import (
    CredentialRead,
    DeviceLost,
    DeviceRestored,
    DeviceStale,
    InputsRead,
    OutputDone,
    OutputFailed,
)
from tests.drivers.conftest import Reported, Running

# ---- watch ---------------------------------------------------------------------------------------------------------


def test_a_watch_tells_each_change_once() -> None:
    reported = Reported()
    watch = Watch("io", reported)
    watch.restored((True,), (False,))
    for _ in range(LOST_AFTER + 2):
        watch.missed("no answer")
    watch.gone("no answer")
    watch.restored()
    assert reported.events == [
        DeviceRestored("io", (True,), (False,)),
        DeviceStale("io"),
        DeviceLost("io", "no answer"),
        DeviceRestored("io"),
    ]


def test_failures_count_only_in_a_row() -> None:
    reported = Reported()
    watch = Watch("io", reported)
    watch.restored()
    for _ in range(LOST_AFTER * 2):
        watch.missed("no answer")
        assert watch.answered()
    assert not watch.answered()
    assert reported.of(DeviceLost) == []
    assert len(reported.of(DeviceStale)) == LOST_AFTER * 2


def test_a_device_never_seen_is_not_known_before_everything_is_read_back() -> None:
    watch = Watch("io", lambda _: None)
    assert not watch.known
    watch.missed("no answer")
    assert not watch.known
    watch.restored()
    assert watch.known
    watch.missed("no answer")
    assert watch.known
    watch.gone("unplugged")
    assert not watch.known


def test_health_keeps_the_last_error_and_counts() -> None:
    watch = Watch("io", lambda _: None)
    watch.gone("unplugged; plug it in")
    watch.restored()
    watch.answered(frames=3)
    watch.noise(2)
    health = watch.health
    assert (health.state, health.last_error, health.frames, health.errors) == ("online", "unplugged; plug it in", 4, 3)


# ---- orders and leases ---------------------------------------------------------------------------------------------


def order(output: int, made_ns: int = 0) -> Order:
    return Order("io", output, True, 500, 1, made_ns)


def test_leases_end_in_the_order_of_their_times() -> None:
    leases = Leases()
    leases.take(order(0), 200)
    leases.take(order(1), 100)
    assert leases.next_ns() == 100
    assert leases.due(99) is None
    first = leases.due(250)
    assert first is not None
    assert (first.output, first.rest) == (1, False)
    leases.end("io", 1)
    assert [lease.output for lease in leases.all("io")] == [0]


def test_a_second_pulse_on_an_output_carries_the_first_on() -> None:
    leases = Leases()
    leases.take(order(0), 100)
    leases.take(order(0), 300)
    assert len(leases) == 1
    assert leases.next_ns() == 300


def test_an_order_that_waited_too_long_is_too_old() -> None:
    assert not order(0).too_old(ORDER_LIFE_MS * 1_000_000)
    assert order(0).too_old(ORDER_LIFE_MS * 1_000_000 + 1)


class Waiting(OrderedBus):
    """A bus whose wire is never free."""

    def run(self) -> None:
        """Nothing is carried out."""

    def stop(self) -> None:
        """Nothing runs."""

    def health(self) -> list[Health]:
        """Nothing is known."""
        return []

    def waiting(self) -> list[tuple[int, bool]]:
        """The orders that wait: output and whether it is to be switched on."""
        return [(order.output, order.active) for order in self._orders]

    def _wake(self) -> None:
        """Nobody sleeps."""


def test_whoever_switches_an_output_off_takes_back_the_pulses_that_wait_for_it() -> None:
    told: list[object] = []
    bus = Waiting(told.append)
    bus.pulse("io", 0, 500, True, 7)
    bus.pulse("io", 1, 500, True, 8)
    bus.pulse("other", 0, 500, True, 9)
    bus.switch("io", 0, False)
    assert bus.waiting() == [(1, True), (0, True), (0, False)]
    assert told == [OutputFailed("io", 0, 7, "it was taken back before it had begun")]


def test_an_output_that_is_switched_on_again_while_that_waits_is_switched_on() -> None:
    told: list[object] = []
    bus = Waiting(told.append)
    bus.switch("io", 0, True, 1)
    bus.switch("io", 0, True, 2)
    assert (bus.waiting(), told) == ([(0, True), (0, True)], [])


def test_backoff_doubles_is_bounded_and_begins_anew() -> None:
    backoff = Backoff(100, 500)
    assert [backoff.pause_ms() for _ in range(5)] == [100, 200, 400, 500, 500]
    backoff.reset()
    assert backoff.pause_ms() == 100


# ---- drivers without wires -----------------------------------------------------------------------------------------


def test_noop_does_nothing_and_says_so(running: Running) -> None:
    bus = running.start({"id": "n", "driver": "noop", "inputs": 2, "outputs": 1})
    assert running.reported.wait(DeviceRestored) == DeviceRestored("n", (False, False), (False,))
    bus.pulse("n", 0, 500, True, 4)
    assert running.reported.wait(OutputDone) == OutputDone("n", 0, 4)
    assert bus.health()[0].state == "online"


def test_every_noop_is_a_bus_of_its_own(running: Running) -> None:
    running.start({"id": "a", "driver": "noop"}, {"id": "b", "driver": "noop"})
    running.reported.wait(DeviceRestored, "a")
    running.reported.wait(DeviceRestored, "b")


def test_a_simulated_reader_without_wires_reads_what_it_is_given(running: Running) -> None:
    bus = running.start({"id": "r", "driver": "sim-reader", "channel": "c1"})
    running.reported.wait(DeviceRestored)
    for _ in range(3):
        sim_reader.present("c1", "472288")
    sim_reader.present("c1", "AB12CD", kind="plate")
    assert running.reported.of(CredentialRead) == [
        CredentialRead("r", "card", "472288"),
        CredentialRead("r", "plate", "AB12CD"),
    ]
    bus.switch("r", 0, True, 1)
    assert running.reported.wait(OutputFailed).token == 1
    assert bus.health()[0].state == "online"
    running.stop()
    with pytest.raises(KeyError):
        sim_reader.present("c1", "1")


def test_a_simulated_board_without_wires_is_driven_from_both_sides(running: Running) -> None:
    board = sim_board.board("c2", inputs=2, outputs=2)
    bus = running.start({"id": "b", "driver": "sim-board", "channel": "c2", "inputs": 2, "outputs": 2})
    running.reported.wait(DeviceRestored)
    board.set_input(1, True)
    assert running.reported.wait(InputsRead).inputs == (False, True)
    bus.switch("b", 0, True, 1)
    running.reported.wait(OutputDone)
    assert board.outputs() == (True, False)
    board.faults.silent = True
    bus.switch("b", 1, True, 2)
    assert "silent" in running.reported.wait(OutputFailed).error
    sim_board.forget("c2")
