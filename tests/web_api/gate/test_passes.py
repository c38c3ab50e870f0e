"""Passes over HTTP: made, read, changed, removed, and never overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.core.vocabulary.errors import BusyError, GatehouseError, NotFoundError, PassError, StorageError
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import fails

PASS = {"kind": "monthly", "holder": "Li", "cards": ["472288"], "plates": ["粤B12345"], "valid_until": "2026-11-30"}


class Desk:
    """The API as somebody uses it who may read and write passes."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(f"/api/v1/passes{path}", method=method, json=body, headers={**self._headers, **named})


@pytest.fixture
def desk(client: FlaskClient, token: Callable[..., dict[str, str]], engine: EngineStandIn) -> Desk:
    return Desk(client, token("passes:read", "passes:write"))


def test_a_pass_that_was_put_can_be_read_with_every_field(desk: Desk) -> None:
    made = desk("PUT", "/p-1", PASS)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.headers["Location"] == "/api/v1/passes/p-1"
    read = desk("GET", "/p-1")
    assert read.json == made.json
    assert read.headers["ETag"] == '"1"'
    assert read.json["bay"] == "" and read.json["revision"] == 1 and read.json["cards"] == ["472288"]


def test_a_change_counts_the_revision_up(desk: Desk) -> None:
    desk("PUT", "/p-1", PASS)
    changed = desk("PUT", "/p-1", {**PASS, "bay": "B-12"})
    assert (changed.status_code, changed.json["revision"]) == (200, 2)


def test_if_match_guards_against_lost_updates(desk: Desk) -> None:
    desk("PUT", "/p-1", PASS)
    assert desk("PUT", "/p-1", {**PASS, "bay": "B-1"}, If_Match='"1"').status_code == 200
    late = desk("PUT", "/p-1", {**PASS, "bay": "B-2"}, If_Match='"1"')
    assert (late.status_code, late.json["code"]) == (412, "revision_conflict")
    assert desk("DELETE", "/p-1", If_Match='"1"').status_code == 412
    assert desk("GET", "/p-1").json["bay"] == "B-1"


def test_a_revision_in_the_body_guards_too(desk: Desk) -> None:
    desk("PUT", "/p-1", PASS)
    read = desk("GET", "/p-1").json
    assert desk("PUT", "/p-1", {**read, "bay": "B-1"}).status_code == 200
    late = desk("PUT", "/p-1", {**read, "bay": "B-2"})
    assert (late.status_code, late.json["code"]) == (409, "revision_conflict")


def test_if_none_match_only_ever_makes(desk: Desk) -> None:
    assert desk("PUT", "/p-1", PASS, If_None_Match="*").status_code == 201
    assert desk("PUT", "/p-1", {**PASS, "bay": "B-1"}, If_None_Match="*").status_code == 412


@pytest.mark.parametrize("sent", ["three", '"x', "-1", '"1"; "2"'])
def test_an_if_match_that_cannot_be_read_is_a_400(desk: Desk, sent: str) -> None:
    assert desk("PUT", "/p-1", PASS, If_Match=sent).status_code == 400


def test_a_removed_pass_is_gone(desk: Desk) -> None:
    desk("PUT", "/p-1", PASS)
    gone = desk("DELETE", "/p-1")
    assert (gone.status_code, gone.data) == (204, b"")
    assert desk("GET", "/p-1").status_code == 404
    assert desk("DELETE", "/p-1").status_code == 404


