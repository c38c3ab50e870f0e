"""Who is inside over HTTP, with a real engine behind: counted, corrected, two authors at once, a full car park."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
DESCRIPTION = json.loads(Path(routes.__file__).with_name("openapi.json").read_text())
WHY = {"reason": "seen on the round"}
RESIDENT = {"id": "p1", "kind": "monthly", "cards": ["11"], "plates": ["粤B11111"], "holder": "张小明"}


def site() -> dict[str, Any]:
    document = copy.deepcopy(SITE)
    document["site"]["capacity"] = 2
    return document


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    found = Box(tmp_path / "data", site())
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

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        more = {} if body is None else {"json": body}
        answer = self._client.open(f"/api/v1{path}", method=method, headers={**self._headers, **headers}, **more)
        place = path.partition("?")[0]
        if place.startswith("/visits/"):
            place = "/visits/{visit}" + ("/end" if place.endswith("/end") else "")
        found = DESCRIPTION["paths"][place][method.lower()]["responses"][str(answer.status_code)]
        if "$ref" in found:
            found = DESCRIPTION["components"]["responses"][found["$ref"].rpartition("/")[2]]
        schema = {**found["content"][answer.mimetype]["schema"], "components": DESCRIPTION["components"]}
        Draft202012Validator(schema).validate(answer.json)
        return answer

    def get(self, path: str = "/inside") -> Any:
        answer = self.send("GET", path)
        assert answer.status_code == 200, answer.json
        return answer.json

    def came(self, plate: str, **more: Any) -> dict[str, Any]:
        answer = self.send("POST", "/inside/cars", {"plate": plate, **WHY, **more})
        assert answer.status_code == 201, answer.json
        return answer.json  # type: ignore[return-value]

    def refused(self, path: str, body: Any, status: int = 409) -> str:
        answer = self.send("POST", path, body)
        assert answer.status_code == status, answer.json
        assert answer.json is not None
        return str(answer.json.get("reason") or answer.json["detail"])


@pytest.fixture
def central(client: FlaskClient, token: Tokens) -> Central:
    return Central(client, token("state:read", "visits:write", name="central"))


def rows(box: Box, type: str) -> list[dict[str, Any]]:
    return [json.loads(one.text)["data"] for one in box.rows(type)]


def decided(box: Box, value: str) -> str:
    """The reason of the decision on a visitor's plate that is read at the entry."""
    before = len(box.rows("access.granted", "access.referred"))
    box.bus("reader-in").report(CredentialRead("reader-in", "plate", value))
    until(lambda: len(box.rows("access.granted", "access.referred")) > before)
    found = json.loads(box.rows("access.granted", "access.referred")[-1].text)["data"]
    return str(found["reason"])


def test_a_declared_car_is_inside_until_it_is_ended_by_hand(box: Box, central: Central) -> None:
    made = central.came("粤B·12345")
    assert (made["state"], made["plate"], made["kind"], made["certainty"]) == (
        "inside",
        "粤B12345",
        "unknown",
        "declared",
    )
    assert (central.get()["count"], central.get()["free"]) == (1, 1)
    ended: Any = central.send("POST", f"/visits/{made['id']}/end", {"reason": "gone by tow truck"}).json
    assert (ended["state"], ended["ended"], ended["ended_by"]) == ("ended", "by_hand", "central")
    assert central.get()["count"] == 0
    (left,) = rows(box, "visit.left_unseen")
    assert (left["by"], left["via"], left["reason"], left["visit"]) == (
        "central",
        "http",
        "gone by tow truck",
        made["id"],
    )


def test_of_two_authors_who_end_one_visit_one_is_told_by_whom(
    box: Box, central: Central, client: FlaskClient, token: Tokens
) -> None:
    made = central.came("粤B12345")
    others = [Central(client, token("visits:write", "state:read", name=name)) for name in ("Lin", "Wu")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one.send("POST", f"/visits/{made['id']}/end", WHY), others))
    assert sorted(one.status_code for one in answers) == [200, 409]
    (told,) = [one.json for one in answers if one.status_code == 409]
    assert told and told["reason"] == "visit_over"
    (left,) = rows(box, "visit.left_unseen")
    assert f"{left['by']} has ended it already" in told["detail"]


