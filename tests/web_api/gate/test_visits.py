"""Visitors over HTTP, with a real engine behind: announced, let in, corrected, cancelled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from gateway.core.vocabulary.errors import IdempotencyConflictError
from gateway.core.vocabulary.events import CredentialRead
from tests.engine.settings.conftest import SITE, Box, until
from web.api import routes

Tokens = Callable[..., dict[str, str]]
URL = "/api/v1/visits"
DESCRIPTION = json.loads(Path(routes.__file__).with_name("openapi.json").read_text())


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    found = Box(tmp_path / "data", SITE)
    until(lambda: found.lane("in")["arm"] == "closed")
    yield found
    found.stop()


@pytest.fixture
def data(box: Box) -> Path:
    return box.directory.path


class Central:
    """A program with a token; every answer is as the description says."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    def send(self, method: str, path: str = "", body: Any = None) -> TestResponse:
        more = {} if body is None else {"json": body}
        answer = self._client.open(URL + path, method=method, headers=self._headers, **more)
        name = "/visits/{visit}" if path.startswith("/") else "/visits"
        found = DESCRIPTION["paths"][name][method.lower()]["responses"][str(answer.status_code)]
        if "$ref" in found:
            found = DESCRIPTION["components"]["responses"][found["$ref"].rpartition("/")[2]]
        if answer.status_code != 204:
            schema = {**found["content"][answer.mimetype]["schema"], "components": DESCRIPTION["components"]}
            Draft202012Validator(schema).validate(answer.json)
        return answer

    def announce(self, **said: Any) -> dict[str, Any]:
        answer = self.send("POST", body=said)
        assert answer.status_code == 201, answer.json
        return answer.json  # type: ignore[return-value]


@pytest.fixture
def central(client: FlaskClient, token: Tokens) -> Central:
    return Central(client, token("state:read", "visits:write", name="central"))


def rows(box: Box, type: str) -> list[dict[str, Any]]:
    return [json.loads(one.text)["data"] for one in box.rows(type)]


def read(box: Box, kind: str, value: str) -> None:
    """A car stands on the loop and shows this."""
    box.set(approach=True)
    until(lambda: box.lane("in")["approach"])
    box.bus("reader-in").report(CredentialRead("reader-in", kind, value))


def test_an_announced_visitor_is_let_in_by_its_plate_at_once(box: Box, central: Central) -> None:
    made = central.announce(plate="粤B·12345", unit="4-201", purpose="parcel", people=2)
    assert made["state"] == "expected"
    read(box, "plate", "粤B12345")
    until(lambda: rows(box, "access.granted"))
    (granted,) = rows(box, "access.granted")
    assert (granted["reason"], granted["visit"]) == ("expected_visit", made["id"])
    (told,) = rows(box, "visit.announced")
    assert (told["by"], told["via"], told["plate"], told["unit"]) == ("central", "http", "粤B12345", "4-201")
    assert made["code"] not in json.dumps(told)


def test_an_announced_visitor_is_let_in_by_its_code(box: Box, central: Central) -> None:
    made = central.announce(unit="4-201")
    read(box, "qr", made["code"])
    until(lambda: rows(box, "access.granted"))
    assert rows(box, "access.granted")[0]["visit"] == made["id"]


def test_a_cancelled_visitor_is_not_let_in(box: Box, central: Central) -> None:
    made = central.announce(plate="粤B12345")
    assert central.send("DELETE", f"/{made['id']}").status_code == 204
    assert central.send("DELETE", f"/{made['id']}").status_code == 204
    read(box, "plate", "粤B12345")
    until(lambda: rows(box, "access.denied"))
    assert rows(box, "access.denied")[0]["reason"] == "unknown_credential"
    assert central.send("PATCH", f"/{made['id']}", {"people": 3}).status_code == 409
    assert len(rows(box, "visit.cancelled")) == 1


def test_what_was_deleted_is_gone_from_its_address_and_listed_as_cancelled(central: Central) -> None:
    made = central.announce(plate="粤B12345")
    assert central.send("GET", f"/{made['id']}").status_code == 200
    assert central.send("DELETE", f"/{made['id']}").status_code == 204
    gone: Any = central.send("GET", f"/{made['id']}")
    assert (gone.status_code, "state=cancelled" in gone.json["detail"]) == (404, True)
    listed: Any = central.send("GET", "?state=cancelled").json
    assert [one["id"] for one in listed["items"]] == [made["id"]]


def test_a_correction_changes_what_is_named(central: Central) -> None:
    made = central.announce(plate="粤B12345", unit="4-201", people=2)
    answer: Any = central.send("PATCH", f"/{made['id']}", {"plate": "粤C99999"}).json
    assert (answer["plate"], answer["unit"], answer["people"]) == ("粤C99999", "4-201", 2)
    found: Any = central.send("GET", "?state=expected&q=c999").json
    assert [one["id"] for one in found["items"]] == [made["id"]]


