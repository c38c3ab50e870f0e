"""Charges, payments and validations over HTTP, with a real engine behind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from gateway.store.times import rfc3339
from tests.engine.conftest import until
from tests.engine.visits.paying import MINUTE_NS, PayingGate, paying_site
from web.api import routes

Tokens = Callable[..., dict[str, str]]
DESCRIPTION = json.loads(Path(routes.__file__).with_name("openapi.json").read_text())


@pytest.fixture
def gate(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[PayingGate]:
    """A visitor who came in 70 minutes ago; parametrize(indirect) gives the methods that the site takes."""
    methods = {"methods": request.param} if hasattr(request, "param") else {}
    found = PayingGate(tmp_path / "data", 70, paying_site(**methods))
    yield found
    found.stop()


@pytest.fixture
def data(gate: PayingGate) -> Path:
    return gate.directory.path


class Central:
    """A program with a token; every answer is as the description says."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    def send(self, method: str, path: str, body: Any = None, key: str = "", visit: str = "v1") -> TestResponse:
        """`path` as the description has it, behind the visit."""
        more = {} if body is None else {"json": body}
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        url = f"/api/v1/visits/{visit}/{path}"
        answer = self._client.open(url, method=method, headers=headers, **more)
        name = f"/visits/{{visit}}/{path.partition('?')[0]}"
        found = DESCRIPTION["paths"][name][method.lower()]["responses"][str(answer.status_code)]
        if "$ref" in found:
            found = DESCRIPTION["components"]["responses"][found["$ref"].rpartition("/")[2]]
        schema = {**found["content"][answer.mimetype]["schema"], "components": DESCRIPTION["components"]}
        Draft202012Validator(schema).validate(answer.json)
        return answer

    def pay(self, key: str = "k1", visit: str = "v1", **body: Any) -> TestResponse:
        return self.send("POST", "payments", {"amount": 1000, "method": "external", **body}, key, visit)


@pytest.fixture
def central(client: FlaskClient, token: Tokens) -> Central:
    return Central(client, token("state:read", "payments:write", "validations:write", "visits:write", name="central"))


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, (answer.json or {}).get("code", "")


def test_a_payment_over_http_lets_the_waiting_car_out_once(gate: PayingGate, central: Central) -> None:
    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    found: Any = central.send("GET", "charge").json
    assert (found["amount"], found["due"], found["paid"], found["currency"], found["minutes"]) == (
        1000,
        1000,
        0,
        "CNY",
        70,
    )
    assert sum(line["amount"] for line in found["lines"]) == 1000
    first = central.pay(reference="wx-4200001234567")
    assert first.status_code == 200
    assert first.json is not None
    assert (first.json["paid"], first.json["due"]) == (1000, 0)
    assert first.json["leave_by"]
    assert central.pay(reference="wx-4200001234567").json == first.json
    until(gate.opened)
    assert (gate.opened(), len(gate.rows("visit.paid"))) == (1, 1)
    row = gate.rows("visit.paid")[0].data()
    assert (row["by"], row["via"], row["reference"]) == ("central", "http", "wx-4200001234567")


def test_a_payment_that_does_not_fit_is_refused(gate: PayingGate, central: Central) -> None:
    assert code(central.pay(key="")) == (400, "idempotency_key_missing")
    assert code(central.pay(amount=1001)) == (422, "above_due")
    assert code(central.pay(amount=0)) == (422, "body_invalid")
    assert code(central.pay(method="gold")) == (422, "body_invalid")
    assert code(central.pay(reference="call me")) == (422, "body_invalid")
    assert code(central.pay(at="2026-11-30T08:00:00")) == (422, "body_invalid")
    assert code(central.pay(visit="nobody")) == (404, "not_found")
    assert central.pay(amount=400).status_code == 200
    assert code(central.pay(amount=500)) == (422, "idempotency_conflict")
    assert code(central.pay(key="k2", amount=601)) == (422, "above_due")
    assert code(central.pay(key="k2", amount=600)) == (200, "")
    assert code(central.pay(key="k3", amount=1)) == (422, "nothing_due")
    assert len(gate.rows("visit.paid")) == 2


