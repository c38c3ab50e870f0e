"""Hardware that fails under the real engine: clear words, rows for it, no movement, and back without a restart."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from drivers.sim.site import SimSite
from tests.chaos.conftest import TIMEOUT_MS, MakeSite
from tests.support.site_process import FIRST_CARD, Gateway, wait_for
from tests.variants import first_and

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
QUIET_S = 0.4


class Trial:
    """A site that runs, and what people and the journal are told about it."""

    def __init__(self, sim: SimSite, gateway: Gateway) -> None:
        self.sim, self.gateway = sim, gateway
        self.cards = iter(range(FIRST_CARD, FIRST_CARD + 200))
        gateway.start_engine()

    def moves(self) -> int:
        """How often anything was told to move."""
        return sum(len(self.sim.world.pulses(lane)) for lane in self.sim.directions)

    def card(self, lane: str = "in") -> None:
        """A valid card at the reader."""
        self.sim.readers[lane].present(str(next(self.cards)))

    def opens_for_a_card(self, lane: str = "in") -> None:
        """The lane works from end to end, and is closed again afterwards."""
        before = len(self.sim.world.pulses(lane))
        self.card(lane)
        wait_for(lambda: len(self.sim.world.pulses(lane)) > before, f"{lane} opens for a card")
        wait_for(lambda: self.gateway.lane(lane)["arm"] == "open", f"{lane} is measured open")
        self.closes(lane)

    def closes(self, lane: str) -> None:
        """A guard asks until the arm is down: a close is refused while a board is late with an answer."""

        def ready() -> bool:
            shown = self.gateway.lane(lane)
            if shown["arm"] == "open" and shown["allowed"]["close"] is None:
                self.gateway.command(lane, "close")
            return bool(shown["state"] == "ready")

        wait_for(ready, f"{lane} is closed again", every_s=0.1)

    def becomes(self, device: str, state: str) -> dict[str, Any]:
        """The device, once it is shown in that state."""
        wait_for(lambda: self.gateway.device(device)["state"] == state, f"{device} is {state}")
        return self.gateway.device(device)

    def rows(self, kind: str, device: str) -> list[dict[str, Any]]:
        """The journal's rows of a kind on a device, once there are any."""

        def found() -> list[dict[str, Any]]:
            return [event["data"] for event in self.gateway.events(kind) if event["data"]["device"] == device]

        rows: list[dict[str, Any]] = wait_for(found, f"a row {kind} on {device}")
        return rows

    def usable(self, lane: str) -> None:
        """A guard looks and clears what the trouble left."""
        if self.gateway.lane(lane)["interrupted"]:
            self.gateway.command(lane, "close")
        wait_for(lambda: self.gateway.lane(lane)["state"] == "ready", f"{lane} is ready")


@pytest.fixture(params=["tcp", "rtu"])
def trial(request: pytest.FixtureRequest, site: MakeSite) -> Trial:
    """The site with its boards on the network, or on a serial line."""
    return Trial(*site(request.param))


def silent(sim: SimSite) -> None:
    """The board of lane in takes requests and says nothing."""
    sim.boards["in"].faults.silent = True


def deaf(sim: SimSite) -> None:
    """The board of lane in has no power."""
    sim.boards["in"].faults.deaf = True


def late(sim: SimSite) -> None:
    """Its answers come when the next request is long on its way."""
    sim.boards["in"].faults.late_ms = TIMEOUT_MS + 60


def garbled(sim: SimSite) -> None:
    """Its answers have a flipped byte."""
    sim.boards["in"].faults.garbled = True


def healed(sim: SimSite) -> None:
    """The board works again."""
    faults = sim.boards["in"].faults
    faults.silent = faults.silent_from_write = faults.deaf = faults.garbled = False
    faults.late_ms = 0


@pytest.mark.parametrize("fault", first_and(silent, deaf, late))
def test_a_board_that_does_not_answer_is_named_and_comes_back_and_nothing_moves(
    trial: Trial, fault: Callable[[SimSite], None]
) -> None:
    before = trial.moves()
    fault(trial.sim)
    shown = trial.becomes("io-in", "lost")
    assert "did not answer" in shown["last_error"] or "no connection" in shown["last_error"]
    wait_for(lambda: trial.gateway.lane("in")["arm"] == "unknown", "the arm is unknown")
    lane = trial.gateway.lane("in")
    assert lane["allowed"]["close"] and lane["allowed"]["open"]
    assert any(alarm["device"] == "io-in" for alarm in trial.gateway.state()["alarms"])
    assert trial.rows("device.lost", "io-in")[0]["error"]

    healed(trial.sim)
    trial.becomes("io-in", "online")
    assert len(trial.rows("device.restored", "io-in")) == 1
    time.sleep(QUIET_S)
    assert trial.moves() == before
    trial.usable("in")
    trial.opens_for_a_card()


def test_a_garbled_answer_is_never_taken_for_a_reading(site: MakeSite) -> None:
    trial = Trial(*site("rtu"))
    garbled(trial.sim)
    trial.sim.boards["in"].set_input(4, True)
    trial.becomes("io-in", "lost")
    assert trial.gateway.lane("in")["mode"] == "auto"
    assert not trial.gateway.events("barrier.crashed")
    assert trial.moves() == 0


