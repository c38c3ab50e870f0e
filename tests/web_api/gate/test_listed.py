"""Lists of vehicles over HTTP, with a real engine behind: a hazardous car is refused, a watched one told silently."""

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

from gateway.core.vocabulary.events import CredentialRead
from tests.engine.settings.conftest import SITE, Box, until
from web.api import routes

Tokens = Callable[..., dict[str, str]]
URL = "/api/v1/listed"
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
        name = "/listed/{entry}" if path.startswith("/") else "/listed"
        found = DESCRIPTION["paths"][name][method.lower()]["responses"][str(answer.status_code)]
        if "$ref" in found:
            found = DESCRIPTION["components"]["responses"][found["$ref"].rpartition("/")[2]]
        if answer.status_code != 204:
            schema = {**found["content"][answer.mimetype]["schema"], "components": DESCRIPTION["components"]}
            Draft202012Validator(schema).validate(answer.json)
        return answer

    def put(self, **said: Any) -> dict[str, Any]:
        answer = self.send("POST", body={"reason": "asked for by the office", **said})
        assert answer.status_code == 201, answer.json
        return answer.json  # type: ignore[return-value]


@pytest.fixture
def central(client: FlaskClient, token: Tokens) -> Central:
    return Central(client, token("listed:read", "listed:write", name="central"))


def rows(box: Box, type: str) -> list[dict[str, Any]]:
    return [json.loads(one.text)["data"] for one in box.rows(type)]


def read(box: Box, kind: str, value: str) -> None:
    """A car stands on the loop and shows this."""
    box.set(approach=True)
    until(lambda: box.lane("in")["approach"])
    box.bus("reader-in").report(CredentialRead("reader-in", kind, value))


def test_an_entry_has_its_author_its_reason_and_its_end(box: Box, central: Central) -> None:
    made = central.put(list="watch", plate="粤B·12345")
    assert (made["list"], made["value"], made["by"]) == ("watch", "粤B12345", "central")
    assert made["until"] > (datetime.now(UTC) + timedelta(days=29)).isoformat()
    [row] = rows(box, "listed.added")
    assert (row["entry"], row["reason"], row["via"]) == (made["entry"], "asked for by the office", "http")
    shown = central.send("GET", "?list=watch").json
    assert shown is not None
    assert [one["entry"] for one in shown["items"]] == [made["entry"]]
    hazardous = central.send("GET", "?list=hazardous").json
    assert hazardous is not None
    assert hazardous["items"] == []


def test_a_watched_plate_is_told_at_once_by_row_and_alarm(box: Box, central: Central) -> None:
    made = central.put(list="watch", plate="粤B12345")
    read(box, "plate", "粤B12345")
    until(lambda: rows(box, "watch.seen"))
    assert rows(box, "watch.seen")[0]["entry"] == made["entry"]
    assert [row["kind"] for row in rows(box, "alarm.raised")] == ["watched"]


def test_a_hazardous_card_is_refused_by_as_many_bits_as_the_site_compares(box: Box, central: Central) -> None:
    central.put(list="hazardous", card="472288")
    read(box, "card", "472288")
    until(lambda: rows(box, "access.denied"))
    assert rows(box, "access.denied")[0]["reason"] == "hazardous_load"


def test_an_entry_that_is_taken_off_holds_no_longer(box: Box, central: Central) -> None:
    made = central.put(list="hazardous", plate="粤B12345")
    assert central.send("DELETE", f"/{made['entry']}").status_code == 204
    assert central.send("DELETE", f"/{made['entry']}").status_code == 404
    read(box, "plate", "粤B12345")
    until(lambda: rows(box, "access.denied"))
    assert rows(box, "access.denied")[0]["reason"] == "unknown_credential"
    assert rows(box, "listed.removed")[0]["by"] == "central"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"list": "watch"}, "a plate or a card"),
        ({"list": "watch", "plate": "粤B12345", "card": "1"}, "a plate or a card"),
        ({"list": "blocked", "plate": "粤B12345"}, "list"),
        ({"list": "watch", "plate": "??"}, "no plate"),
        ({"list": "watch", "card": "car"}, "decimal"),
        ({"list": "watch", "plate": "粤B12345", "reason": "call 13800138000"}, "digits"),
        ({"list": "watch", "plate": "粤B12345", "reason": " "}, "say why"),
        ({"list": "watch", "plate": "粤B12345", "until": "2020-01-01T00:00:00Z"}, "has passed"),
        ({"list": "watch", "plate": "粤B12345", "until": "2090-01-01T00:00:00Z"}, "at most 366 days"),
        ({"list": "watch", "plate": "粤B12345", "until": "soon"}, "instant such as"),
        ({"list": "watch", "plate": "粤B12345", "who": "me"}, "who"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(box: Box, central: Central, said: dict[str, Any], wrong: str) -> None:
    answer = central.send("POST", body={"reason": "asked for by the office", **said})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["code"] == "listed_invalid"
    assert wrong in answer.json["detail"]
    assert rows(box, "listed.added") == []


def test_who_reads_the_state_does_not_see_who_is_watched(box: Box, client: FlaskClient, token: Tokens) -> None:
    assert client.get(URL, headers=token("state:read", name="other")).status_code == 403
