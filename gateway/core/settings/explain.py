"""Explains msgspec's errors to the author of a document: path, value and remedy.

msgspec names Python types and does not list the words of an option. So the type at the path is looked up, and the
remedy is given in the words of JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

_AT = re.compile(r" - at `\$([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_EXPECTED = re.compile(r"(?:Expected|Invalid RFC3339 encoded) `?([\w |]*)`?(?:, got `[^`]*`)?(.*)")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
}
_WANTED = {
    "object": "an object",
    "array": "a list",
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a day such as 2026-11-30",
    "datetime": "a time such as 2026-11-30T08:00:00Z",
}
# Secrets: never shown, on no terminal and in no log.
_SECRET = {"pin_hash", "password", "key"}
_SHOWN_MAX = 80


def kind_of(value: Any) -> str:
    """The kind of a JSON value, in words."""
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


def explain(error: msgspec.ValidationError, document: Any, kind: Any) -> tuple[str, str]:
    """The path in the document (begins with `.` or `[`, or is empty), and the words."""
    text = str(error)
    at = _AT.search(text)
    path = at[1] if at else ""
    message = _AT.sub("", text)
    if unknown := _UNKNOWN.search(message):
        known = [field.encode_name for one in _structs(document, kind, path) for field in one.fields]
        return f"{path}.{unknown[1]}", f"is not a known key; known here: {', '.join(known)}"
    if missing := _MISSING.search(message):
        path = f"{path}.{missing[1]}"
        return path, f"is missing; {_words_of(document, kind, path) or 'it is required'}"
    wanted = _words_of(document, kind, path) or _bounds_at(document, kind, path) or _EXPECTED.sub(_in_words, message)
    return path, f"{_shown(document, path)}; {wanted}"


def without(document: Any, path: str) -> Any:
    """A copy of the document without what stands at a path, whose last key may be any text."""
    if isinstance(document, dict) and path.startswith(".") and path[1:] in document:
        return {key: value for key, value in document.items() if key != path[1:]}
    step = _STEP.match(path)
    if step is None:
        return None
    name, index, rest = step[1] or "", step[2] or "", path[step.end() :]
    inner = _step(document, name, index)
    if isinstance(document, dict):
        kept = {key: value for key, value in document.items() if key != name}
        return {**kept, name: without(inner, rest)} if rest and name in document else kept
    if isinstance(document, list) and index:
        at = int(index)
        return [*document[:at], *([without(inner, rest)] if rest else []), *document[at + 1 :]]
    return document


def _in_words(expected: re.Match[str]) -> str:
    names = [name for name in expected[1].split(" | ") if name != "null"]
    return f"give {' or '.join(_WANTED.get(name, name) for name in names)}{expected[2]}"


def _words_of(document: Any, kind: Any, path: str) -> str:
    """The words of an option that takes only certain words; "" where it takes other texts too."""
    types = list(_types(document, kind, path))
    if any(isinstance(one, inspect.StrType) for one in types):
        return ""
    words = [_json(value) for one in types for value in _values(one)]
    return f"use one of {', '.join(words)}" if words else ""


def _bounds_at(document: Any, kind: Any, path: str) -> str:
    """The bounds of a number that was given and is not within them; "" for anything else."""
    value = _at(document, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    bounded = [one for one in _types(document, kind, path) if isinstance(one, inspect.IntType | inspect.FloatType)]
    return next((f"give a number from {one.ge} to {one.le}" for one in bounded if _outside(value, one)), "")


def _outside(value: float, one: inspect.IntType | inspect.FloatType) -> bool:
    return one.ge is not None and one.le is not None and not one.ge <= value <= one.le


def _values(one: inspect.Type) -> Iterable[Any]:
    if isinstance(one, inspect.LiteralType):
        return one.values
    return [member.value for member in one.cls] if isinstance(one, inspect.EnumType) else ()


def _structs(document: Any, kind: Any, path: str) -> list[inspect.StructType]:
    return [one for one in _types(document, kind, path) if isinstance(one, inspect.StructType)]


def _types(document: Any, kind: Any, path: str) -> Iterable[inspect.Type]:
    """The type at a path; of tagged objects the one that was written."""
    types = _apart([inspect.type_info(kind)])
    value = document
    for name, index in _STEP.findall(path):
        chosen = [one for one in types if _tagged(one, value)]
        types = _apart(found for one in chosen or types for found in _inside(one, name))
        value = _step(value, name, index)
    return [one for one in types if _tagged(one, value)] or types


def _apart(types: Iterable[inspect.Type]) -> list[inspect.Type]:
    bare = [one.type if isinstance(one, inspect.Metadata) else one for one in types]
    return [each for one in bare for each in (_apart(one.types) if isinstance(one, inspect.UnionType) else (one,))]


def _tagged(one: inspect.Type, value: Any) -> bool:
    if not isinstance(one, inspect.StructType) or one.tag_field is None:
        return True
    return isinstance(value, dict) and value.get(one.tag_field) == one.tag


def _inside(one: inspect.Type, name: str) -> Iterable[inspect.Type]:
    if isinstance(one, inspect.StructType):
        if name == one.tag_field:
            yield inspect.LiteralType((one.tag,))
        yield from (field.type for field in one.fields if field.encode_name == name)
    elif isinstance(one, inspect.ListType | inspect.VarTupleType):
        yield one.item_type


def _shown(document: Any, path: str) -> str:
    """The value at a path, cut to fit a line."""
    value, last = document, ""
    for name, index in _STEP.findall(path):
        value, last = _step(value, name, index), name
    if last in _SECRET:
        return f"is {kind_of(value)}"
    if isinstance(value, str):
        return f"is {value[:_SHOWN_MAX]!r}{'...' if len(value) > _SHOWN_MAX else ''}"
    return f"is {kind_of(value)}" if value is None or isinstance(value, dict | list) else f"is {_json(value)}"


def _at(document: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        document = _step(document, name, index)
    return document


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _step(value: Any, name: str, index: str) -> Any:
    try:
        return value[name] if name else value[int(index)]
    except (KeyError, IndexError, TypeError):
        return None
