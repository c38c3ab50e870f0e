"""What a browser sends for a form as it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.core.forms.entries import Entry
from gateway.core.forms.fields import Kind


def sent(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """The names and values of all inputs, as they stand on the page."""
    found: dict[str, list[str]] = {}
    for name, value in _inputs(entries):
        found.setdefault(name, []).append(value)
    return found


def _inputs(entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    for one in entries:
        yield from _inputs(one.entries)
        for row in one.rows:
            yield from _inputs(row)
        for way in one.ways:
            if way.chosen:
                yield one.name, way.name
            yield from _inputs(way.entries)
        yield from _own(one)


def _own(one: Entry) -> Iterator[tuple[str, str]]:
    match one.field.kind:
        case Kind.PART | Kind.PARTS | Kind.ONE_OF:
            return
        case Kind.YES_NO:
            yield from [(one.name, "yes")] if one.on else []
        case Kind.PICKED | Kind.WEEKDAYS if one.field.several:
            yield from ((f"{one.name}={text}", "yes") for text in one.texts)
        case Kind.LIST | Kind.DAYS:
            yield one.name, "\r\n".join(one.texts)
        case _:
            yield one.name, one.text
