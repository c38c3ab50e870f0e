"""A parameter or a field that comes twice is refused, so that no two readers take different ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import Write


@pytest.mark.parametrize(
    "path",
    [
        "passes?limit=1&limit=2", "passes?q=a&q=a", "events?limit=1&limit=2", "events?lastEventId=&lastEventId=",
        "events.csv?from=2026-01-01&from=2026-01-02", "visits?inside=true&inside=false",
    ],
)  # fmt: skip
def test_a_parameter_that_comes_twice_is_a_400(
    client: FlaskClient, token: Callable[..., dict[str, str]], write: Write, path: str
) -> None:
    write(3)
    answer = client.get(f"/api/v1/{path}", headers=token("passes:read", "events:read", "state:read"))
    assert (answer.status_code, answer.json["code"]) == (400, "request_invalid")
    assert "is given 2 times; give it once" in answer.json["detail"]


def test_event_types_may_repeat(client: FlaskClient, token: Callable[..., dict[str, str]], write: Write) -> None:
    write(3)
    path = "/api/v1/events?type=alarm.raised&type=passage.entered"
    assert client.get(path, headers=token("events:read")).status_code == 200


def test_a_form_field_that_comes_twice_is_a_400(client: FlaskClient, engine: EngineStandIn) -> None:
    answer = client.post(
        "/sign-in", data={"name": ["Lin", "Wei"], "pin": "2468"}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json["code"]) == (400, "request_invalid")
    assert client.post("/sign-in", data={"name": "Lin", "pin": "1"}).status_code != 400


def test_a_stop_is_not_refused_for_its_form(client: FlaskClient, engine: EngineStandIn) -> None:
    answer = client.post("/guard/stop", data={"lane": ["in", "in"]}, headers={"Accept": "application/json"})
    assert answer.json.get("code") != "request_invalid"
