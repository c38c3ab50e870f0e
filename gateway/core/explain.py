"""What msgspec finds wrong with a document, in words for whoever wrote it: where, the value, what would be right."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_AT = re.compile(r" - at `\$([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
}


def kind_of(value: Any) -> str:
    """What a JSON value is, for people."""
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


def explain(error: msgspec.ValidationError, document: Any, kind: Any) -> tuple[str, str]:
    """Where in the document (a path that begins with `.` or `[`, or is empty), and the words."""
    text = str(error)
    at = _AT.search(text)
    path = at[1] if at else ""
    message = _AT.sub("", text)
    if unknown := _UNKNOWN.search(message):
        fields = getattr(kind, "__struct_fields__", ())
        known = f"; known here: {', '.join(fields)}" if fields and not path else ""
        return f"{path}.{unknown[1]}", f"is not a known key{known}"
    if missing := _MISSING.search(message):
        return f"{path}.{missing[1]}", "is missing; it is required"
    value = _at(document, path)
    shown = f"is {value!r}; " if isinstance(value, str | int | float) else ""
    return path, shown + message[:1].lower() + message[1:].replace("`", "")


def _at(document: Any, path: str) -> Any:
    """The value at that path, or the last one on the way there."""
    value = document
    for key, index in _STEP.findall(path):
        try:
            value = value[key] if key else value[int(index)]
        except (KeyError, IndexError, TypeError):
            break
    return value