def test_a_plate_is_of_one_visitor_at_a_time(central: Central) -> None:
    made = central.announce(plate="粤B12345")
    again = central.send("POST", body={"plate": "粤B12345"})
    assert (again.status_code, again.json and again.json["code"]) == (409, "visit_conflict")
    assert made["id"] in str(again.json)
    assert central.send("PATCH", f"/{made['id']}", {"plate": "粤B12345", "people": 2}).status_code == 200


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"plate": "无牌"}, "leave it out"),
        ({"card": "no card"}, "card's number in decimal"),
        ({"people": 0}, "people"),
        ({"people": "two"}, "people"),
        ({"purpose": "call 13900000000"}, "digits in a row"),
        ({"unit": "x" * 101}, "101 characters"),
        ({"until": "tomorrow"}, "give an instant such as"),
        ({"until": "2020-01-01T00:00:00Z"}, "is not after from"),
        ({"from": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}, "has passed"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "give an instant such as"),
        ({"from": "1600-01-01T00:00:00Z"}, "give an instant such as"),
        ({"until": "2099-01-01T00:00:00Z"}, "at most 92 days ahead"),
        ({"vehicle_class": "tank"}, "use one of"),
        ({"holder": "Wang"}, "is not a known key"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(central: Central, said: dict[str, Any], words: str) -> None:
    answer = central.send("POST", body=said)
    assert answer.status_code == 422
    assert words in str(answer.json and answer.json["detail"])


def test_unknown_visits_and_scopes(central: Central, client: FlaskClient, token: Tokens) -> None:
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert central.send(method, "/none", body).status_code == 404
    reader = Central(client, token("state:read", name="reader"))
    assert reader.send("POST", body={}).status_code == 403
    assert reader.send("GET", "?state=gone").status_code == 400
    assert reader.send("GET", "?state=inside&inside=perhaps").status_code == 400


def test_without_an_until_the_day_of_the_site_is_the_end(central: Central) -> None:
    made = central.announce(plate="粤B12345")
    found: Any = central.send("GET", f"/{made['id']}").json
    assert found["until"].endswith("T16:00:00.000Z"), "midnight at Asia/Shanghai"


def announce_by_mqtt(box: Box, **said: Any) -> dict[str, Any]:
    """The op, as the uplink calls it for an order on `/visits` of one and the same id."""
    answer: dict[str, Any] = box.call("visits.add", request="mqtt:v1", visitor=said, by="central", via="mqtt")
    return answer


@pytest.mark.parametrize("said", [{"plate": "粤B12345"}, {"unit": "4-201"}])
def test_an_order_that_comes_again_announces_no_other_visitor(box: Box, central: Central, said: dict[str, str]) -> None:
    first = announce_by_mqtt(box, **said)
    assert announce_by_mqtt(box, **said) == first, "the answer was lost on its way, and the order came again"
    box.stop()
    box.start()
    assert announce_by_mqtt(box, **said) == first, "also after a restart"
    assert len(rows(box, "visit.announced")) == 1
    until(lambda: box.lane("in")["arm"] == "closed")
    read(box, "qr", first["code"])
    until(lambda: rows(box, "access.granted"))
    assert rows(box, "access.granted")[0]["visit"] == first["id"]


def test_an_order_of_the_same_id_with_other_contents_announces_no_one(box: Box) -> None:
    announce_by_mqtt(box, unit="4-201")
    with pytest.raises(IdempotencyConflictError):
        announce_by_mqtt(box, unit="4-202")
    assert len(rows(box, "visit.announced")) == 1


def test_a_card_of_a_visitor_who_left_unseen_goes_to_the_next_one(box: Box, central: Central) -> None:
    before = central.announce(card="4711")
    expected = central.send("POST", body={"card": "4711"}).json
    assert expected and "cancel it, or say another time or card" in expected["detail"]
    enter(box, "card", "4711")
    until(lambda: central.send("GET", f"/{before['id']}").json["state"] == "inside")  # type: ignore[index]
    inside = central.send("POST", body={"card": "4711"}).json
    assert inside and "take its card off it first" in inside["detail"]
    assert central.send("PATCH", f"/{before['id']}", {"card": None}).status_code == 200
    assert central.send("POST", body={"card": "4711"}).status_code == 201


def test_who_is_inside_today_is_announced_for_another_day(box: Box, central: Central) -> None:
    today = central.announce(plate="粤B12345")
    enter(box, "plate", "粤B12345")
    until(lambda: central.send("GET", f"/{today['id']}").json["state"] == "inside")  # type: ignore[index]
    assert central.send("POST", body={"plate": "粤B12345"}).status_code == 409
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    assert central.announce(plate="粤B12345", **{"from": later})["state"] == "expected"


def test_on_a_full_disk_nothing_is_answered_that_the_gate_does_not_know(
    box: Box, central: Central, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = central.announce(plate="粤B12345")
    monkeypatch.setattr(box.engine._recorder, "degraded", "the disk is full")
    for method, path, body in (("POST", "", {"unit": "1"}), ("PATCH", f"/{made['id']}", {"unit": "1"})):
        answer = central.send(method, path, body)
        assert (answer.status_code, answer.json and answer.json["code"]) == (503, "storage_failed")
        assert "the disk is full); free space" in str(answer.json)
    assert central.send("DELETE", f"/{made['id']}").status_code == 503
    monkeypatch.undo()
    assert central.send("DELETE", f"/{made['id']}").status_code == 204
    assert len(rows(box, "visit.announced")) == 1


def enter(box: Box, kind: str, value: str) -> None:
    """A car shows this, is let in and crosses."""
    read(box, kind, value)
    until(lambda: rows(box, "access.granted"))
    box.set(at_closed=False)
    box.set(at_open=True)
    until(lambda: box.lane("in")["arm"] == "open")
    box.set(safety=True)
    box.set(approach=False)
    until(lambda: not box.lane("in")["approach"])
    box.set(safety=False)
    until(lambda: rows(box, "passage.entered"))
