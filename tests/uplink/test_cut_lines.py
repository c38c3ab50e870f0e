"""A line that is cut after any number of bytes, in either direction: in the middle of connecting, of subscribing, of a
batch, of its acknowledgement. Whatever the moment, everything arrives, in order, and a command moves once."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.core.settings.model import Mqtt
from gateway.uplink.central.feed import JournalFeed
from gateway.uplink.mqtt.sender import Uplink
from gateway.uplink.parts import Central as Whom
from gateway.uplink.parts import Place, open_desk
from tests.support.engine_stand_in import EngineStandIn
from tests.support.mosquitto import Central, Mosquitto
from tests.support.waiting import PATIENCE_S, wait_until
from tests.uplink.conftest import BOOT, Writer

pytestmark = pytest.mark.real
FROM_US = (1, 4, 9, 30, 64, 90, 130, 200, 300, 450, 700, 1_100, 2_000, 3_500, 6_000, 11_000, 20_000)
TO_US = (1, 2, 4, 5, 9, 14, 19, 24, 30, 37, 50, 64, 80, 110)


class CutLine:
    """A TCP relay whose first connections end after so many bytes each; those after them stand."""

    def __init__(self, target_port: int, cuts: Sequence[int], *, towards_us: bool) -> None:
        self._target_port = target_port
        self._cuts = iter(cuts)
        self._towards_us = towards_us
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.whole = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more calls."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target_port))
                cut = next(self._cuts, None)
                if cut is None:
                    self.whole.set()
                for source, sink, cuts in ((near, far, not self._towards_us), (far, near, self._towards_us)):
                    most = cut if cuts else None
                    threading.Thread(target=_pump, args=(source, sink, most), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, most: int | None) -> None:
    left = most
    with contextlib.suppress(OSError):
        while left != 0 and (chunk := source.recv(4_096 if left is None else min(left, 4_096))):
            sink.sendall(chunk)
            left = None if left is None else left - len(chunk)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def delivering(directory: Path, port: int) -> Iterator[None]:
    """An uplink in a thread."""
    stop = threading.Event()
    place = Place(
        directory / "journal.db", directory / "uplink.db", directory / "engine.sock", directory / "journal-key.pem"
    )
    feed = JournalFeed(place.journal, BOOT)
    with open_desk(place, Whom(Mqtt("127.0.0.1", port), "north-court", "gw1"), feed) as desk:
        thread = threading.Thread(target=Uplink(desk).run, args=(stop,))
        thread.start()
        yield
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    feed.close()


@pytest.mark.parametrize(("cuts", "towards_us"), [(FROM_US, False), (TO_US, True)])
def test_a_line_cut_at_any_byte_loses_nothing_and_keeps_the_order(
    tmp_path: Path,
    writer: Writer,
    engine: EngineStandIn,
    broker: Mosquitto,
    listener: Central,
    monkeypatch: pytest.MonkeyPatch,
    cuts: tuple[int, ...],
    towards_us: bool,
) -> None:
    monkeypatch.setattr("gateway.uplink.mqtt.backoff.Backoff.after", lambda *_: 0.0)
    last = writer.write(1_500)
    line = CutLine(broker.port, cuts, towards_us=towards_us)
    try:
        with delivering(tmp_path, line.port):
            for number in itertools.count():
                if line.whole.is_set():
                    break
                listener.say("commands", f'{{"id":"c{number}"}}'.encode())  # something to acknowledge, moving nothing
                last = writer.write(1)
                line.whole.wait(0.05)
            wait_until(lambda: last in listener.sequences()[-200:], what="the last row")
            wait_until(lambda: (listener.last("status") or {}).get("online"))
    finally:
        line.close()
    assert list(dict.fromkeys(listener.sequences())) == list(range(1, last + 1))
    assert engine.calls("lane.command") == []