def test_the_neighbour_on_the_same_wire_works_while_a_board_is_dead(trial: Trial) -> None:
    deaf(trial.sim)
    trial.becomes("io-in", "lost")
    trial.becomes("io-out", "online")
    trial.opens_for_a_card("out")


def test_a_wire_that_is_pulled_out_and_put_back_moves_nothing(trial: Trial) -> None:
    trial.opens_for_a_card()
    before = trial.moves()
    trial.sim.wire.unplug()
    for device in ("io-in", "io-out"):
        shown = trial.becomes(device, "lost")
        assert "check" in shown["last_error"] or "plug" in shown["last_error"], shown["last_error"]
    trial.sim.wire.plug()
    for device in ("io-in", "io-out"):
        trial.becomes(device, "online")
        assert trial.rows("device.restored", device)
    time.sleep(QUIET_S)
    assert trial.moves() == before
    trial.usable("in")
    trial.opens_for_a_card()


def test_a_command_for_a_lost_board_is_refused_with_a_reason_and_not_carried_out_later(trial: Trial) -> None:
    deaf(trial.sim)
    trial.becomes("io-in", "lost")
    answer = trial.gateway.command("in", "open")
    assert (answer["status"], answer["reason"]) == ("refused", "device_lost")
    trial.card("in")
    healed(trial.sim)
    trial.becomes("io-in", "online")
    time.sleep(QUIET_S)
    assert trial.moves() == 0


@pytest.mark.parametrize("wire", first_and("tcp", "rtu"))
@pytest.mark.parametrize("travel_time_ms", first_and(300, 3000))
def test_an_open_that_the_board_swallowed_is_recorded_as_not_followed_and_never_sent_again(
    wire: str, travel_time_ms: int, site: MakeSite
) -> None:
    trial = Trial(*site(wire, travel_time_ms=travel_time_ms))
    board = trial.sim.boards["in"]
    board.faults.silent_from_write = True
    trial.card("in")
    wait_for(lambda: trial.gateway.events("barrier.commanded"), "the command is recorded")
    trial.becomes("io-in", "lost")
    writes = [write for write in board.writes if write.address == 0 and write.values[0]]
    assert len(writes) == 1
    wait_for(lambda: trial.gateway.events("barrier.not_followed"), "it is said that it was not followed")
    healed(trial.sim)
    trial.becomes("io-in", "online")
    time.sleep(QUIET_S)
    assert [write for write in board.writes if write.address == 0 and write.values[0]] == writes
    assert not any(board.outputs()[:3])


def test_noise_at_a_reader_is_counted_opens_nothing_and_does_not_make_it_deaf(site: MakeSite) -> None:
    trial = Trial(*site())
    chance = random.Random(7)
    for _ in range(50):
        trial.sim.readers["in"].send_raw(chance.randbytes(20) + b"\x0201000734E0D3\x03")
    wait_for(lambda: trial.gateway.device("reader-in")["errors"] >= 50, "damaged frames are counted")
    assert trial.gateway.device("reader-in")["state"] == "online"
    assert not trial.gateway.events("access.granted", "access.denied", "access.referred")
    trial.opens_for_a_card()


def test_a_frame_in_the_middle_of_noise_is_read(site: MakeSite) -> None:
    trial = Trial(*site())
    trial.sim.readers["in"].send_raw(b"\x02\x0201000734\xff\x02\x03")
    trial.sim.readers["in"].present("472288")
    trial.sim.readers["in"].send_raw(b"\xfe\x0201")
    wait_for(lambda: trial.gateway.events("access.denied"), "the card is read")
    assert [row["data"]["credential"]["value"] for row in trial.gateway.events("access.denied")] == ["472288"]


def test_a_reader_that_is_pulled_out_is_named_and_reads_again_when_it_is_back(site: MakeSite) -> None:
    trial = Trial(*site())
    trial.sim.readers["in"].unplug()
    shown = trial.becomes("reader-in", "lost")
    assert "plug" in shown["last_error"] or "not there" in shown["last_error"]
    wait_for(lambda: trial.gateway.lane("in")["arm"] == "closed", "the barrier, which does not hang on its reader")
    trial.opens_for_a_card("out")
    trial.sim.readers["in"].plug()
    trial.becomes("reader-in", "online")
    assert len(trial.rows("device.restored", "reader-in")) == 1
    trial.opens_for_a_card("in")


def test_an_engine_that_starts_without_its_hardware_says_what_is_missing_and_takes_it_when_it_comes(
    site: MakeSite,
) -> None:
    sim, gateway = site("rtu")
    sim.wire.unplug()
    sim.readers["in"].unplug()
    trial = Trial(sim, gateway)
    assert {trial.becomes(device, "lost")["id"] for device in ("io-in", "reader-in")} == {"io-in", "reader-in"}
    sim.wire.plug()
    sim.readers["in"].plug()
    for device in ("io-in", "io-out", "reader-in"):
        trial.becomes(device, "online")
    time.sleep(QUIET_S)
    assert trial.moves() == 0
    trial.usable("in")
    trial.opens_for_a_card()
