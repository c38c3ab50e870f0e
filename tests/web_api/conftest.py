"""A data directory as `init` makes it, its journal being written, and the web application in front of it.

The engine is a real control socket whose answers a test writes (`tests.support.engine_stand_in`); passes go into the
real registry, so what the API reads is what was written.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.views import DeviceView, JournalView, LaneView, SiteView, Snapshot, UplinkView
from gateway.store.directory import DataDirectory
from gateway.store.journal.writer import Journal, Row
from gateway.store.passes.checks import check_pass
from gateway.store.passes.registry import PassRegistry
from tests.support import engine_stand_in as stand_in
from tests.support.engine_stand_in import WHEN, EngineStandIn, alarm, engine_stand_in
from web.front.server import Server
from web.platform.app import create_app
from web.platform.services import Services

SECOND_NS = 1_000_000_000
START_NS = 1_796_000_000 * SECOND_NS
SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court", "timezone": "Asia/Shanghai", "locale": "en"},
    "gateway": {"id": "gw1"},
    "operators": [
        {"name": "Lin", "role": "guard", "pin": "2468"},
        {"name": "Mei", "role": "leader", "pin": "1357"},
        {"name": "Ana", "role": "auditor", "pin": "9999"},
    ],
}
JOURNAL_ID = "k3v9q2m4x8"
ENDS = "2026-11-30T16:00:00.000Z"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory to copy from: hashing PINs takes its time."""
    path = tmp_path_factory.mktemp("made") / "data"
    DataDirectory(path).create(SITE, journal_id=JOURNAL_ID)
    return path


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    import shutil

    path = tmp_path / "data"
    shutil.copytree(made, path)
    return path


@pytest.fixture
def directory(data: Path) -> DataDirectory:
    return DataDirectory(data)


@pytest.fixture
def journal(directory: DataDirectory) -> Iterator[Journal]:
    source = "/sites/north-court/gateways/gw1"
    writer = Journal.open(directory.journal, source, "boot-1")
    yield writer
    writer.close()


Write = Callable[..., range]


@pytest.fixture
def write(journal: Journal) -> Write:
    """Append rows of a type; each one second after the one before."""

    def append(count: int = 1, type_: str = "access.granted", /, **data: Any) -> range:
        rows = [
            Row(type_, "lanes/in", {"lane": "in", "n": number, **data}, START_NS + number * SECOND_NS, number)
            for number in range(journal.last_sequence + 1, journal.last_sequence + 1 + count)
        ]
        return journal.append(rows)

    return append


@pytest.fixture
def engine(directory: DataDirectory) -> Iterator[EngineStandIn]:
    """The engine: knows one lane and one alarm, says yes to all commands, keeps passes."""
    registry = PassRegistry(directory.registry, writer=True)
    with engine_stand_in(directory.socket) as standing:
        standing.snapshot = snapshot()
        standing.answers = {
            "ping": lambda _: {"ready": True, "missing": [], "gateway": "gw1", "journal": JOURNAL_ID, "version": "1"},
            "state": lambda _: standing.snapshot,
            "lane.command": lambda asked: {"id": asked["request"], "status": "done", "reason": "", "detail": ""},
            "alarm.command": lambda asked: alarm(asked["alarm"], state="acknowledged"),
            "passes.put": lambda asked: _put(registry, asked),
            "passes.delete": lambda asked: registry.delete(asked["pass_id"], asked["if_revision"]),
            "passes.code": lambda asked: {"code": "GH1X", "pass": asked["pass_id"], "name": "a1", "ends_at": ENDS},
            "passes.batch": lambda asked: _batch(registry, asked),
        }
        yield standing
    registry.close()


def snapshot(*lanes: LaneView, **changes: Any) -> Snapshot:
    """What the engine publishes of a quiet site with one device, one alarm and a central."""
    device = DeviceView(
        id="io", driver="modbus", state="online", since=WHEN, last_ok_at=WHEN, age_ms=4, frames=12, errors=1
    )
    quiet = stand_in.snapshot(
        *lanes,
        site=msgspec.convert(SITE["site"], SiteView),
        journal=JournalView(id=JOURNAL_ID),
        alarms=(alarm("a-1"),),
        devices=(device,),
        uplink=UplinkView(configured=True, up=True, waiting=3),
    )
    return msgspec.structs.replace(quiet, **changes)


def _put(registry: PassRegistry, asked: dict[str, Any]) -> dict[str, Any]:
    stored, created = registry.put(check_pass(asked["pass"]), asked["if_revision"])
    return {"pass": msgspec.to_builtins(stored), "created": created}


def _batch(registry: PassRegistry, asked: dict[str, Any]) -> dict[str, Any]:
    return msgspec.structs.asdict(registry.import_passes([check_pass(one) for one in asked["passes"]]))


def fails(error: GatehouseError) -> Callable[[dict[str, Any]], Any]:
    """An answer that is an error."""

    def answer(_asked: dict[str, Any]) -> Any:
        raise error

    return answer


@pytest.fixture
def app(data: Path) -> Iterator[Flask]:
    application = create_app(data)
    application.testing = False
    yield application
    held(application).close()


def held(app: Flask) -> Services:
    """What the application holds."""
    found: Services = app.extensions["gatehouse"]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def token(directory: DataDirectory) -> Callable[..., dict[str, str]]:
    """Headers with a token that has these scopes."""

    def make(*scopes: str, name: str = "central") -> dict[str, str]:
        taken = sum(one.name.startswith(name) for one in directory.tokens.list())
        return {"Authorization": f"Bearer {directory.tokens.create(f'{name}-{taken}' if taken else name, scopes)[1]}"}

    return make


class Running:
    """A web server on a real port."""

    def __init__(self, data: Path) -> None:
        self.server = Server(data, "127.0.0.1", 0)
        self.port = self.server.port
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self.server.run, args=(self.stop,), daemon=True)
        self._thread.start()

    @property
    def services(self) -> Services:
        """What the application holds."""
        return held(self.server.app)

    def connect(self) -> http.client.HTTPConnection:
        """A connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request."""
        connection = self.connect()
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict(answer.headers), body

    def end(self) -> None:
        """Stop it in good order."""
        self.stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def running(data: Path) -> Iterator[Running]:
    server = Running(data)
    yield server
    server.end()
