"""The command line called as a user does, in this process where that proves as much."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway.cli import main


class Outcome(NamedTuple):
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Gatehouse = Callable[..., Outcome]

SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court"},
    "gateway": {"id": "gw1", "clock": "trusted"},
    "devices": [{"id": "io", "driver": "noop"}, {"id": "reader", "driver": "noop"}],
    "lanes": [
        {
            "id": "in",
            "direction": "entry",
            "readers": ["reader"],
            "barrier": {"open": "io.output.0", "close": "io.output.1", "safety_loop": "io.input.2"},
        }
    ],
    "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
    "uplink": {"mqtt": {"host": "127.0.0.1", "username": "gw", "password": "geheim"}},
}


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """A command that is called in this process may set signal handlers: they are put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The usual one before a command; what a command makes of it is put back."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def gatehouse(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path) -> Gatehouse:
    """Runs a command on `data`."""
    monkeypatch.setenv("GATEHOUSE_DATA", str(data))
    # A device that is well is given all the time that it takes; a check ends as soon as all have answered.
    monkeypatch.setattr("gateway.check.devices.TRY_S", 5.0)

    def call(*argv: object) -> Outcome:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in argv])
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        return Outcome(status, *capsys.readouterr())

    return call


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data directory is, or is to be."""
    return tmp_path / "data"


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    """A site file that is fine."""
    path = tmp_path / "site.json"
    path.write_text(json.dumps(SITE))
    return path


@pytest.fixture
def made(gatehouse: Gatehouse, data: Path, site_file: Path) -> Path:
    """A data directory with that site."""
    assert gatehouse("init", "--site", site_file).status == 0
    return data
