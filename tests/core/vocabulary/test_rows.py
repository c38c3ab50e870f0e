"""Rows are structs that give the journal's bytes: those of a kept journal come out the same, one of each variant."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.rows import TYPES, UNSET, Credential, KeptMark, LastGrant, Row
from tests.support.kept_rows import KeptRow, kept_rows

KINDS = [kind for kinds in TYPES.values() for kind in kinds]
NOT_WRITTEN = {rows.AlarmEscalated}


def strictly(row: KeptRow) -> Row:
    """The row in the one struct of its type that gives its bytes again; every key must be declared."""
    errors = []
    for kind in TYPES[row.type]:
        try:
            found = msgspec.json.decode(row.data, type=kind)
        except msgspec.ValidationError as error:
            errors.append(f"{kind.__name__}: {error}")
            continue
        if msgspec.json.encode(found) == row.data:
            return found
        errors.append(f"{kind.__name__}: gives {msgspec.json.encode(found)!r}")
    pytest.fail(f"{row.type}: {'; '.join(errors)}")


@pytest.mark.parametrize("type_", sorted({row.type for row in kept_rows()}))
def test_each_kept_row_comes_out_of_its_struct_with_the_bytes_that_it_had(type_: str) -> None:
    for row in kept_rows():
        if row.type == type_:
            found = strictly(row)
            assert found.type == type_
            gateway = "gw1" if row.subject != "devices/sim" else "sim"
            assert found.subject(gateway) == row.subject


def test_a_row_that_is_read_back_is_of_the_kind_that_was_written() -> None:
    for row in kept_rows():
        found = rows.read(row.type, row.data)
        assert isinstance(found, type(strictly(row)))
        assert msgspec.json.encode(found) == row.data


def test_the_kept_journal_has_every_kind_of_row() -> None:
    known = {type(strictly(row)) for row in kept_rows()}
    assert set(KINDS) - known == NOT_WRITTEN


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_field_says_what_it_means(kind: type[Row]) -> None:
    assert kind.__doc__
    hints = get_type_hints(kind, include_extras=True)
    for name in kind.__struct_fields__:
        [meta] = [one for one in getattr(hints[name], "__metadata__", ()) if isinstance(one, msgspec.Meta)]
        assert meta.description, name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_row_of_an_earlier_version_may_lack_any_key(kind: type[Row]) -> None:
    found = rows.read(kind.type, b"{}")
    assert isinstance(found, TYPES[kind.type])
    assert {getattr(found, name) for name in type(found).__struct_fields__} == {UNSET}


def test_what_a_later_version_adds_is_left_out() -> None:
    found = rows.read("grant.unused", b'{"lane":"in","pass":null,"grant":"g1","reason":"left","weather":"rain"}')
    assert isinstance(found, rows.GrantUnused)
    assert (found.lane, found.grant, found.reason) == ("in", "g1", "left")


def test_what_a_later_version_adds_within_a_field_is_left_out() -> None:
    found = rows.read("passage.entered", b'{"lane":"in","credential":{"kind":"card","value":"42","bits":34}}')
    assert isinstance(found, rows.PassageEntered)
    assert found.credential == Credential("card", "42")
    mark = b'{"lane":"in","mark":"locked","since_ns":7,"by":"Lin","reason":"works","until":"noon"}'
    lost = rows.read("storage.degraded", b'{"error":"gone","marks":[' + mark + b"]}")
    assert isinstance(lost, rows.StorageDegraded)
    assert lost.marks == (KeptMark("in", "locked", 7, "Lin", "works"),)
    grant = b'{"at":"x","pass":null,"credential":null,"reason":"valid_pass","by":null,"way":1}'
    crash = rows.read("barrier.struck_vehicle", b'{"lane":"in","last_grant":' + grant + b"}")
    assert isinstance(crash, rows.BarrierStruckVehicle)
    assert crash.last_grant == LastGrant("x", None, None, "valid_pass", None)


def test_a_value_of_another_kind_leaves_the_other_fields_as_declared() -> None:
    found = rows.read("passage.entered", b'{"lane":"in","by":7,"credential":{"kind":"card","value":"42"}}')
    assert isinstance(found, rows.PassageEntered)
    assert (found.by, found.credential) == (7, Credential("card", "42"))


def test_a_tag_counts_whatever_else_its_row_says() -> None:
    found = rows.read("barrier.locked", b'{"lane":"in","barrier":"in","by":7,"reason":["a"]}')
    assert isinstance(found, rows.BarrierLocked)
    assert (found.lane, found.by, found.via) == ("in", 7, UNSET)


def test_a_type_that_nobody_has_written_is_no_row() -> None:
    assert rows.read("weather.changed", b"{}") is None


def test_a_misspelt_key_is_an_error() -> None:
    with pytest.raises(TypeError):
        rows.GrantUnused(lane="in", pass_=None, grnat="g1", reason="left")  # type: ignore[call-arg]
