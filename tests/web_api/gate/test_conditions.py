"""If-Match and If-None-Match on one pass, by RFC 9110; and which methods the address of the batch takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.core.vocabulary.errors import RevisionConflictError
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import Write

Send = Callable[..., TestResponse]
THERE = Pass("p-1", PassKind.STAFF, cards=("472288",), revision=3)


@pytest.fixture
def send(
    client: FlaskClient, token: Callable[..., dict[str, str]], engine: EngineStandIn, write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> Send:  # fmt: skip
    """A request about p-1, which is at revision 3, or p-2, which is not there."""
    from gateway.core.vocabulary.errors import NotFoundError
    from gateway.store.passes.registry import PassRegistry

    def get(_: Any, pass_id: str) -> Pass:
        if pass_id != "p-1":
            raise NotFoundError(f"there is no pass {pass_id!r}")
        return THERE

    monkeypatch.setattr(PassRegistry, "get", get)
    engine.answers["passes.put"] = lambda params: {"pass": {**params["pass"], "revision": 4}, "created": False}
    engine.answers["passes.delete"] = lambda params: {}
    headers = token("passes:read", "passes:write")

    def ask(method: str, pass_id: str = "p-1", revision: int | None = None, **conditions: str) -> TestResponse:
        more = {name.replace("_", "-"): value for name, value in conditions.items()}
        body = {"kind": "staff", "revision": revision} if method == "PUT" else None
        return client.open(f"/api/v1/passes/{pass_id}", method=method, json=body, headers={**headers, **more})

    return ask


def asked(engine: EngineStandIn) -> Any:
    """The revision that the engine was asked to change, or 'nothing'."""
    calls = engine.calls("passes.put") + engine.calls("passes.delete")
    return calls[-1]["if_revision"] if calls else "nothing"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("pass_id", "conditions", "revision"),
    [
        ("p-1", {}, None),
        ("p-1", {"If_Match": '"3"'}, 3), ("p-1", {"If_Match": "3"}, 3), ("p-1", {"If_Match": '"1", "3"'}, 3),
        ("p-1", {"If_Match": "*"}, 3), ("p-2", {"If_Match": "*"}, "nothing"),
        ("p-1", {"If_Match": '"2"'}, "nothing"), ("p-1", {"If_Match": 'W/"3"'}, "nothing"),
        ("p-1", {"If_Match": '"another-server"'}, "nothing"), ("p-2", {"If_Match": '"3"'}, "nothing"),
        ("p-2", {"If_Match": '"0"'}, "nothing"), ("p-1", {"If_Match": '"' + "9" * 60 + '"'}, "nothing"),
        ("p-1", {"If_None_Match": "*"}, "nothing"), ("p-2", {"If_None_Match": "*"}, 0),
        ("p-1", {"If_None_Match": '"3"'}, "nothing"), ("p-1", {"If_None_Match": 'W/"3"'}, "nothing"),
        ("p-1", {"If_Match": '"a,3", "3,"'}, "nothing"), ("p-1", {"If_Match": '"a,b",W/"c" , "3"'}, 3),
        ("p-1", {"If_None_Match": '"1", "2"'}, 3), ("p-2", {"If_None_Match": '"3"'}, 0),
        ("p-1", {"If_Match": '"3"', "If_None_Match": '"3"'}, "nothing"),
        ("p-1", {"If_Match": '"3"', "If_None_Match": '"2"'}, 3),
    ],
)  # fmt: skip
def test_a_change_is_made_where_its_conditions_hold(
    send: Send, engine: EngineStandIn, method: str, pass_id: str, conditions: dict[str, str], revision: Any
) -> None:
    answer = send(method, pass_id, **conditions)
    assert asked(engine) == revision
    if revision == "nothing":
        assert (answer.status_code, json.loads(answer.data)["code"]) == (412, "revision_conflict")
    else:
        assert answer.status_code < 300


@pytest.mark.parametrize(
    ("pass_id", "conditions", "in_body", "status"),
    [
        ("p-1", {"If_Match": "*"}, 99, 409), ("p-1", {"If_Match": '"3"'}, 2, 409), ("p-1", {"If_Match": '"2"'}, 3, 412),
        ("p-1", {"If_None_Match": '"2"'}, 99, 409), ("p-2", {"If_None_Match": "*"}, 7, 409),
        ("p-2", {"If_Match": "*"}, 3, 412), ("p-1", {"If_Match": "*"}, 3, 200), ("p-1", {"If_Match": '"3"'}, 3, 200),
        ("p-1", {"If_Match": "*"}, 0, 200), ("p-2", {"If_None_Match": "*"}, 0, 200),
    ],
)  # fmt: skip
def test_headers_and_the_revision_in_the_body_must_both_hold(
    send: Send, engine: EngineStandIn, pass_id: str, conditions: dict[str, str], in_body: int, status: int
) -> None:
    answer = send("PUT", pass_id, in_body, **conditions)
    assert answer.status_code == status
    assert (asked(engine) == "nothing") is (status != 200)
    if status == 409:
        found = json.loads(answer.data)
        assert found["code"] == "revision_conflict" and f"revision in the body is {in_body}" in found["detail"]


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"If_None_Match": '"3"'}, 304), ({"If_None_Match": 'W/"3"'}, 304), ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"2"'}, 200), ({"If_Match": '"3"'}, 200), ({"If_Match": '"2"'}, 412),
        ({"If_Match": "*"}, 200),
    ],
)  # fmt: skip
def test_a_read_answers_304_where_nothing_is_new(send: Send, conditions: dict[str, str], status: int) -> None:
    answer = send("GET", **conditions)
    assert answer.status_code == status
    if status == 304:
        assert (answer.data, answer.headers["ETag"]) == (b"", '"3"')


@pytest.mark.parametrize("name", ["If_Match", "If_None_Match"])
@pytest.mark.parametrize("value", ["", "abc", '"3', '"3",', '"3" "4"', "{}", '"3";"4"', '*, "3"', "³", '"a b"'])
def test_a_header_that_is_no_condition_is_refused(send: Send, engine: EngineStandIn, name: str, value: str) -> None:
    answer = send("PUT", **{name: value})
    assert answer.status_code == 400
    assert name.replace("_", "-") in json.loads(answer.data)["detail"]
    assert asked(engine) == "nothing"


def test_a_pass_that_is_changed_in_between_is_looked_at_again(
    send: Send, engine: EngineStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Any] = []

    def changed(op: str, timeout_s: float = 5.0, **params: Any) -> Any:
        tries.append(params["if_revision"])
        raise RevisionConflictError("it was changed in the meantime")

    monkeypatch.setattr("web.api.gate.passes.ask", changed)
    assert (send("PUT", If_Match="*").status_code, tries) == (412, [3] * 5)
    assert (send("PUT").status_code, tries[5:]) == (409, [None])


def test_the_address_of_the_batch_takes_and_names_one_method(client: FlaskClient, token: Callable[..., Any]) -> None:
    answer = client.options("/api/v1/passes/batch")
    assert (answer.status_code, answer.headers["Allow"]) == (200, "OPTIONS, POST")
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = client.open("/api/v1/passes/batch", method=method, headers=token("passes:read", "passes:write"))
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"] and "PUT" not in answer.headers["Allow"]
    assert "GET" in client.options("/api/v1/passes/p-1").headers["Allow"]
