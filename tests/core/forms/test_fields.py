"""A declared type says all that its form and its table in the reference need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from drivers.registry import find, known
from gateway.core.charges.charging import Charging, SiteDays
from gateway.core.charges.tariff import Tariff
from gateway.core.forms.fields import Field, Kind, fields_of
from gateway.core.settings import documents, model

STRUCTS = (
    model.Site, model.Gateway, model.Mqtt, model.Broker, model.Station, model.Group, model.Interlock, model.Operator,
    model.RemoteOpen, model.Repairs, model.Point, model.ServiceLimits, documents.DeviceKeys, documents.LaneDocument,
    documents.BarrierDocument, Tariff, Charging, SiteDays, model.Building, model.Purpose,
)  # fmt: skip
TYPES = [*STRUCTS, *(find(name).Options for name in known())]


def each(fields: tuple[Field, ...]) -> Iterator[Field]:
    """All fields, with those within others."""
    for field in fields:
        yield field
        yield from each(field.fields)
        for variant in field.variants:
            yield from each(variant.fields)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_every_field_says_what_it_means(kind: type[msgspec.Struct]) -> None:
    assert [field.name for field in each(fields_of(kind)) if not field.meaning] == []


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_every_number_of_a_form_has_bounds(kind: type[msgspec.Struct]) -> None:
    numbers = [field for field in each(fields_of(kind)) if field.kind in (Kind.WHOLE, Kind.NUMBER)]
    assert [field.name for field in numbers if field.low is None or field.high is None] == []


class Inner(msgspec.Struct, frozen=True, tag="inner", tag_field="type"):
    """A tagged object."""

    host: Annotated[str, Meta(min_length=1, description="where")]


class Other(msgspec.Struct, frozen=True, tag="other", tag_field="type"):
    """Another one."""

    pin: Annotated[int, Meta(ge=0, le=9, description="which")] = 3


class Sample(msgspec.Struct):
    """One field of each kind."""

    text: Annotated[str, Meta(description="a text")] = "a"
    secret: Annotated[str, Meta(description="hidden", extra={"secret": True})] | None = None
    wait_ms: Annotated[int, Meta(ge=1, le=5, description="how long")] = 2
    share: Annotated[float, Meta(ge=0, le=1, description="how much")] = 0.5
    word: Literal["b", "a"] | None = None
    bits: Literal[24, "full"] = "full"
    on: bool = False
    lines: tuple[str, ...] = ()
    lanes: Annotated[tuple[str, ...], Meta(extra={"of": "lanes"})] = ()
    part: Other = Other()
    parts: tuple[Other, ...] = ()
    link: Inner | Other | None = None
    free: dict[str, int] = {}


BY_NAME = {field.name: field for field in fields_of(Sample)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("text", Kind.TEXT),
        ("secret", Kind.SECRET),
        ("wait_ms", Kind.WHOLE),
        ("share", Kind.NUMBER),
        ("word", Kind.CHOICE),
        ("bits", Kind.CHOICE),
        ("on", Kind.YES_NO),
        ("lines", Kind.LIST),
        ("lanes", Kind.PICKED),
        ("part", Kind.PART),
        ("parts", Kind.PARTS),
        ("link", Kind.ONE_OF),
        ("free", Kind.JSON),
    ],
)
def test_a_type_becomes_a_kind_of_field(name: str, kind: Kind) -> None:
    assert BY_NAME[name].kind is kind


def test_bounds_unit_and_default_are_those_of_the_declaration() -> None:
    wait = BY_NAME["wait_ms"]
    assert (wait.low, wait.high, wait.unit, wait.default, wait.meaning) == (1, 5, "ms", 2, "how long")
    assert (wait.required, wait.empty) == (False, False)
    assert BY_NAME["secret"].empty


def test_the_words_of_a_choice_keep_their_order() -> None:
    assert BY_NAME["word"].words == ("b", "a")
    assert BY_NAME["bits"].words == (24, "full")


def test_one_of_several_objects_has_a_way_for_each() -> None:
    link = BY_NAME["link"]
    assert [(one.name, one.tag_field, [field.name for field in one.fields]) for one in link.variants] == [
        ("inner", "type", ["host"]),
        ("other", "type", ["pin"]),
    ]
    assert link.variants[0].fields[0].required


def test_fields_of_a_driver_survive_the_way_to_another_process() -> None:
    for name in known():
        fields = fields_of(find(name).Options)
        sent = msgspec.json.encode(fields)
        assert msgspec.json.encode(msgspec.json.decode(sent, type=tuple[Field, ...])) == sent


def test_secrets_are_declared_as_such() -> None:
    secret = {field.name for kind in TYPES for field in each(fields_of(kind)) if field.kind is Kind.SECRET}
    assert secret == {"pin", "pin_hash", "password", "key"}
    (mqtt_key,) = [field for field in fields_of(model.Mqtt) if field.name == "key"]
    assert mqtt_key.kind is Kind.TEXT, "the path of a file"
