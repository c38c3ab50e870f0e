"""The office's pages in front of a real engine whose arms are played by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.store.settings import secrets as secrets_module
from tests.engine.visits.paying import PayingGate, paying_site
from tests.support.engine import Running
from tests.web_guard.identity.conftest import OPERATORS, site
from tests.web_installer.conftest import Desk
from web.platform.app import create_app

OFFICE, LEADER, GUARD = "方敏", "陈班长", "林小军"


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """An engine with a guard, a leader and the office."""
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)
    running = Running(tmp_path / "data", site())
    running.bus.restore()
    yield running
    running.stop()


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PayingGate]:
    """A site that charges, with the same people; a visitor has been inside for 61 minutes, and must pay 10.00."""
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)
    charging = paying_site()
    charging["site"] |= {"locale": "zh_CN", "timezone": "Asia/Shanghai"}
    found = PayingGate(tmp_path / "till", site={**charging, "operators": OPERATORS})
    yield found
    found.stop()


@pytest.fixture
def office(gate: Running) -> Desk:
    """A browser of the office."""
    return desk(gate, OFFICE)


def desk(gate: Running, name: str) -> Desk:
    """A browser of a person."""
    return Desk(create_app(gate.directory.path).test_client(), name)


def told(gate: Running, type_: str) -> list[dict[str, Any]]:
    """What the rows of a type say."""
    return [row.data() for row in gate.rows(type_)]
