"""The uplink on a data directory: with nothing to do, with nothing there yet, and with settings that change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Mqtt
from gateway.core.vocabulary.errors import DataDirectoryError
from gateway.demo.line import free_port
from gateway.store.directory import DataDirectory
from gateway.store.journal.writer import Journal, Row
from gateway.uplink.main import run
from gateway.uplink.parts import Central as Whom
from gateway.uplink.parts import Place, deliver
from tests.support.mosquitto import Mosquitto, central, wait_until
from tests.support.uplink_process import PREFIX
from tests.support.waiting import PATIENCE_S
from tests.uplink.conftest import BOOT, Writer


def document(port: int | None, gateway: str = "gw1") -> dict[str, Any]:
    uplink = {} if port is None else {"uplink": {"mqtt": {"host": "127.0.0.1", "port": port}}}
    return {"site": {"id": "north-court"}, "gateway": {"id": gateway}, **uplink}


@contextmanager
def running(data: Path) -> Iterator[threading.Thread]:
    """`run` in a thread until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(data, stop))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def directory(path: Path, port: int | None) -> DataDirectory:
    """A data directory with one row in its journal."""
    made = DataDirectory(path)
    made.create(document(port))
    append(made)
    return made


def append(made: DataDirectory) -> None:
    journal = Journal.open(made.journal, "/sites/north-court/gateways/gw1", BOOT)
    journal.append([Row("gateway.started", "devices/gw1", {"by": "test"}, 0, 0)])
    journal.close()


def test_without_an_uplink_in_the_site_file_there_is_nothing_to_do(tmp_path: Path) -> None:
    directory(tmp_path / "data", None)
    assert run(tmp_path / "data") == 0


def test_a_directory_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError):
        run(tmp_path / "nothing")


@pytest.mark.real
def test_events_arrive_and_go_on_at_a_new_broker(tmp_path: Path) -> None:
    first, second = (Mosquitto(tmp_path).start() for _ in range(2))
    made = directory(tmp_path / "data", first.port)
    try:
        with (
            central(first.port, PREFIX) as old,
            central(second.port, PREFIX) as new,
            running(made.path),
        ):
            wait_until(lambda: old.sequences() == [1])
            made.save_site(document(second.port))
            wait_until(lambda: new.last("status"), what="the new broker")
            wait_until(lambda: old.last("status")["online"] is False)
            append(made)
            wait_until(lambda: new.sequences() == [2], what="the new broker, from the consumer's cursor on")
            assert old.sequences() == [1]
    finally:
        first.stop()
        second.stop()


@pytest.mark.real
def test_settings_that_do_not_concern_the_uplink_leave_the_connection_alone(tmp_path: Path, broker: Mosquitto) -> None:
    made = directory(tmp_path / "data", broker.port)
    with central(broker.port, PREFIX) as listener, running(made.path):
        wait_until(lambda: listener.sequences() == [1])
        made.save_site({**document(broker.port), "site": {"id": "north-court", "name": "North Court"}})
        made.site.write_text("{ broken")
        threading.Event().wait(3.0)  # Longer than it takes to look at the file.
        append(made)
        wait_until(lambda: listener.sequences() == [1, 2])
        assert [one.json()["online"] for one in listener.on("status")] == [True]


@pytest.mark.real
def test_an_uplink_that_no_longer_stands_in_the_settings_ends(tmp_path: Path, broker: Mosquitto) -> None:
    made = directory(tmp_path / "data", broker.port)
    with central(broker.port, PREFIX) as listener, running(made.path) as thread:
        wait_until(lambda: listener.sequences() == [1])
        made.save_site(document(None))
        wait_until(lambda: not thread.is_alive())


@contextmanager
def delivering(folder: Path, port: int) -> Iterator[None]:
    stop = threading.Event()
    place = Place(folder / "journal.db", folder / "uplink.db", folder / "engine.sock", folder / "journal-key.pem")
    whom = Whom(Mqtt("127.0.0.1", port), "north-court", "gw1")

    def again_and_again() -> None:
        while not stop.is_set():
            deliver(place, whom, stop, lambda: False)

    thread = threading.Thread(target=again_and_again)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.mark.real
def test_an_uplink_waits_for_a_journal_that_is_not_there_yet(tmp_path: Path, broker: Mosquitto) -> None:
    with central(broker.port, PREFIX) as listener, delivering(tmp_path, broker.port):
        writer = Writer(tmp_path)
        writer.write(3)
        wait_until(lambda: listener.sequences() == [1, 2, 3])
        writer.close()


def test_an_uplink_that_waits_for_its_journal_can_be_stopped(tmp_path: Path) -> None:
    with delivering(tmp_path, free_port()):
        pass


@pytest.mark.real
def test_events_without_news_from_an_engine_are_found_by_looking(tmp_path: Path, writer: Writer) -> None:
    """The engine may be dead and its last rows still unsent; nobody will tell of them."""
    broker = Mosquitto(tmp_path).start()
    try:
        with central(broker.port, PREFIX) as listener, delivering(tmp_path, broker.port):
            writer.write(1)
            wait_until(lambda: listener.sequences() == [1])
            writer.write(1)
            wait_until(lambda: listener.sequences() == [1, 2])
    finally:
        broker.stop()


@pytest.mark.real
def test_a_journal_that_was_replaced_is_sent_from_its_first_row_behind_a_gap(
    tmp_path: Path, broker: Mosquitto, writer: Writer
) -> None:
    with central(broker.port, PREFIX) as listener, delivering(tmp_path, broker.port):
        writer.write(5)
        wait_until(lambda: listener.sequences() == [1, 2, 3, 4, 5])
        (tmp_path / "next").mkdir()
        restored = Writer(tmp_path / "next", "restoredjournal")
        restored.write(2)
        restored.close()
        writer.close()
        (tmp_path / "next" / "journal.db").replace(tmp_path / "journal.db")
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"journal.db{suffix}").unlink(missing_ok=True)
        wait_until(lambda: listener.sequences()[-2:] == [1, 2])
        events = [event for batch in listener.batches() for event in batch.json()][5:]
        assert [event["type"] for event in events] == ["gatehouse.journal.gap"] + ["gatehouse.access.granted"] * 2
        assert {event["id"].split(".")[0] for event in events} == {"restoredjournal"}
        assert listener.last("status")["journal"] == "restoredjournal"
