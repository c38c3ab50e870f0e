"""What is described is what is declared, and what was and is written fits it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from gateway.core.vocabulary.rows import TYPES, Row
from gateway.core.vocabulary.views import AlarmView, LaneView
from tests.core.playbook import MONTHLY
from tests.core.vocabulary.test_views import ALARMS, LANES
from tests.described import asyncapi, openapi, reference
from tests.support.kept_rows import kept_rows
from tests.support.turns import Turns

WRITE = "run: python -m tests.described"
OPENAPI: dict[str, Any] = json.loads(openapi.PATH.read_text("utf-8"))
ASYNCAPI: dict[str, Any] = json.loads(asyncapi.PATH.read_text("utf-8"))


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Turns]:
    """An engine that knows one resident."""
    turns = Turns(tmp_path / "data")
    turns.put(MONTHLY)
    yield turns
    turns.close()


@cache
def validator(name: str) -> Draft202012Validator:
    """Of a component of `openapi.json`."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]})


def check_event(event: dict[str, Any]) -> None:
    """Raises when an event is not as described: its envelope, and its data by its type."""
    validator("Event").validate(event)
    kinds = OPENAPI["components"]["schemas"]["Event"]["x-data"][event["type"]]
    fits = [validator(kind["$ref"].rpartition("/")[2]).is_valid(event["data"]) for kind in kinds]
    assert any(fits), event


def test_the_event_tables_of_the_reference_are_as_the_rows_are_declared() -> None:
    page = reference.PATH.read_text("utf-8")
    assert page == reference.reference(page), WRITE
    assert all(f"| `{type_}` |" in page for type_ in TYPES)


def test_the_schemas_of_the_http_description_are_as_rows_and_views_are_declared() -> None:
    text = openapi.PATH.read_text("utf-8")
    assert text == openapi.openapi(text), WRITE


def test_the_mqtt_description_is_as_its_topics_and_types_are() -> None:
    assert asyncapi.PATH.read_text("utf-8") == asyncapi.text(), WRITE


def test_each_reference_of_the_mqtt_description_leads_somewhere_and_each_component_is_used() -> None:
    used = set(re.findall(r'"\$ref": "(#/[^"]+)"', asyncapi.PATH.read_text("utf-8")))
    for place in used:
        found: Any = ASYNCAPI
        for key in place.removeprefix("#/").split("/"):
            found = found[key]
    there = {f"#/components/{kind}/{name}" for kind, names in ASYNCAPI["components"].items() for name in names}
    assert there <= used


def test_every_topic_of_the_gateway_has_its_channel() -> None:
    addresses = {
        channel["address"].removeprefix("gatehouse/{site}/{gateway}") for channel in ASYNCAPI["channels"].values()
    }
    assert addresses == {
        "/status", "/events", "/alarms/{alarm}", "/state/lanes/{lane}", "/commands", "/passes", "/visits",
        "/payments", "/slips", "/confirmed", "/replies",
    }  # fmt: skip


@pytest.mark.parametrize("type_", sorted({row.type for row in kept_rows()}))
def test_the_kept_rows_of_a_type_are_as_described(type_: str) -> None:
    for row in kept_rows():
        if row.type == type_:
            check_event(json.loads(row.text))


def test_a_row_with_another_kind_of_value_is_not_as_described() -> None:
    event = json.loads(next(row.text for row in kept_rows() if row.type == "grant.unused"))
    event["data"]["lane"] = 7
    with pytest.raises(AssertionError):
        check_event(event)


def test_the_rows_of_an_engine_are_as_described(turns: Turns) -> None:
    turns.card("472288")
    turns.command("lock")
    turns.pass_ms(30_000)
    turns.settle()
    rows = turns.rows()
    written = {row.type for row in rows}
    assert {"gateway.started", "access.granted", "barrier.commanded", "barrier.locked", "grant.unused"} <= written
    for row in rows:
        check_event(row.event())


@pytest.mark.parametrize(("name", "kind", "texts"), [("Lane", LaneView, LANES), ("Alarm", AlarmView, ALARMS)])
def test_what_was_published_is_as_described(name: str, kind: type[msgspec.Struct], texts: list[bytes]) -> None:
    for text in texts:
        validator(name).validate(json.loads(msgspec.json.encode(msgspec.json.decode(text, type=kind))))


@pytest.mark.parametrize("kind", [kind for kinds in TYPES.values() for kind in kinds], ids=lambda kind: kind.__name__)
def test_each_row_has_a_schema_with_the_meaning_of_its_keys(kind: type[Row]) -> None:
    schema = OPENAPI["components"]["schemas"][kind.__name__]
    assert list(schema["properties"]) == list(kind.__struct_encode_fields__)
    assert all(one.get("description") for one in schema["properties"].values())
