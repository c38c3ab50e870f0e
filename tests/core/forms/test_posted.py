"""A posted form is read back: values as JSON, each fault at its field, and nothing else changes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from drivers.registry import find, known
from gateway.core.forms.entries import Entry, Shower
from gateway.core.forms.fields import fields_of
from gateway.core.forms.posted import DROP, Fault, Reader, path_of
from gateway.core.settings import model
from tests.core.forms.browser import sent
from tests.core.forms.test_fields import BY_NAME, Sample

SAMPLE = fields_of(Sample)


def read(posted: dict[str, str | list[str]], before: dict[str, Any] | None = None) -> tuple[dict[str, Any], Any]:
    """The value and the faults of a posted sample."""
    reader = Reader({name: [one] if isinstance(one, str) else one for name, one in posted.items()})
    return reader.object(SAMPLE, before or {}), reader.faults


def shown(value: dict[str, Any], fields: Any = SAMPLE) -> tuple[Entry, ...]:
    """The entries of a document."""
    return Shower("").entries(fields, value)


WRITTEN = {
    "text": "b",
    "wait_ms": 3,
    "share": 0.25,
    "word": "a",
    "bits": 24,
    "on": True,
    "lines": ["one", "two"],
    "lanes": ["in", "out"],
    "part": {"pin": 4},
    "parts": [{"pin": 1}, {"pin": 2}],
    "link": {"type": "inner", "host": "10.0.0.9"},
    "free": {"a": 1},
}


@pytest.mark.parametrize("document", [{}, WRITTEN, {"wait_ms": 2, "on": False, "link": {"type": "other"}}])
def test_a_form_that_is_saved_unchanged_changes_nothing(document: dict[str, Any]) -> None:
    reader = Reader(sent(shown(document)))
    assert reader.object(SAMPLE, document) == document
    assert reader.faults == {}


@pytest.mark.parametrize("name", known())
def test_a_device_that_is_saved_unchanged_is_the_same_device(name: str) -> None:
    driver = find(name)
    fields = fields_of(driver.Options)
    document: dict[str, Any] = {field.name: 1 for field in fields if field.required and field.high}
    reader = Reader(sent(shown(document, fields)))
    assert reader.object(fields, document) == document
    missing = {field.name for field in fields if field.required and field.name not in document}
    assert {name.partition(".")[0] for name in reader.faults} == missing


def test_what_is_typed_comes_back_as_json() -> None:
    posted: dict[str, str | list[str]] = {
        "text": " b ",
        "wait_ms": "3",
        "share": "0.25",
        "word": "a",
        "bits": "24",
        "on": "yes",
        "lines": "one\r\n\r\n two \r\n",
        "lanes=in": "yes",
        "lanes=out": "yes",
        "part.pin": "4",
        "parts[0].pin": "1",
        "parts[1].pin": "",
        "parts[2].pin": "2",
        "link": "inner",
        "link:inner.host": "10.0.0.9",
        "link:other.pin": "7",
        "free": '{"a": 1}',
    }
    assert read(posted) == (WRITTEN, {})


def test_a_default_is_written_only_where_it_was_written() -> None:
    posted: dict[str, str | list[str]] = {"text": "a", "wait_ms": "2"}
    assert read(posted)[0] == {}
    assert read(posted, {"wait_ms": 5})[0] == {"wait_ms": 2}


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("wait_ms", "x", Fault("whole")),
        ("wait_ms", "1.5", Fault("whole")),
        ("wait_ms", "1_0", Fault("whole")),
        ("wait_ms", "6", Fault("bounds", {"low": 1, "high": 5})),
        ("wait_ms", "0", Fault("bounds", {"low": 1, "high": 5})),
        ("wait_ms", "9" * 400, Fault("whole")),
        ("share", "much", Fault("number")),
        ("share", "2", Fault("bounds", {"low": 0, "high": 1})),
        ("share", "nan", Fault("number")),
        ("word", "c", Fault("choice")),
        ("link", "third", Fault("choice")),
        ("free", "{", Fault("json")),
        ("text", "x" * 5000, Fault("long", {"high": 4096})),
    ],
)
def test_a_fault_is_said_at_its_field(name: str, text: str, fault: Fault) -> None:
    value, faults = read({name: text})
    assert faults == {name: fault}
    assert name not in value


def test_a_fault_within_a_variant_is_at_the_field_of_that_variant() -> None:
    faults = read({"link": "inner", "link:inner.host": ""})[1]
    assert faults == {"link:inner.host": Fault("required")}
    assert path_of("link:inner.host") == "link.host"


def test_what_is_missing_is_required() -> None:
    fields = fields_of(model.Group)
    reader = Reader({"id": ["  "], "places": [""]})
    reader.object(fields, {})
    assert reader.faults == {"id": Fault("required"), "places": Fault("required")}


def test_digits_of_a_chinese_keyboard_are_digits() -> None:
    assert read({"wait_ms": "３"})[0] == {"wait_ms": 3}


def test_a_form_keeps_the_keys_that_it_does_not_have() -> None:
    fields = tuple(field for field in fields_of(model.Gateway) if field.name == "clock")
    reader = Reader({"clock": ["trusted"]})
    assert reader.object(fields, {"id": "gw1", "http": {"port": 80}}) == {
        "id": "gw1",
        "http": {"port": 80},
        "clock": "trusted",
    }


def test_a_way_that_is_left_drops_what_the_other_had() -> None:
    before = {"link": {"type": "inner", "host": "a"}}
    assert read({"link": "other", "link:inner.host": "a"}, before)[0] == {"link": {"type": "other"}}
    assert read({"link": ""}, before)[0] == {}


# ---- secrets


def test_a_secret_is_never_shown() -> None:
    text = msgspec.json.encode(shown({"secret": "hidden-1", "link": {"type": "inner", "host": "a"}})).decode()
    assert "hidden-1" not in text
    assert next(one for one in shown({"secret": "hidden-1"}) if one.name == "secret").given


def test_a_secret_that_the_gateway_has_is_said_to_be_given() -> None:
    entries = Shower("uplink.mqtt", given=["uplink.mqtt.password"]).entries(fields_of(model.Mqtt), {"host": "a"})
    assert [one.name for one in entries if one.given] == ["password"]


def test_a_secret_that_is_left_empty_stays() -> None:
    assert read({"secret": ""}, {"secret": "typed before"})[0] == {"secret": "typed before"}
    assert read({"secret": ""})[0] == {}
    assert read({"secret": "new"})[0] == {"secret": "new"}


def test_a_secret_is_removed_by_its_tick() -> None:
    assert read({"secret": "", f"secret{DROP}": "yes"})[0] == {"secret": ""}


# ---- shown again


def test_what_was_typed_is_shown_again_with_its_fault() -> None:
    posted = {"wait_ms": ["60"], "lines": ["one\r\ntwo"], "link": ["inner"], "link:inner.host": [""], "on": ["yes"]}
    reader = Reader(posted)
    reader.object(SAMPLE, {})
    entries = {one.name: one for one in Shower("", posted, reader.faults).entries(SAMPLE, {})}
    assert (entries["wait_ms"].text, entries["wait_ms"].wrong) == ("60", Fault("bounds", {"low": 1, "high": 5}))
    assert entries["lines"].texts == ("one", "two")
    assert entries["on"].on
    (chosen,) = [way for way in entries["link"].ways if way.chosen]
    assert chosen.entries[0].wrong == Fault("required")


def test_a_secret_that_was_typed_is_not_shown_again() -> None:
    posted = {"wait_ms": ["60"], "secret": ["hidden-1"]}
    assert "hidden-1" not in msgspec.json.encode(Shower("", posted).entries(SAMPLE, {})).decode()


def test_a_list_of_objects_has_an_empty_row_to_fill() -> None:
    (parts,) = [one for one in shown({"parts": [{"pin": 1}]}) if one.name == "parts"]
    assert [[one.name for one in row] for row in parts.rows] == [["parts[0].pin"], ["parts[1].pin"]]


def test_a_field_knows_its_place_in_the_document() -> None:
    entries = Shower("devices[2]").entries(SAMPLE, {"link": {"type": "inner", "host": "a"}})
    (link,) = [one for one in entries if one.name == "link"]
    assert link.path == "devices[2].link"
    assert [one.path for way in link.ways for one in way.entries] == ["devices[2].link.host", "devices[2].link.pin"]
    assert BY_NAME["link"].variants
