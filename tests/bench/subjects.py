"""What is measured on the rig: the product in its processes, with passes and rows in any number."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import apsw

from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.registry import PassRegistry
from gateway.store.sqlite.database import peek
from tests.bench.disk import settle
from tests.bench.rig import AT_CLOSED, AT_OPEN, FIRST_CARD, POLL_MS, PULSE_MS, Rig
from tests.support.site_process import Gateway, site_document, wait_for

G = TypeVar("G", bound=Gateway)
VALID_UNTIL = "2099-12-31"
FLOORS = Path(__file__).parent / "floors"


def passes(count: int) -> Iterator[Pass]:
    """Monthly passes with the cards from FIRST_CARD on."""
    for number in range(count):
        yield Pass(
            f"p{number:07d}",
            PassKind.MONTHLY,
            holder=f"Holder {number}",
            unit=f"{number % 40}-{number % 3000}",
            plates=(f"京A{number:06d}",),
            cards=(str(FIRST_CARD + number),),
            valid_until=VALID_UNTIL,
        )


def document(rig: Rig, *, poll_ms: int = POLL_MS, **more: Any) -> dict[str, Any]:
    """A site with the rig's one lane."""
    link = {"type": "serial", "port": str(rig.board.path), "baudrate": rig.baudrate or 115_200}
    devices = [
        {"id": "reader", "driver": "rdm6300", "port": str(rig.reader.path)},
        {"id": "io", "driver": "modbus", "board": "generic", "unit": 1, "poll_ms": poll_ms, "link": link},
    ]
    contacts = {
        key: {"point": f"io.input.{number}", "debounce_ms": 0}
        for key, number in (("at_open", AT_OPEN), ("at_closed", AT_CLOSED))
    }
    barrier = {
        "open": "io.output.0",
        **contacts,
        "arm_detached": {"point": "io.input.4", "debounce_ms": 0},
        "pulse_ms": PULSE_MS,
        "travel_time_ms": 1_000,
        "close_by": "barrier",
        "external_open": "expected",
    }
    lane = {"id": "in", "direction": "entry", "readers": ["reader"], "barrier": barrier}
    return site_document(devices, [lane], **more)


def make(folder: Path, rig: Rig, count: int, *, kind: type[G] = Gateway, **more: Any) -> G:
    """A data directory for the rig's site with so many passes, on the disk."""
    one = kind(folder / "data")
    one.directory.create(document(rig, **more))
    with closing(PassRegistry(one.directory.registry, writer=True)) as registry:
        registry.import_passes(passes(count))
    settle(folder)
    return one


def floor_registry(path: Path, count: int) -> None:
    """The same passes as a bare table with an index on the card, on the disk."""
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE passes(card TEXT PRIMARY KEY, id TEXT, valid_until TEXT) WITHOUT ROWID")
    with db:
        db.executemany(
            "INSERT INTO passes VALUES(?, ?, ?)",
            ((str(FIRST_CARD + n), f"p{n:07d}", VALID_UNTIL) for n in range(count)),
        )
    db.close()
    settle(path.parent)


@contextmanager
def engine(gateway: Gateway, rig: Rig) -> Iterator[Gateway]:
    """The engine, ready on the rig; ended in good order behind the block."""
    gateway.start()
    rig.explain = lambda: _last_words(gateway)
    rig.help = lambda: _open(gateway)
    try:
        rig.serve(once_in(0.05, lambda: (gateway.ping() or {}).get("ready")), 60, "the engine does not get ready")
        yield gateway
        process = gateway.process()
        process.send_signal(signal.SIGTERM)
        rig.serve(lambda: process.poll() is not None, 60, "the engine does not end")
    finally:
        gateway.end()
        rig.explain, rig.help = lambda: "", None


def rows_waiting(gateway: Gateway) -> int:
    """Rows that the uplink has still to deliver, by its own cursor, which it writes once a second.

    The engine's snapshot is no measure: it is 2 s old, and goes on showing what an uplink said that was killed.
    """
    found = peek(gateway.directory.uplink, "SELECT max(sequence) FROM cursor")
    return gateway.last_sequence() - int((found and found[0][0]) or 0)


def _open(gateway: Gateway) -> None:
    """A guard opens the lane; a refusal is no failure, the next card tells."""
    with suppress(GatehouseError):
        gateway.command("in", "open")


def _last_words(gateway: Gateway) -> str:
    """The end of the journal and of the log."""
    events = gateway.events(after=max(0, gateway.last_sequence() - 12))
    rows = [f"{event['uptimens']} {event['type']} {event['data']}" for event in events]
    return "\n".join([*rows, gateway.log()[-1500:]])


@contextmanager
def floor(rig: Rig, script: str, *arguments: str | Path) -> Iterator[None]:
    """A floor's script, polling the rig; killed behind the block."""
    argv = [sys.executable, str(FLOORS / script), str(rig.reader.path), str(rig.board.path), *map(str, arguments)]
    process = subprocess.Popen(argv)
    rig.explain = lambda: "" if process.poll() is None else f"the floor has ended with {process.returncode}, see above"
    try:
        rig.set()
        rig.serve(lambda: rig.told_ns, 60, "the floor does not poll")
        yield
    finally:
        process.kill()
        process.wait()
        rig.explain = lambda: ""


def once_in(seconds: float, ask: Any) -> Any:
    """A condition that asks only now and then, and answers false between."""
    due = 0.0

    def holds() -> Any:
        nonlocal due
        if time.monotonic() < due:
            return False
        due = time.monotonic() + seconds
        return ask()

    return holds


def wait_for_port(port: int) -> None:
    """Until somebody listens there."""

    wait_for(lambda: listens(port), f"a listener on port {port}")


def listens(port: int) -> bool:
    """Whether somebody answers at a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
