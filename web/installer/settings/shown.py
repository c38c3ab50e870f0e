"""Values of the settings in the words of their forms: for tables, and for what a change adds and removes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.forms.entries import sum_text
from gateway.core.forms.fields import Field, Kind, Variant, fields_of
from gateway.core.forms.posted import is_variant, weekdays_of
from gateway.core.settings.difference import NEW_SECRET
from gateway.core.settings.documents import BarrierDocument
from gateway.core.vocabulary.schedule import DAYS
from web.installer.settings import spoken
from web.words.texts import Words

INSIDE: dict[str, type[msgspec.Struct]] = {"barrier": BarrierDocument}
"""What is written as a free object and has fields of its own."""


def text(field: Field, value: Any, say: Words, *, form: str = "", whole: Mapping[str, Any] | None = None) -> str:
    """A value of a field in words; "" for one that is not set. `whole`: the object that names the currency."""
    if value is None or value in ("", [], (), {}):
        return ""
    match field.kind:
        case Kind.SECRET:
            return say(f"installer.settings.secret.{'new' if value == NEW_SECRET else 'set'}")
        case Kind.YES_NO:
            return say(f"installer.settings.{'yes' if value else 'no'}")
        case Kind.MONEY:
            return sum_text(field, value, whole or {})
        case Kind.WEEKDAYS:
            return say.listed([spoken.word(field.name, DAYS[day], say) for day in sorted(weekdays_of(value))])
        case Kind.PART:
            return _parts(field.fields, value, say, form, whole)
        case Kind.PARTS:
            rows = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
            return "; ".join(_parts(field.fields, one, say, form, whole) for one in rows)
        case Kind.ONE_OF:
            return _way(field, value, say, form)
    if isinstance(value, Mapping):
        return _free(field, value, say, form)
    if isinstance(value, list | tuple):
        return say.listed([_word(field, one, say) for one in value])
    unit = spoken.unit(field, say)
    return f"{_word(field, value, say)} {unit}" if unit and not isinstance(value, str) else _word(field, value, say)


def lines(fields: Sequence[Field], value: Mapping[str, Any], say: Words, form: str = "") -> Iterator[tuple[str, str]]:
    """The fields of an object that are set, each with its label and its value in words; further keys as they are."""
    known = {field.name: field for field in fields}
    for name, one in value.items():
        field = known.get(name)
        if field is None:
            yield name, one if isinstance(one, str) else msgspec.json.encode(one).decode()
        elif shown := text(field, one, say, form=form, whole=value):
            yield spoken.label(field, say, form), shown


def _parts(fields: Sequence[Field], value: Any, say: Words, form: str, whole: Mapping[str, Any] | None) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    shown = ((field, text(field, value.get(field.name), say, form=form, whole=whole)) for field in fields)
    return say.listed([f"{spoken.label(field, say, form)} {words}" for field, words in shown if words])


def _way(field: Field, value: Any, say: Words, form: str) -> str:
    way: Variant | None = next((one for one in field.variants if is_variant(value, one)), None)
    if way is None or not isinstance(value, Mapping):
        return _word(field, value, say)
    name = spoken.word(field.name, way.name, say)
    inner = _parts(way.fields, value, say, form, value)
    return f"{name}: {inner}" if len(field.variants) > 1 else inner


def _free(field: Field, value: Mapping[str, Any], say: Words, form: str) -> str:
    if field.name in INSIDE:
        return "; ".join(f"{label} {words}" for label, words in lines(fields_of(INSIDE[field.name]), value, say, form))
    return msgspec.json.encode(value).decode()


def _word(field: Field, value: Any, say: Words) -> str:
    if field.words:
        return spoken.word(field.name, value, say)
    if field.name == "driver":
        return say.first(f"driver.{value}", str(value))
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
