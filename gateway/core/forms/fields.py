"""The fields of a declared type: kind, bounds, default, unit and meaning of each, as the type says them.

The installer's forms and the tables of the reference are both made from them, so they cannot differ. A field is plain
data: the engine sends those of drivers to the web.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, inspect

from gateway.core.vocabulary.schedule import DAYS


class Kind(StrEnum):
    """What a field takes."""

    TEXT = "text"
    SECRET = "secret"
    WHOLE = "whole"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"
    LIST = "list"
    """Texts, one a line."""
    PICKED = "picked"
    """Ids of another part of the document, or several of its `words`."""
    MONEY = "money"
    """A sum in minor units, written with the digits of the currency that the field `of` of the form names."""
    DAYS = "days"
    """Days, one a line."""
    WEEKDAYS = "weekdays"
    """Days of the week, as `mon-fri` in the document."""
    PART = "part"
    """An object with fields of its own."""
    PARTS = "parts"
    """A list of objects."""
    ONE_OF = "one_of"
    """One of several objects or words."""
    JSON = "json"
    """What has no simpler form."""


class Variant(msgspec.Struct, frozen=True):
    """One way to fill a field. `tag`: the value of `tag_field` in its object; without fields the word itself."""

    name: str
    fields: tuple[Field, ...] = ()
    tag_field: str = ""


class Field(msgspec.Struct, frozen=True):
    """One setting. `default` as JSON; `said_default` where the declaration gives it in words.

    `low` and `high` bound a number, `shortest` and `longest` the length of a text or list. `of`: the part of the
    document whose ids it takes, one or `several`. `words`: the values of a choice, in the order of the declaration.
    """

    name: str
    kind: Kind
    meaning: str = ""
    required: bool = False
    empty: bool = False
    default: Any = None
    said_default: str | None = None
    low: int | float | None = None
    high: int | float | None = None
    shortest: int | None = None
    longest: int | None = None
    words: tuple[str | int, ...] = ()
    unit: str = ""
    of: str = ""
    several: bool = False
    fields: tuple[Field, ...] = ()
    variants: tuple[Variant, ...] = ()


_UNITS = {
    "ms": "ms",
    "s": "s",
    "days": "days",
    "confidence": "percent",
    "baudrate": "baud",
    "megabytes": "MB",
    "minutes": "min",
}


def fields_of(kind: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The fields of a struct, in its order."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return _fields(described)


def _fields(struct: inspect.StructType) -> tuple[Field, ...]:
    hints = get_type_hints(struct.cls, include_extras=True)
    return tuple(_field(one, list(_in_order(hints[one.name]))) for one in struct.fields)


def _in_order(hint: Any) -> Iterator[Any]:
    """The words of a type in the order of its declaration; msgspec sorts them."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for inner in get_args(hint):
            yield from _in_order(inner)


def _field(field: inspect.Field, order: list[Any]) -> Field:
    said = _said(field.type)
    extra = _extra(field.type)
    kinds = list(_plain(field.type))
    some = [one for one in kinds if not isinstance(one, inspect.NoneType)]
    made = _of_kind(some, extra, order)
    low, high = extra.get("bounds", (made.get("low"), made.get("high")))
    return Field(
        name=field.encode_name,
        meaning=said,
        required=field.required,
        empty=len(some) < len(kinds),
        default=_default(field),
        said_default=extra.get("default"),
        unit=extra.get("unit") or _unit(field.encode_name, made["kind"]),
        of=extra.get("of", ""),
        **{**made, "low": low, "high": high},
    )


def _unit(name: str, kind: Kind) -> str:
    return _UNITS.get(name.rpartition("_")[2], "") if kind in (Kind.WHOLE, Kind.NUMBER) else ""


def _of_kind(kinds: list[inspect.Type], extra: dict[str, Any], order: list[Any]) -> dict[str, Any]:
    """Kind, bounds and parts of a field that takes these types."""
    if extra.get("secret"):
        return {"kind": Kind.SECRET}
    if words := _words(kinds):
        return {"kind": Kind.CHOICE, "words": _sorted(words, order)}
    if len(kinds) > 1 and any(isinstance(one, inspect.StructType) for one in kinds):
        return {"kind": Kind.ONE_OF, "variants": tuple(_variants(kinds))}
    if len(kinds) == 1 and isinstance(kinds[0], inspect.VarTupleType | inspect.ListType):
        return _of_list(kinds[0], extra, order)
    return _of_one(kinds[0], extra) if len(kinds) == 1 else {"kind": Kind.JSON}


