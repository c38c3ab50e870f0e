"""A gateway with some settings, an engine that checks them as the real one does, and an installer who is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from drivers.catalogue import catalogue
from drivers.registry import configure
from gateway.core.settings.roles import Role
from gateway.store.directory import DataDirectory
from gateway.store.settings.planning import plan
from tests.support.engine_stand_in import EngineStandIn, engine_stand_in
from web.installer.frame.draft import Draft
from web.people.auth import COOKIE
from web.people.sessions import form_token
from web.platform.app import create_app

SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court", "locale": "en"},
    "gateway": {"id": "gw1", "http": {"port": 8080}, "retention": {"days": 200}},
    "devices": [
        {"id": "card", "driver": "rdm6300", "name": "Card in", "port": "/dev/serial/by-path/usb-1"},
        {"id": "osdp-1", "driver": "osdp", "port": "/dev/serial/by-path/usb-2", "key": "0123456789abcdef" * 2},
        {"id": "io", "driver": "modbus", "board": "waveshare-io-8ch", "link": {"type": "tcp", "host": "10.0.0.5"}},
    ],
    "lanes": [
        {
            "id": "in",
            "name": "North in",
            "direction": "entry",
            "readers": ["card"],
            "barrier": {"open": "io.output.0", "at_open": "io.input.0", "at_closed": "io.input.1"},
        }
    ],
    "groups": [{"id": "12-3", "places": 2}, {"id": "12-4", "places": 1}],
    "stations": [{"id": "north", "name": "North booth", "lanes": ["in"]}],
    "operators": [
        {"name": "Ana", "role": Role.INSTALLER, "pin": "7391"},
        {"name": "Lin", "role": Role.GUARD, "pin": "2468"},
    ],
    "tariffs": [
        {
            "id": "visitor",
            "currency": "CNY",
            "free_minutes": 30,
            "blocks": [{"minutes": 60, "price": 500}, {"minutes": 60, "price": 200}],
            "day_cap": 3000,
            "periods": [
                {
                    "id": "night",
                    "from": "21:00",
                    "until": "07:00",
                    "blocks": [{"minutes": 120, "price": 300}],
                    "cap": 900,
                },
                {
                    "id": "rush",
                    "from": "07:00",
                    "until": "09:00",
                    "weekdays": "fri,mon-wed",
                    "blocks": [{"minutes": 30, "price": 400}],
                },
            ],
        }
    ],
    "charging": {"rules": [{"pass_kind": "staff", "tariff": None}, {"vehicle_class": "car", "tariff": "visitor"}]},
    "calendar": {"country": "CN", "holidays": ["2027-02-08"], "workdays": ["2027-02-14", "2027-02-13"]},
    "uplink": {"mqtt": {"host": "10.0.0.9", "username": "gw1", "password": "hidden-1"}},
}


class Desk:
    """The installer's browser without a browser: a client with a session, and what the engine was asked."""

    def __init__(self, directory: DataDirectory, engine: EngineStandIn, app: Flask) -> None:
        self.directory, self.engine, self.app = directory, engine, app
        self.client: FlaskClient = app.test_client()
        self.client.set_cookie("gatehouse_lang", "en")
        self.enter("Ana")

    def enter(self, name: str) -> None:
        """Sign in as that operator."""
        held = self.app.extensions["gatehouse"]
        self.token = held.sessions.create(held.site.operators()[name])
        self.client.set_cookie(COOKIE, self.token)

    def get(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = self.client.get(path)
        assert answer.status_code == status, (answer.status_code, answer.location)
        return answer.get_data(as_text=True)

    def post(self, path: str, **fields: Any) -> Any:
        """Send a form; the fields by their names, `__` for a dot."""
        return self.send(path, {name.replace("__", "."): value for name, value in fields.items()})

    def send(self, path: str, fields: dict[str, Any]) -> Any:
        """Send a form with fields of any name."""
        return self.client.post(path, data={"csrf": form_token(self.token), **fields})

    @property
    def draft(self) -> Draft:
        """The working draft of Ana."""
        held = self.app.extensions["gatehouse"]
        return Draft("Ana", held.site, held.database)


def planned(directory: DataDirectory, document: Any) -> dict[str, Any]:
    """What the engine says to `site.plan`."""
    return plan(directory.versions, document, lambda settings: tuple(configure(settings))).shown()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    directory = DataDirectory(tmp_path / "data")
    directory.create(SITE)
    with engine_stand_in(directory.socket) as engine:
        engine.answers = {
            "driver.list": lambda _: msgspec.to_builtins(catalogue(tmp_path)),
            "site.plan": lambda asked: planned(directory, asked["document"]),
        }
        app = create_app(directory.path)
        yield Desk(directory, engine, app)
        app.extensions["gatehouse"].close()
