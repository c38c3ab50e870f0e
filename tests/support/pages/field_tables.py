"""The rows of settings in docs/reference.md, from the fields that the installer's forms are made from."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.core.forms.fields import Field, fields_of


def rows(kind: type[msgspec.Struct]) -> Iterable[str]:
    """A row for each field: name, default, meaning."""
    for field in fields_of(kind):
        yield f"| `{field.name}` | {default(field)} | {field.meaning}{bounds(field)} |\n"


def bounds(field: Field) -> str:
    """The bounds of a number, unless its meaning names them."""
    if field.low is None or field.high is None or f"to {field.high:.0f}" in field.meaning:
        return ""
    return f" ({field.low:.0f} to {field.high:.0f})"


def default(field: Field) -> str:
    """The default as the reference writes it."""
    if field.said_default is not None:
        return field.said_default
    if field.required:
        return "required"
    value = field.default
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(f"`{one}`" for one in value) or "none"
    return f"`{value}`" if value else "none"
