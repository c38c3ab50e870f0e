"""A gateway on which no operator was ever made, and its web application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.vocabulary import rows
from gateway.store.directory import DataDirectory
from gateway.store.settings.people import People
from tests.support.engine_stand_in import EngineStandIn, engine_stand_in
from web.platform.app import create_app

EMPTY: dict[str, Any] = {"site": {"id": "site", "name": "Gatehouse"}, "gateway": {"id": "gw-abc123"}}
FORM = {"site_name": "North Court", "timezone": "Asia/Shanghai", "locale": "en", "name": "Ana", "pin": "7391"}


class Fresh:
    """The data directory, its code, and the engine's part of the set-up."""

    def __init__(self, path: Path) -> None:
        self.directory = DataDirectory(path)
        self.code = self.directory.create(EMPTY)
        self.rows: list[rows.Row] = []
        self.people: People = self.directory.people(self.rows.append)

    def finish(self, asked: dict[str, Any]) -> dict[str, str]:
        """What the engine does with `setup.finish`."""
        return self.people.set_up(asked["code"], asked["form"], asked["pin_hash"], asked["via"])


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    return Fresh(tmp_path / "data")


@pytest.fixture
def engine(fresh: Fresh) -> Iterator[EngineStandIn]:
    with engine_stand_in(fresh.directory.socket) as standing:
        standing.answers = {
            "ping": lambda _: {"ready": True, "missing": [], "gateway": "gw-abc123", "journal": "j", "version": "1"},
            "setup.finish": fresh.finish,
        }
        yield standing


@pytest.fixture
def app(fresh: Fresh) -> Iterator[Flask]:
    application = create_app(fresh.directory.path)
    application.testing = False
    yield application
    application.extensions["gatehouse"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    found = app.test_client()
    found.set_cookie("gatehouse_lang", "en")
    return found