def test_a_payment_that_was_made_long_before_opens_nothing(gate: PayingGate, central: Central) -> None:
    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    assert central.pay(at=rfc3339(time.time_ns() - 61 * 1_000_000_000)).status_code == 200
    until(lambda: gate.lane("out")["case"]["charge"]["due"] == 0)
    assert gate.opened() == 0


def test_a_charge_is_worked_out_for_an_instant(central: Central) -> None:
    later: Any = central.send("GET", f"charge?at={rfc3339(time.time_ns() + 120 * MINUTE_NS)}").json
    assert (later["minutes"], later["amount"]) == (190, 2000)
    assert code(central.send("GET", "charge?at=tomorrow")) == (400, "request_invalid")
    assert code(central.send("GET", "charge?at=2999-01-01T00:00:00Z")) == (422, "visit_invalid")
    assert code(central.send("GET", "charge", visit="nobody")) == (404, "not_found")


def test_a_shop_takes_minutes_over(gate: PayingGate, central: Central) -> None:
    body = {"minutes": 60, "reason": "bought something"}
    first = central.send("POST", "validations", body, "k1")
    assert first.json is not None
    assert (first.status_code, first.json["amount"], first.json["due"]) == (200, 500, 500)
    assert central.send("POST", "validations", body, "k1").json == first.json
    assert code(central.send("POST", "validations", {**body, "percent": 5}, "k2")) == (422, "body_invalid")
    assert code(central.send("POST", "validations", {"reason": "x"}, "k2")) == (422, "body_invalid")
    assert code(central.send("POST", "validations", {"minutes": 5, "reason": " "}, "k2")) == (422, "body_invalid")
    assert code(central.send("POST", "validations", body)) == (400, "idempotency_key_missing")
    assert len(gate.rows("visit.validated")) == 1


def test_each_needs_its_scope(client: FlaskClient, token: Tokens) -> None:
    reader = Central(client, token("state:read", name="reader"))
    assert code(reader.pay())[0] == 403
    assert code(reader.send("POST", "validations", {"minutes": 5, "reason": "x"}, "k1"))[0] == 403
    payer = Central(client, token("payments:write", name="payer"))
    assert code(payer.send("GET", "charge"))[0] == 403


@pytest.mark.parametrize("gate", [["cash"]], indirect=True)
def test_a_payment_in_a_way_that_the_site_does_not_take_is_refused(gate: PayingGate, central: Central) -> None:
    for method in ("qr", "external"):
        assert code(central.pay(method=method)) == (422, "method_not_taken")
    assert gate.rows("visit.paid") == []
    assert central.pay(method="cash").status_code == 200


def test_what_is_owed_is_listed_until_it_is_paid(gate: PayingGate, central: Central, client: FlaskClient) -> None:
    def owed() -> list[tuple[str, int]]:
        answer = client.get("/api/v1/visits?state=owed", headers=central._headers)
        return [(one["id"], one["owed"]) for one in (answer.json or {})["items"]]

    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    order = {"lane": "out", "by": "Lin", "via": "guard"}
    gate.client.call("lane.command", request="o1", command="owe", reason="no money with him", **order)
    until(gate.opened)
    assert owed() == []  # it has not left
    gate.drives_out()
    until(lambda: owed() == [("v1", 1000)])
    assert central.pay(amount=300).status_code == 200
    until(lambda: owed() == [("v1", 700)])
    assert central.pay(key="k2", amount=700).status_code == 200
    until(lambda: not owed())


def test_a_visitor_is_announced_once_for_one_key(central: Central, client: FlaskClient) -> None:
    def announce(key: str, **said: Any) -> TestResponse:
        return client.post("/api/v1/visits", json=said, headers={**central._headers, "Idempotency-Key": key})

    first = announce("a", plate="粤B12345")
    assert first.status_code == 201
    assert announce("a", plate="粤B12345").json == first.json
    assert code(announce("a", plate="粤B54321")) == (422, "idempotency_conflict")
    assert announce("b", plate="粤B54321").status_code == 201