@pytest.mark.parametrize("name", ["no pass", "..", "a/b", "x" * 65, "卡"])
def test_an_id_that_cannot_be_is_not_found(desk: Desk, name: str) -> None:
    assert desk("GET", f"/{name}").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "golden"}, "kind"), ({"kind": None}, "kind"), ({"cards": ["12x"]}, "cards"),
        ({"cards": "12"}, "cards"),
        ({"valid_until": "30.11.2026"}, "valid_until"), ({"valid_from": "2026-12-01"}, "valid_until"),
        ({"plates": ["!"]}, "plates"), ({"plates": ["京A12345", "无 牌 车"]}, "plates"),
        ({"plates": ["ｕｎｋｎｏｗｎ"]}, "plates"), ({"plates": ["0000-0000"]}, "plates"),
        ({"colour": "red"}, "colour"), ({"holder": "x" * 300}, "holder"),
        ({"revision": -1}, "revision"), ({"schedule": "always"}, "schedule"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(desk: Desk, change: dict[str, Any], field: str) -> None:
    answer = desk("PUT", "/p-1", {**PASS, **change})
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, "pass_invalid", field)
    assert answer.json["detail"].startswith(f"{field} is ")


def test_null_means_empty(desk: Desk) -> None:
    answer = desk("PUT", "/p-1", {**PASS, "valid_until": None, "schedule": None})
    assert (answer.status_code, answer.json["valid_until"]) == (201, "")


def test_the_body_may_not_be_another_pass_than_the_address(desk: Desk) -> None:
    assert desk("PUT", "/p-1", {**PASS, "id": "p-2"}).status_code == 422
    assert desk("PUT", "/p-1", {**PASS, "id": "p-1"}).status_code == 201


@pytest.mark.parametrize(("sent", "kind", "status"), [
    (b"{", "application/json", 400), (b"[]", "application/json", 422), (b"\xff", "application/json", 400),
    (b"", "application/json", 400), (b"{}", "text/plain", 415), (b"kind=monthly", "", 415),
])  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(
    client: FlaskClient,
    token: Callable[..., dict[str, str]],
    engine: EngineStandIn,
    sent: bytes,
    kind: str,
    status: int,
) -> None:
    answer = client.put("/api/v1/passes/p-1", data=sent, content_type=kind, headers=token("passes:write"))
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_passes_are_listed_by_page_kind_and_word(desk: Desk) -> None:
    for number in range(5):
        kind = "staff" if number == 3 else "monthly"
        desk("PUT", f"/p-{number}", {"kind": kind, "holder": f"Holder {number}", "cards": [str(1000 + number)]})
    first = desk("GET", "?limit=2").json
    assert ([one["id"] for one in first["items"]], first["next"]) == (["p-0", "p-1"], "p-1")
    rest = desk("GET", "?after=p-1").json
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (["p-2", "p-3", "p-4"], None)
    assert [one["id"] for one in desk("GET", "?kind=staff").json["items"]] == ["p-3"]
    assert [one["id"] for one in desk("GET", "?q=Holder 4").json["items"]] == ["p-4"]
    assert [one["id"] for one in desk("GET", "?q=1002").json["items"]] == ["p-2"]
    assert desk("GET", "?kind=golden").status_code == 400


def test_passes_that_end_soon_are_listed(desk: Desk) -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    for name, days in (("over", -2), ("soon", 5), ("later", 40)):
        desk("PUT", f"/{name}", {**PASS, "valid_until": (today + timedelta(days=days)).isoformat()})
    desk("PUT", "/staff", {**PASS, "kind": "staff", "valid_until": (today + timedelta(days=6)).isoformat()})
    desk("PUT", "/endless", {**PASS, "valid_until": ""})
    listed = lambda query: [one["id"] for one in desk("GET", query).json["items"]]  # noqa: E731
    assert listed("?ends_within_days=10") == ["soon", "staff"]
    assert listed("?ends_within_days=10&kind=staff&q=Li") == ["staff"]
    assert listed("?ends_within_days=60&q=later") == ["later"]
    for wrong in ("-1", "x", "1.5", "36501"):
        answer = desk("GET", f"?ends_within_days={wrong}")
        assert answer.status_code == 400 and "ends_within_days is" in answer.json["detail"]


def test_a_batch_is_taken_as_a_whole(desk: Desk) -> None:
    answer = desk("POST", "/batch", {"passes": [{**PASS, "id": f"p-{n}", "cards": [str(n)]} for n in range(3)]})
    assert (answer.status_code, answer.json["count"], answer.json["created"]) == (200, 3, 3)
    assert len(answer.json["digest"]) == 64


