"""What a form shows: each field with its value as text, its rows and variants, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.forms.fields import Field, Kind, Variant
from gateway.core.forms.posted import DROP, Fault, Posted, is_variant, path_of, picked, row_starts, weekdays_of
from gateway.core.money.sums import money
from gateway.core.vocabulary.schedule import DAYS


class Way(msgspec.Struct, frozen=True):
    """One variant of a field, with its own entries."""

    name: str
    chosen: bool
    entries: tuple[Entry, ...]


class Entry(msgspec.Struct, frozen=True):
    """One field on a page. `name` is that of its input, `path` its place in the document.

    `text` is the value as it is typed, `texts` those of a list. A secret has none; `given` says whether it was given.
    `dropped`: the rows whose tick to leave them out is set.
    """

    field: Field
    name: str
    path: str
    text: str = ""
    texts: tuple[str, ...] = ()
    given: bool = False
    on: bool = False
    wrong: Fault | None = None
    entries: tuple[Entry, ...] = ()
    rows: tuple[tuple[Entry, ...], ...] = ()
    dropped: tuple[int, ...] = ()
    ways: tuple[Way, ...] = ()


class Shower:
    """Makes the entries of one form, from the document or from what was posted with faults."""

    def __init__(
        self,
        root: str,
        posted: Posted | None = None,
        faults: Mapping[str, Fault] | None = None,
        given: Collection[str] = (),
        problems: Mapping[str, Fault] | None = None,
        currency: str = "",
    ) -> None:
        """`root`: the path of the form in the document. `given`: paths of secrets that the gateway has.

        `faults` by the name of their field, `problems` of the whole document by their path. `currency`: of sums in a
        form that names none itself.
        """
        self._root = root
        self._posted = posted
        self._starts = row_starts(posted or {})
        self._faults = faults or {}
        self._given = frozenset(given)
        self._problems = problems or {}
        self._currency = currency
        self._whole: Mapping[str, Any] = {}

    def entries(self, fields: Sequence[Field], value: Any, at: str = "") -> tuple[Entry, ...]:
        """The entries of an object's fields."""
        known = value if isinstance(value, Mapping) else {}
        if not at:
            self._whole = {"currency": self._currency, **known}
        return tuple(self._entry(field, known.get(field.name), f"{at}{field.name}") for field in fields)

    def _entry(self, field: Field, value: Any, name: str) -> Entry:
        path = ".".join(part for part in (self._root, path_of(name)) if part)
        made = Entry(field, name, path, wrong=self._faults.get(name) or self._problem(field, path))
        shown = value if value is not None else field.default
        return msgspec.structs.replace(made, **self._filled(field, shown, name, path))

    def _problem(self, field: Field, path: str) -> Fault | None:
        """A problem at the field; one within it counts where it has no fields of its own."""
        if path in self._problems or field.kind in (Kind.PART, Kind.PARTS, Kind.ONE_OF):
            return self._problems.get(path)
        inside = (fault for at, fault in self._problems.items() if at.startswith((f"{path}[", f"{path}.")))
        return next(inside, None)

    def _filled(self, field: Field, value: Any, name: str, path: str) -> dict[str, Any]:
        match field.kind:
            case Kind.PART:
                return {"entries": self.entries(field.fields, value, f"{name}.")}
            case Kind.PARTS:
                rows = tuple(self._rows(field, value or (), name))
                dropped = (number for number in range(len(rows)) if any(self._texts(f"{name}[{number}]{DROP}")))
                return {"rows": rows, "dropped": tuple(dropped)}
            case Kind.ONE_OF:
                return {"ways": tuple(self._ways(field, value, name))}
            case Kind.SECRET:
                return {"given": value not in (None, "") or path in self._given}
            case Kind.YES_NO:
                return {"on": bool(value) if self._posted is None else self._texts(name) == ("yes",)}
            case Kind.WEEKDAYS:
                days = weekdays_of(value if self._posted is None else picked(self._posted, name))
                return {"texts": tuple(DAYS[day] for day in sorted(days))}
            case Kind.MONEY if self._posted is None:
                return {"text": sum_text(field, value, self._whole)}
        if field.several:
            return {"texts": tuple(map(str, value or ())) if self._posted is None else self._lines(field, name)}
        return {"text": _text(field, value) if self._posted is None else "".join(self._texts(name)[:1])}

    def _lines(self, field: Field, name: str) -> tuple[str, ...]:
        if field.kind is Kind.PICKED:
            return tuple(picked(self._posted or {}, name))
        return tuple("\n".join(self._texts(name)).splitlines())

    def _texts(self, name: str) -> tuple[str, ...]:
        return tuple((self._posted or {}).get(name, ()))

    def _rows(self, field: Field, value: Sequence[Any], name: str) -> Iterator[tuple[Entry, ...]]:
        """The rows, and an empty one to be filled."""
        number = 0
        while number < len(value) if self._posted is None else f"{name}[{number}]." in self._starts:
            one = value[number] if number < len(value) else None
            yield self.entries(field.fields, one, f"{name}[{number}].")
            number += 1
        if self._posted is None:
            yield self.entries(field.fields, None, f"{name}[{number}].")

    def _ways(self, field: Field, value: Any, name: str) -> Iterator[Way]:
        if field.empty:
            yield Way("", self._is_chosen(value is None, "", name), ())
        for one in field.variants:
            mine = is_variant(value, one)
            yield Way(one.name, self._is_chosen(mine, one.name, name), self._of_way(one, value if mine else {}, name))

    def _is_chosen(self, in_document: bool, way: str, name: str) -> bool:
        return in_document if self._posted is None else "".join(self._texts(name)[:1]) == way

    def _of_way(self, one: Variant, value: Any, name: str) -> tuple[Entry, ...]:
        return self.entries(one.fields, value, f"{name}:{one.name}.")


def sum_text(field: Field, value: Any, whole: Mapping[str, Any]) -> str:
    """A sum of the document as it is typed, in the currency that the whole object names."""
    if not isinstance(value, int):
        return "" if value is None else str(value)
    return money(value, str(whole.get(field.of) or ""))


def _text(field: Field, value: Any) -> str:
    if value is None or (field.kind is Kind.JSON and not value):
        return ""
    if field.kind is Kind.JSON:
        return msgspec.json.encode(value).decode()
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
