"""Every row by its type, and how a stored one is read back into its struct.

A row that an earlier version wrote may lack keys, and one of a later version may have more, also within a field: what
is missing reads as `UNSET`, what is unknown is left out. A value of another kind than declared stays as JSON has it, so
that a tag that was put on a lane keeps its arm from moving whatever else the row says.
"""

from __future__ import annotations

import typing
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec

from gateway.core.vocabulary.rows import (
    acceptance,
    access,
    alarms,
    audit,
    barrier,
    health,
    lists,
    passage,
    passes,
    people,
    repairs,
    visits,
)
from gateway.core.vocabulary.rows.base import UNSET, Row, UnsetType

_FILES = (access, passage, barrier, passes, alarms, repairs, health, audit, people, visits, acceptance, lists)


def _declared() -> dict[str, tuple[type[Row], ...]]:
    found: defaultdict[str, list[type[Row]]] = defaultdict(list)
    for file in _FILES:
        for one in file.__dict__.values():
            if isinstance(one, type) and issubclass(one, Row) and one.type:
                found[one.type].append(one)
    return {type_: tuple(kinds) for type_, kinds in found.items()}


TYPES: dict[str, tuple[type[Row], ...]] = _declared()
"""Type of the event -> the rows of that type; most types have one."""


def read(type_: str, data: bytes | msgspec.Raw) -> Row | None:
    """A stored row's data as its struct; None when no version that is known has written such a type."""
    kinds = TYPES.get(type_)
    if kinds is None:
        return None
    kind = kinds[0] if len(kinds) == 1 else _kind_of(kinds, tuple(_keys(data)))
    try:
        found: Row = _decoder(kind)(data)
        return found
    except msgspec.ValidationError:
        return _as_it_is(kind, data)


def _kind_of(kinds: tuple[type[Row], ...], keys: tuple[str, ...]) -> type[Row]:
    """The kind whose keys, in its order, are the row's; else the one that knows most of them."""
    for kind in kinds:
        order = iter(kind.__struct_encode_fields__)
        if all(key in order for key in keys):
            return kind
    return max(kinds, key=lambda kind: sum(key in kind.__struct_encode_fields__ for key in keys))


_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@cache
def _decoder(kind: type[Row]) -> Callable[[bytes | msgspec.Raw], Any]:
    """For rows of all versions: the same struct, in which every key may be missing and others are left out."""
    hints = typing.get_type_hints(kind, include_extras=True)
    lenient = msgspec.defstruct(
        kind.__name__,
        [(name, hints[name] | UnsetType, msgspec.field(default=UNSET, name=key)) for name, key in _fields(kind)],
        bases=(kind,),
        frozen=True,
        kw_only=True,
        gc=False,
        forbid_unknown_fields=False,
    )
    return msgspec.json.Decoder(lenient).decode


def _as_it_is(kind: type[Row], data: bytes | msgspec.Raw) -> Row:
    """The row with each value as declared where it fits, else as JSON has it."""
    said = _keys(data)
    hints = typing.get_type_hints(kind, include_extras=True)
    return kind(**{name: _value(said[key], hints[name]) if key in said else UNSET for name, key in _fields(kind)})


def _value(data: msgspec.Raw, declared: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=declared)
    except msgspec.ValidationError:
        return msgspec.json.decode(data)


def _fields(kind: type[Row]) -> Iterator[tuple[str, str]]:
    return zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