def test_one_bad_row_and_nothing_of_a_batch_is_taken(desk: Desk) -> None:
    answer = desk("POST", "/batch", {"passes": [{**PASS, "id": "p-1"}, {**PASS, "id": "p-2", "kind": "golden"}]})
    assert (answer.status_code, answer.json["field"]) == (422, "passes[1].kind")
    assert desk("GET", "/p-1").status_code == 404
    missing = desk("POST", "/batch", {"passes": [PASS]})
    assert (missing.status_code, missing.json["field"]) == (422, "passes[0].id")


def test_a_batch_that_is_too_large_is_told_how_to_go_on(desk: Desk) -> None:
    many = desk("POST", "/batch", {"passes": [{"id": f"p-{n}", "kind": "staff"} for n in range(1001)]})
    assert many.status_code == 413 and "gatehouse passes import" in many.json["detail"]
    fat = desk("POST", "/batch", {"passes": [{**PASS, "id": f"p-{n}", "note": "x" * 1990} for n in range(600)]})
    assert fat.status_code == 413


def test_the_engine_hears_who_it_was(desk: Desk, engine: EngineStandIn) -> None:
    desk("PUT", "/p-1", PASS)
    assert engine.calls("passes.put")[0]["by"] == "central"


@pytest.mark.parametrize("error", [StorageError("disk full"), BusyError("an import runs")])
def test_what_the_engine_cannot_do_now_is_a_503(desk: Desk, engine: EngineStandIn, error: Any) -> None:
    engine.answers["passes.put"] = fails(error)
    answer = desk("PUT", "/p-1", PASS)
    assert (answer.status_code, answer.json["code"]) == (503, error.code)
    assert answer.headers["Retry-After"]


def test_without_an_engine_passes_can_be_read_and_not_changed(
    client: FlaskClient, token: Callable[..., dict[str, str]]
) -> None:
    desk = Desk(client, token("passes:read", "passes:write"))
    assert desk("GET", "").json == {"items": [], "next": None}
    answer = desk("PUT", "/p-1", PASS)
    assert (answer.status_code, answer.json["code"]) == (503, "engine_unreachable")


# ---- QR codes -----------------------------------------------------------------------------------------------------


def test_a_code_is_made_in_the_tokens_name_and_told_once(desk: Desk, engine: EngineStandIn) -> None:
    made = desk("POST", "/v-1/codes", {"until": "2026-11-30"})
    assert (made.status_code, made.json["code"], made.json["pass"]) == (201, "GH1X", "v-1")
    assert made.headers["Cache-Control"] == "no-store"
    assert engine.calls("passes.code") == [{"pass_id": "v-1", "until": "2026-11-30", "by": "central", "via": "http"}]


def test_a_code_needs_no_body_and_then_ends_with_its_pass(desk: Desk, engine: EngineStandIn) -> None:
    assert desk("POST", "/v-1/codes").status_code == 201
    assert engine.calls("passes.code")[0]["until"] == ""


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PassError("pass m-1 is monthly; codes are for temporary passes"), 422, "pass_invalid"),
        (NotFoundError("there is no pass v-1"), 404, "not_found"),
    ],
)
def test_why_there_is_no_code_is_said(
    desk: Desk, engine: EngineStandIn, error: GatehouseError, status: int, code: str
) -> None:
    engine.answers["passes.code"] = fails(error)
    answer = desk("POST", "/v-1/codes", {})
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert str(error) in answer.json["detail"]


def test_who_may_only_read_passes_makes_no_codes(
    client: FlaskClient, token: Callable[..., dict[str, str]], engine: EngineStandIn
) -> None:
    assert client.post("/api/v1/passes/v-1/codes", headers=token("passes:read", "state:read")).status_code == 403
    assert client.post("/api/v1/passes/v-1/codes").status_code == 401
    assert engine.calls("passes.code") == []
