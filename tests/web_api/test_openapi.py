"""The description and the routes say the same, and answers are as described."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from gateway.core.lane.modes.hold_end import COUNT_MAX, MINUTES_MAX, HoldEnd
from gateway.core.lane.people.refusals import COMMANDS
from gateway.store.settings.secrets import SCOPES
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import Write
from web.api.gate import commands
from web.api.routes import ROUTES

Tokens = Callable[..., dict[str, str]]
STANDARD = Path(__file__).with_name("openapi-3.1.schema.json")
PASS = {"id": "p-1", "kind": "monthly", "cards": ["472288"], "valid_until": "2026-11-30"}
COMMAND = {"command": "open", "reason": "parcel", "expires_at": "2026-11-21T08:00:20Z"}


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    import web.api

    found: dict[str, Any] = json.loads(Path(web.api.__file__).with_name("openapi.json").read_text())
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        base = methods.get("servers", document["servers"])[0]["url"].rstrip("/")
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), base + path, operation


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    found: Any = document
    for key in value["$ref"].removeprefix("#/").split("/") if "$ref" in value else ():
        found = found[key]
    return found if "$ref" in value else value


def test_the_document_is_openapi_3_1_by_the_standards_own_schema(document: dict[str, Any]) -> None:
    Draft202012Validator(json.loads(STANDARD.read_text())).validate(document)


def test_every_reference_leads_somewhere_and_every_component_is_used(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    used = set(re.findall(r'"\$ref": "(#/components/[^"]+)"', text))
    there = {f"#/components/{kind}/{name}" for kind, names in document["components"].items() for name in names}
    assert used == {one for one in there if not one.startswith("#/components/securitySchemes/")}
    asked = {name for _, _, operation in operations(document) for need in operation["security"] for name in need}
    assert asked == set(document["components"]["securitySchemes"])


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_route_is_described_and_nothing_else_is(document: dict[str, Any], app: Flask) -> None:
    described = {(method, path) for method, path, _ in operations(document)}
    routes = {(method, re.sub(r"<(?:any\(.*?\):)?(\w+)>", r"{\1}", rule)) for method, rule, _ in ROUTES}
    assert routes == described
    served = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    assert served - {"/openapi.json", "/asyncapi.json"} == {rule for _, rule, _ in ROUTES}


def test_names_and_scopes_are_those_of_the_views(document: dict[str, Any]) -> None:
    views = {view.__name__: getattr(view, "gatehouse_scope", None) for _, _, view in ROUTES}
    for_any = {view.__name__ for _, _, view in ROUTES if hasattr(view, "gatehouse_token")}
    named = {operation["operationId"]: operation for _, _, operation in operations(document)}
    assert set(named) == set(views)
    for name, scope in views.items():
        if name != "metrics":
            needed = [{"token": [scope]}] if scope else [{"token": []}] if name in for_any else []
            assert named[name]["security"][:1] == needed, name


def test_every_scope_is_for_something(document: dict[str, Any]) -> None:
    asked = {
        scope
        for _, _, operation in operations(document)
        for need in operation["security"]
        for scope in need.get("token", [])
    }
    assert asked == set(SCOPES)
    assert all(scope in document["components"]["securitySchemes"]["token"]["description"] for scope in SCOPES)


def test_the_commands_of_a_lane_and_the_end_of_a_hold_are_the_codes(document: dict[str, Any]) -> None:
    body = document["paths"]["/lanes/{lane}/commands"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]["command"]["enum"]) == set(COMMANDS)
    assert set(body["properties"]) == set(commands.LaneCommand.__struct_fields__)
    told = body["properties"]["detail"]["properties"]
    assert set(told) == set(HoldEnd.__struct_fields__)
    assert (told["minutes"]["maximum"], told["count"]["maximum"]) == (MINUTES_MAX, COUNT_MAX)


def test_verbs_and_path_parameters_are_the_codes(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/alarms/{alarm}/{verb}"]["post"]["parameters"]
    verb = next(one for one in parameters if one["name"] == "verb")
    assert tuple(verb["schema"]["enum"]) == commands.ALARM_VERBS
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                listed = [resolved(document, one) for one in operation.get("parameters", methods.get("parameters", []))]
                listed += methods.get("parameters", [])
                assert {one["name"] for one in listed if one["in"] == "path"} == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/healthz", None, 200), ("GET", "/api/v1/events", None, 200), ("GET", "/api/v1/lanes", None, 200),
        ("GET", "/api/v1/alarms", None, 200), ("GET", "/api/v1/devices", None, 200),
        ("GET", "/api/v1/visits", None, 200),
        ("GET", "/api/v1/passes", None, 200), ("PUT", "/api/v1/passes/{pass_id}", PASS, 201),
        ("GET", "/api/v1/passes/{pass_id}", None, 404), ("PUT", "/api/v1/passes/{pass_id}", {"kind": "x"}, 422),
        ("POST", "/api/v1/passes/batch", {"passes": [PASS]}, 200),
        ("POST", "/api/v1/passes/{pass_id}/codes", {"until": "2026-11-30"}, 201),
        ("POST", "/api/v1/passes/{pass_id}/codes", {"till": "x"}, 422),
        ("POST", "/api/v1/lanes/{lane}/commands", COMMAND, 200), ("POST", "/api/v1/lanes/{lane}/commands", {}, 422),
        ("POST", "/api/v1/alarms/{alarm}/{verb}", {}, 200),
    ],
)  # fmt: skip
def test_an_answer_is_as_described(
    document: dict[str, Any], client: FlaskClient, token: Tokens, engine: EngineStandIn, write: Write,
    method: str, path: str, body: Any, status: int,
) -> None:  # fmt: skip
    write(2)
    url = path.format(pass_id="p-1", lane="in", alarm="a-1", verb="acknowledge")
    headers = {**token(*SCOPES), "Idempotency-Key": "k-1"}
    answer = client.open(url, method=method, json=body, headers=headers)
    assert answer.status_code == status
    operation = next(found for one, where, found in operations(document) if (one, where) == (method, path))
    content = resolved(document, operation["responses"][str(status)])["content"]
    assert answer.mimetype in content
    schema = {**content[answer.mimetype]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(json.loads(answer.data))


def test_the_docs_page_names_every_call_and_loads_nothing_from_outside(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    for _, path, operation in operations(document):
        assert f"<code>{path}</code>" in page.text
        assert operation["summary"].split("'")[0] in page.text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text)
    assert "<script" not in page.text and "style=" not in page.text
    assert client.get("/api/docs.css").content_type.startswith("text/css")


def test_the_document_is_served_as_it_is(client: FlaskClient, document: dict[str, Any]) -> None:
    for path in ("/api/v1/openapi.json", "/openapi.json"):
        answer = client.get(path)
        assert (answer.status_code, answer.json) == (200, document)
