"""*Keep and test the connection* on the page of the broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Broker
from tests.web_installer.settings.conftest import Desk, desk
from web.installer.broker import page
from web.installer.broker.trial import Step

__all__ = ["desk"]
TEST = "/installer/settings/broker/test"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Broker, str, str]]]:
    """What was tried; nothing is dialled."""
    found: list[tuple[Broker, str, str]] = []

    class Recorded:
        def __init__(self, broker: Broker, prefix: str, client: str) -> None:
            found.append((broker, prefix, client))

        def run(self) -> tuple[Step, ...]:
            return Step("name", "ok", {"host": "a"}), Step("port", "refused", {"port": "1883", "address": "a"})

    monkeypatch.setattr(page, "Trial", Recorded)
    yield found


def test_each_broker_is_tried_and_the_page_says_how_far_it_came(desk: Desk, asked: list[Any]) -> None:
    fields = {"brokers": "10.0.0.9:1883\n10.0.0.8:8883", "host": "", "port": "1883", "consumer": "central"}
    desk.post("/installer/settings/broker", act="remove")
    answer = desk.send(TEST, {**fields, "act": "test"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert [(broker.host, broker.port) for broker, _, _ in asked] == [("10.0.0.9", 1883), ("10.0.0.8", 8883)]
    assert asked[0][1:] == ("gatehouse/north-court/gw1", "north-court-gw1-test")
    assert "no program listens on port 1883" in text
    assert '<form method="post" action="/installer/settings/broker" ' in text
    assert desk.draft.site["uplink"]["mqtt"]["brokers"] == ["10.0.0.9:1883", "10.0.0.8:8883"]


def test_the_stored_password_goes_to_its_own_broker(desk: Desk, asked: list[Any]) -> None:
    desk.send(TEST, {"host": "10.0.0.9", "port": "1883", "username": "gw1", "password": "", "consumer": "central"})
    assert asked[0][0].password == "hidden-1"


@pytest.mark.parametrize(
    "change", [{"host": "10.6.6.6"}, {"port": "1884"}, {"username": "other"}, {"ca": "/tmp/ca.pem"}]
)
def test_the_stored_password_goes_nowhere_else(desk: Desk, asked: list[Any], change: dict[str, str]) -> None:
    fields = {"host": "10.0.0.9", "port": "1883", "username": "gw1", "password": "", "consumer": "central"}
    text = desk.send(TEST, {**fields, **change}).get_data(as_text=True)
    assert asked[0][0].password is None
    assert "Type the password" in text


def test_a_password_that_is_typed_is_tried_and_not_shown(desk: Desk, asked: list[Any]) -> None:
    fields = {"host": "10.6.6.6", "port": "1883", "username": "gw1", "password": "typed-9", "consumer": "central"}
    text = desk.send(TEST, fields).get_data(as_text=True)
    assert asked[0][0].password == "typed-9"
    assert "typed-9" not in text
    assert "hidden-1" not in text


def test_a_form_with_faults_is_not_tried(desk: Desk, asked: list[Any]) -> None:
    assert desk.send(TEST, {"host": "10.0.0.9", "port": "nothing"}).status_code == 422
    assert asked == []


def test_a_broker_without_a_name_is_a_mistake_at_its_field(desk: Desk, asked: list[Any]) -> None:
    desk.post("/installer/settings/broker", act="remove")
    assert desk.send(TEST, {"host": "", "port": "1883", "consumer": "central"}).status_code == 422
    assert desk.send(TEST, {}).status_code == 422
    assert asked == []


def test_a_draft_without_ids_is_tried_with_those_that_run(desk: Desk, asked: list[Any]) -> None:
    desk.draft.save({key: value for key, value in desk.draft.site.items() if key not in ("site", "gateway")})
    assert desk.send(TEST, {"host": "10.0.0.9", "port": "1883", "consumer": "central"}).status_code == 200
    assert asked[0][1:] == ("gatehouse/north-court/gw1", "north-court-gw1-test")


def test_an_entry_that_is_no_broker_is_refused_without_the_engine_too(desk: Desk, asked: list[Any]) -> None:
    desk.post("/installer/settings/broker", act="remove")
    desk.engine.stop()
    assert desk.send(TEST, {"brokers": "nonsense", "host": "", "port": "1883"}).status_code == 422
    assert asked == []


def test_a_second_test_waits(desk: Desk, asked: list[Any]) -> None:
    with page._one_at_a_time:
        assert desk.send(TEST, {"host": "10.0.0.9", "port": "1883"}).status_code == 503
    assert asked == []


def test_the_form_has_the_button(desk: Desk, tmp_path: Path) -> None:
    assert f'formaction="{TEST}"' in desk.get("/installer/settings/broker")
    desk.enter("Lin")
    assert desk.send(TEST, {"host": "a"}).status_code == 403
