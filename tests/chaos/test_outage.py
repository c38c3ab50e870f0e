"""The broker goes away and comes back, and in the middle of it the uplink and the engine are killed: nothing is lost.

Counted by id at a subscriber of a real mosquitto: every row of the journal arrives, its text byte for byte as stored,
and first arrivals are in order. Duplicates are normal after a reconnect.
"""

from __future__ import annotations

import random
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from drivers.sim.site import SimSite
from gateway.demo.line import free_port
from gateway.store.journal.reader import JournalReader
from tests.chaos.conftest import PASSES, MakeSite
from tests.support.mosquitto import BINARY, Central, Mosquitto, central
from tests.support.site_process import FIRST_CARD, Gateway, wait_for

PREFIX = "gatehouse/north-court/gw1"

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(BINARY).exists(), reason="mosquitto is not installed"),
]


def traffic(sim: SimSite, gateway: Gateway, dice: random.Random, rows: int) -> None:
    """Cards, known and unknown, until the journal has grown by so many rows."""
    goal = gateway.last_sequence() + rows

    def card() -> bool:
        lane = dice.choice(("in", "out"))
        sim.readers[lane].present(str(FIRST_CARD + dice.randrange(2 * PASSES)))
        return gateway.last_sequence() >= goal

    wait_for(card, f"{rows} more rows", every_s=0.02)


def first_arrivals(one: Central) -> list[int]:
    """The sequences in the order in which each came for the first time."""
    return list(dict.fromkeys(one.sequences()))


def all_there(one: Central, gateway: Gateway) -> bool:
    """Whether the newest row has arrived."""
    return gateway.last_sequence() in set(one.sequences())


def stored_texts(gateway: Gateway) -> dict[str, object]:
    """Every row by its id."""
    return {str(event["id"]): event for event in gateway.events()}


@pytest.mark.timeout(120)
def test_every_event_arrives_after_a_broker_outage_with_kills_in_the_middle(
    tmp_path: Path, site: MakeSite, dice: random.Random
) -> None:
    port = free_port()
    broker = Mosquitto(tmp_path, port).start()
    sim, gateway = site(mqtt_port=port)
    try:
        gateway.start_engine()
        gateway.start("uplink")
        with central(port, PREFIX) as one:
            traffic(sim, gateway, dice, 30)
            wait_for(lambda: all_there(one, gateway), "the rows before the outage")
            before = list(one.messages)
        broker.stop()

        traffic(sim, gateway, dice, 60)
        gateway.kill("uplink")
        traffic(sim, gateway, dice, 30)
        gateway.kill("engine")
        gateway.start("uplink")
        gateway.start_engine()
        traffic(sim, gateway, dice, 30)

        with ExitStack() as stack:
            with gateway.frozen("uplink"):  # else it may be done before anybody listens
                broker.start()
                one = stack.enter_context(central(port, PREFIX))
            wait_for(lambda: all_there(one, gateway), "the rows of the outage")
            one.messages[:0] = before
            arrived = {str(event["id"]): event for batch in one.batches() for event in batch.json()}
            order = first_arrivals(one)
        stored = stored_texts(gateway)
        missing = set(stored) - set(arrived)
        assert not missing, f"{len(missing)} of {len(stored)} events never came"
        assert all(arrived[key] == stored[key] for key in stored)
        assert order == sorted(order)
        gateway.verify()
    finally:
        broker.stop()


@pytest.mark.long
@pytest.mark.timeout(120)
def test_an_uplink_killed_again_and_again_while_it_catches_up_loses_nothing(
    tmp_path: Path, site: MakeSite, dice: random.Random
) -> None:
    port = free_port()
    sim, gateway = site(mqtt_port=port)
    gateway.start_engine()
    traffic(sim, gateway, dice, 150)
    broker = Mosquitto(tmp_path, port).start()
    try:
        with central(port, PREFIX) as one:
            for _ in range(5):
                seen = len(one.messages)
                gateway.start("uplink")
                wait_for(lambda seen=seen: len(one.messages) > seen, "something from the uplink")  # type: ignore[misc]
                gateway.kill("uplink")
                traffic(sim, gateway, dice, 10)
            gateway.start("uplink")
            wait_for(lambda: all_there(one, gateway), "the last row")
            order = first_arrivals(one)
        assert order == list(range(1, len(order) + 1))
        assert len(order) == gateway.last_sequence()
    finally:
        broker.stop()


@pytest.mark.timeout(120)
def test_what_is_sent_is_the_stored_text_byte_for_byte(tmp_path: Path, site: MakeSite, dice: random.Random) -> None:
    port = free_port()
    broker = Mosquitto(tmp_path, port).start()
    sim, gateway = site(mqtt_port=port)
    try:
        gateway.start_engine()
        traffic(sim, gateway, dice, 20)
        with central(port, PREFIX) as one:
            gateway.start("uplink")
            wait_for(lambda: all_there(one, gateway), "all rows")
            batches = one.batches()
        sent = [batch.payload[1:-1] for batch in batches]
        last = max(int(event["sequence"]) for batch in batches for event in batch.json())
        with closing(JournalReader(gateway.directory.journal)) as reader:
            stored = [row.text.encode() for row in reader.page(0, 1000) if row.sequence <= last]
        assert b",".join(sent) == b",".join(stored)
    finally:
        broker.stop()