def _sorted(words: tuple[str | int, ...], order: list[Any]) -> tuple[str | int, ...]:
    return tuple(sorted(words, key=lambda word: order.index(word) if word in order else 0))


def _of_one(kind: inspect.Type, extra: dict[str, Any]) -> dict[str, Any]:
    if isinstance(kind, inspect.IntType) and extra.get("written") == "money":
        return {"kind": Kind.MONEY, "low": kind.ge, "high": kind.le}
    if isinstance(kind, inspect.StrType) and extra.get("written") == "weekdays":
        return {"kind": Kind.WEEKDAYS, "several": True, "words": DAYS}
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        name = Kind.WHOLE if isinstance(kind, inspect.IntType) else Kind.NUMBER
        return {"kind": name, "low": kind.ge, "high": kind.le}
    if isinstance(kind, inspect.BoolType):
        return {"kind": Kind.YES_NO}
    if isinstance(kind, inspect.StrType):
        return {
            "kind": Kind.PICKED if extra.get("of") else Kind.TEXT,
            "shortest": kind.min_length,
            "longest": kind.max_length,
        }
    if isinstance(kind, inspect.StructType):
        return {"kind": Kind.PART, "fields": _fields(kind)}
    return {"kind": Kind.JSON}


def _of_list(kind: inspect.VarTupleType | inspect.ListType, extra: dict[str, Any], order: list[Any]) -> dict[str, Any]:
    items = list(_plain(kind.item_type))
    bounds = {"shortest": kind.min_length, "longest": kind.max_length}
    if len(items) == 1 and isinstance(items[0], inspect.StructType):
        return {"kind": Kind.PARTS, "fields": _fields(items[0]), **bounds}
    if len(items) == 1 and isinstance(items[0], inspect.DateType):
        return {"kind": Kind.DAYS, "several": True, **bounds}
    if words := _words(items):
        return {"kind": Kind.PICKED, "several": True, "words": _sorted(words, order), **bounds}
    if len(items) == 1 and isinstance(items[0], inspect.StrType):
        return {"kind": Kind.PICKED if extra.get("of") else Kind.LIST, "several": True, **bounds}
    return {"kind": Kind.JSON}


def _words(kinds: Iterable[inspect.Type]) -> tuple[str | int, ...]:
    """The words of a choice; none where a type takes anything else."""
    found: list[str | int] = []
    for one in kinds:
        if isinstance(one, inspect.LiteralType):
            found += [word for word in one.values if isinstance(word, str | int)]
        elif isinstance(one, inspect.EnumType):
            found += [member.value for member in one.cls]
        else:
            return ()
    return tuple(found)


def _variants(kinds: Iterable[inspect.Type]) -> Iterator[Variant]:
    """The ways to fill a field, plain words first."""
    for one in sorted(kinds, key=lambda kind: not isinstance(kind, inspect.LiteralType)):
        if isinstance(one, inspect.LiteralType):
            yield from (Variant(str(word)) for word in one.values)
        elif isinstance(one, inspect.StructType):
            yield Variant(str(one.tag or "own"), _fields(one), one.tag_field or "")


def _default(field: inspect.Field) -> Any:
    """The default as JSON; None for none."""
    if field.default is not NODEFAULT:
        return msgspec.to_builtins(field.default)
    return msgspec.to_builtins(field.default_factory()) if field.default_factory is not NODEFAULT else None


def _plain(kind: inspect.Type) -> Iterator[inspect.Type]:
    """The types of a union, each without what is declared of it."""
    if isinstance(kind, inspect.Metadata):
        yield from _plain(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _plain(one)
    else:
        yield kind


def _declared(kind: inspect.Type) -> Iterator[inspect.Metadata]:
    """What is declared of a type, the outermost first; of a union that of its types."""
    if isinstance(kind, inspect.Metadata):
        yield kind
        yield from _declared(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _declared(one)


def _said(kind: inspect.Type) -> str:
    found = (one.extra_json_schema or {} for one in _declared(kind))
    return next((one["description"] for one in found if "description" in one), "")


def _extra(kind: inspect.Type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in _declared(kind):
        found = {**(one.extra or {}), **found}
    return found