def test_the_next_decision_counts_a_correction_that_was_answered(box: Box, central: Central) -> None:
    for plate in ("粤B77777", "粤B88888"):
        assert central.send("POST", "/visits", {"plate": plate}).status_code == 201
    central.came("粤B1")
    second = central.came("粤B2")
    box.set(approach=True)
    assert decided(box, "粤B77777") == "car_park_full"
    central.send("POST", f"/visits/{second['id']}/end", WHY)
    assert decided(box, "粤B88888") == "expected_visit"


def test_the_number_that_a_person_has_set_fills_the_car_park(box: Box, central: Central) -> None:
    assert central.send("POST", "/visits", {"plate": "粤B77777"}).status_code == 201
    found: Any = central.send("POST", "/inside/count", {"count": 2, **WHY, "seen": ""}).json
    assert (found["count"], found["free"], found["set"]["by"]) == (2, 0, "central")
    box.set(approach=True)
    assert decided(box, "粤B77777") == "car_park_full"
    assert central.refused("/inside/count", {"count": 0, **WHY, "seen": ""}) == "count_changed"
    seen = {"seen": found["set"]["correction"]}
    assert central.send("POST", "/inside/count", {"count": 0, **WHY, **seen}).status_code == 200


def test_the_number_is_kept_over_a_restart(box: Box, central: Central) -> None:
    central.came("粤B1")
    central.send("POST", "/inside/count", {"count": 7, **WHY})
    box.stop()
    box.start()
    assert (central.get()["count"], central.get()["visits"]) == (7, 1)


def test_a_repeat_with_its_key_corrects_once_and_one_with_another_body_is_refused(box: Box, central: Central) -> None:
    key = {"Idempotency-Key": "k1"}
    first = central.send("POST", "/inside/cars", {"plate": "粤B1", **WHY}, **key)
    again = central.send("POST", "/inside/cars", {"plate": "粤B1", **WHY}, **key)
    assert (first.status_code, first.json and first.json["id"]) == (201, again.json and again.json["id"])
    assert len(rows(box, "visit.came_unseen")) == 1
    assert central.send("POST", "/inside/cars", {"plate": "粤B2", **WHY}, **key).status_code == 422


def test_a_resident_is_declared_with_its_pass_and_goes_out_by_its_card(box: Box, central: Central) -> None:
    box.call("passes.put", by="office", via="http", **{"pass": RESIDENT})
    made = central.came("粤B11111")
    assert (made["pass"], made["kind"]) == ("p1", "monthly")
    assert central.refused("/inside/cars", {"plate": "粤B11111", **WHY}) == "already_inside"
    leave(box, "11")
    (exited,) = rows(box, "passage.exited")
    assert (exited["visit"], exited["entered_at"]) == (made["id"], made["entered_at"])
    until(lambda: central.get()["count"] == 0)


def leave(box: Box, card: str) -> None:
    """A car shows its card at the exit and crosses."""
    until(lambda: box.lane("out")["arm"] == "closed")
    box.set("io2", approach=True)
    until(lambda: box.lane("out")["approach"])
    box.card(card, "reader-out")
    until(lambda: rows(box, "access.granted"))
    box.set("io2", at_closed=False)
    box.set("io2", at_open=True)
    until(lambda: box.lane("out")["arm"] == "open")
    box.set("io2", safety=True)
    box.set("io2", approach=False)
    until(lambda: not box.lane("out")["approach"])
    box.set("io2", safety=False)
    until(lambda: rows(box, "passage.exited"))


