"""Several brokers, one consumer: the cursor belongs to the consumer, whichever broker has it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from gateway.core.settings.model import Broker, Mqtt, host_and_port
from gateway.demo.line import free_port
from gateway.store.sqlite.migrations import Schema, migrate
from gateway.uplink.central.cursors import UPLINK, Cursors, Position
from gateway.uplink.mqtt.brokers import Brokers
from tests.support.mosquitto import Mosquitto, central, wait_until
from tests.support.uplink_process import PREFIX, UplinkProcess
from tests.uplink.conftest import Writer


def test_brokers_are_tried_in_turn_and_one_that_works_is_kept() -> None:
    brokers = Brokers(Mqtt(brokers=("a:1", "b:2", "c:3")).each())
    assert brokers.current.host == "a"
    assert [brokers.failed() for _ in range(3)] == [False, False, True]
    assert brokers.current.host == "a"
    brokers.failed()
    brokers.worked()
    assert brokers.current.host == "b"
    assert [brokers.failed() for _ in range(3)] == [False, False, True]


def test_the_only_broker_is_tried_after_each_pause() -> None:
    brokers = Brokers(Mqtt("a").each())
    assert [brokers.failed() for _ in range(3)] == [True] * 3
    assert brokers.current == Broker("a", 1883)


def test_all_brokers_have_the_same_certificates_and_names() -> None:
    each = Mqtt(brokers=("a:1", "[::1]:2"), tls=True, ca="x", username="u", password="p").each()
    assert each == (
        Broker("a", 1, tls=True, ca="x", username="u", password="p"),
        Broker("::1", 2, tls=True, ca="x", username="u", password="p"),
    )


@pytest.mark.parametrize("text", ["", "a", "a:", ":1", "a:0", "a:65536", "a:x", "::1:1", "mqtt://a:1", "a b:1", "a:１"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        host_and_port(text)


def earlier(path: Path, *cursors: tuple[str, int, int]) -> Path:
    """`uplink.db` of the version before, whose cursors belong to brokers: name, sequence, moved."""
    db = apsw.Connection(str(path / "uplink.db"))
    migrate(db, Schema(UPLINK.holds, UPLINK.application_id, UPLINK.steps[:1]), path / "uplink.db")
    for name, sequence, moved_ns in cursors:
        db.execute("INSERT INTO cursor VALUES(?, 'testjournal', ?, ?)", (name, sequence, moved_ns))
        db.execute("INSERT INTO retained VALUES(?, ?)", (name, f"alarms/{sequence}"))
    db.close()
    return path / "uplink.db"


def test_a_box_of_the_version_before_goes_on_at_its_cursor(tmp_path: Path) -> None:
    path = earlier(tmp_path, ("mqtt:old.example:1883:gw1", 900, 1), ("mqtt:new.example:1883:gw1", 40, 2))
    cursors = Cursors(path)
    cursors.adopt("central")
    assert cursors.get("central") == Position("testjournal", 40)
    assert cursors.retained("central") == {"alarms/900", "alarms/40"}
    cursors.adopt("central")
    cursors.adopt("hq")
    assert (cursors.get("central"), cursors.get("hq")) == (Position("testjournal", 40), None)


def test_a_consumer_that_has_a_cursor_keeps_it(tmp_path: Path) -> None:
    path = earlier(tmp_path, ("central", 7, 1), ("mqtt:new.example:1883:gw1", 40, 2))
    cursors = Cursors(path)
    cursors.adopt("central")
    assert cursors.get("central") == Position("testjournal", 7)


@pytest.mark.real
def test_after_an_update_only_new_rows_are_sent(tmp_path: Path, writer: Writer, broker: Mosquitto) -> None:
    writer.write(100)
    earlier(tmp_path, ("mqtt:mqtt.example.org:8883:gw1", 90, 1))
    uplink = UplinkProcess(tmp_path, broker.port)
    with central(broker.port, PREFIX) as listener:
        uplink.start()
        try:
            wait_until(lambda: 100 in listener.sequences())
            assert listener.sequences() == list(range(91, 101))
        finally:
            uplink.stop()


@pytest.mark.real
def test_another_broker_gets_only_what_the_first_one_has_not(tmp_path: Path, writer: Writer) -> None:
    first, second = Mosquitto(tmp_path).start(), Mosquitto(tmp_path).start()
    try:
        writer.write(50)
        one = UplinkProcess(tmp_path, first.port).start()
        with central(first.port, PREFIX) as listener:
            wait_until(lambda: 50 in listener.sequences())
            one.stop()
        writer.write(3)
        with central(second.port, PREFIX) as listener:
            two = UplinkProcess(tmp_path, second.port).start()
            wait_until(lambda: 53 in listener.sequences())
            two.stop()
            assert listener.sequences() == [51, 52, 53]
    finally:
        first.stop()
        second.stop()


@pytest.mark.real
def test_the_next_broker_of_the_list_is_tried_without_a_pause(
    tmp_path: Path, writer: Writer, broker: Mosquitto
) -> None:
    writer.write(3)
    places = [f"127.0.0.1:{free_port()}", f"127.0.0.1:{broker.port}"]
    uplink = UplinkProcess(tmp_path, 0, brokers=places)
    with central(broker.port, PREFIX) as listener:
        uplink.start()
        try:
            wait_until(lambda: listener.sequences() == [1, 2, 3])
            assert "next attempt in 0.0 s" in uplink.log()
        finally:
            uplink.stop()
    log = (tmp_path / f"mosquitto-{broker.port}.log").read_text()
    assert " as north-court-gw1 " in log