def test_an_expected_visitor_is_declared_by_its_visit_or_its_plate(box: Box, central: Central) -> None:
    one: Any = central.send("POST", "/visits", {"plate": "粤B77777"}).json
    other: Any = central.send("POST", "/visits", {"unit": "4-201"}).json
    assert central.came("粤B77777")["id"] == one["id"]
    found: Any = central.send("POST", "/inside/cars", {"visit": other["id"], **WHY}).json
    assert (found["id"], found["state"], found["kind"]) == (other["id"], "inside", "visitor")
    assert central.refused("/inside/cars", {"visit": other["id"], **WHY}) == "already_inside"
    assert central.get()["visitor"] == 2


def test_visits_are_found_by_kind_age_and_holder(
    box: Box, central: Central, client: FlaskClient, token: Tokens
) -> None:
    box.call("passes.put", by="office", via="http", **{"pass": RESIDENT})
    old = central.came("粤B11111", entered_at="2026-01-01T00:00:00Z")
    central.came("粤B2")

    def ids(query: str, of: Central = central) -> list[str]:
        return [one["plate"] for one in of.get(f"/visits?state=inside&{query}")["items"]]

    assert old["entered_at"] == "2026-01-01T00:00:00.000Z"
    assert ids("older_than_h=24") == ids("kind=monthly") == ids("overstayed=true") == ["粤B11111"]
    assert ids("kind=unknown") == ["粤B2"]
    assert ids("q=zxm") == [], "holders are for those who read passes"
    assert ids("q=zxm", Central(client, token("state:read", "passes:read", name="office"))) == ["粤B11111"]
    for query in ("older_than_h=0", "kind=car", "overstayed=perhaps"):
        assert central.send("GET", f"/visits?{query}").status_code == 400
    assert central.send("GET", "/visits?older_than_h=1&overstayed=true").status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/visits/v1/end", {}, "reason"),
        ("/visits/v1/end", {"reason": " "}, "say why"),
        ("/visits/v1/end", {"reason": "call 13900000000"}, "digits in a row"),
        ("/inside/cars", {"reason": "x"}, "either plate or visit"),
        ("/inside/cars", {"reason": "x", "plate": "粤B1", "visit": "v1"}, "either plate or visit"),
        ("/inside/cars", {"reason": "x", "plate": "无牌"}, "which is no plate"),
        ("/inside/cars", {"reason": "x", "visit": "../x"}, "is no id"),
        ("/inside/cars", {"reason": "x", "plate": "粤B1", "entered_at": "2026-01-01T00:00:00"}, "no offset"),
        ("/inside/cars", {"reason": "x", "plate": "粤B1", "entered_at": "2999-01-01T00:00:00Z"}, "entered_invalid"),
        ("/inside/count", {"reason": "x", "count": -1}, "count"),
        ("/inside/count", {"reason": "x", "count": "many"}, "count"),
        ("/inside/count", {"reason": "x", "count": 1_000_001}, "count"),
        ("/inside/count", {"reason": "x", "count": 1, "by": "Lin"}, "by"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(central: Central, path: str, body: Any, words: str) -> None:
    if path.startswith("/visits"):
        central.came("粤B9")
    answer = central.send("POST", path, body)
    assert answer.status_code == 422
    assert words in json.dumps(answer.json, ensure_ascii=False)


def test_unknown_visits_and_scopes(central: Central, client: FlaskClient, token: Tokens) -> None:
    assert central.send("POST", "/visits/v9/end", WHY).status_code == 404
    reader = Central(client, token("state:read", name="reader"))
    for path, body in (("/visits/v1/end", WHY), ("/inside/cars", WHY), ("/inside/count", {"count": 1, **WHY})):
        assert reader.send("POST", path, body).status_code == 403
    assert Central(client, token("visits:write", name="writer")).send("GET", "/inside").status_code == 403


def test_on_a_full_disk_nothing_is_corrected(box: Box, central: Central, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box.engine._recorder, "degraded", "the disk is full")
    for path, body in (("/inside/cars", {"plate": "粤B1", **WHY}), ("/inside/count", {"count": 1, **WHY})):
        answer = central.send("POST", path, body)
        assert (answer.status_code, answer.json and answer.json["code"]) == (503, "storage_failed")
        assert "the disk is full); free space" in str(answer.json)
