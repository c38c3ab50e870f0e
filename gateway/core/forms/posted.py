"""Reads a posted form back: the value as JSON, and each fault at its field.

A name in a form is the path of its field: `name`, `retention.days`, `outputs[0].pin`. The fields of a variant carry its
name, `link:tcp.host`, and each id that may be picked has an input of its own, `lanes=in`. A value that is the default
and was not written is left out, so that a form that is saved unchanged changes nothing. A secret that is left empty
stays. A row of a list is left out when nothing is typed in it, or when its tick `rows[3]!drop` is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from gateway.core.forms.fields import Field, Kind, Variant
from gateway.core.money.sums import minor_units, money
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.schedule import DAYS, days_text, parse_days

Posted = Mapping[str, Sequence[str]]
ROWS_MAX = 128
"""Rows of a list of objects that a form takes."""
TEXT_MAX = 4096
RANGE_DAYS_MAX = 366
"""Days of one line such as `2027-02-06..2027-02-12`."""
DROP = "!drop"
"""Behind the name of a secret or of a row: it is to be removed."""
_WHOLE = re.compile(r"[+-]?\d{1,12}")
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,6})?")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_TO = re.compile(r"\s*(?:\.\.|~|～|至|到|\bto\b)\s*")
_ROW = re.compile(r"\[\d+\]\.")
_TYPED = frozenset({Kind.TEXT, Kind.WHOLE, Kind.NUMBER, Kind.MONEY, Kind.LIST, Kind.JSON, Kind.SECRET})
_CHOSEN = frozenset({Kind.CHOICE, Kind.PICKED})


class Fault(msgspec.Struct, frozen=True):
    """What is wrong at a field: the ending of a word's key, and its values."""

    code: str
    values: dict[str, Any] = {}


class Nothing:
    """The field is left out."""


NOTHING = Nothing()


class Reader:
    """Reads the fields of one form and collects the faults by the name of their field."""

    def __init__(self, posted: Posted, currency: str = "") -> None:
        """`currency`: of sums in a form that names none itself."""
        self._posted = posted
        self._currency = currency
        self._starts = row_starts(posted)
        self.faults: dict[str, Fault] = {}

    def object(self, fields: Sequence[Field], before: Mapping[str, Any], at: str = "") -> dict[str, Any]:
        """The object of these fields; keys of `before` that are no field of the form stay."""
        found = dict(before)
        for field in fields:
            value = self._value(field, before.get(field.name, NOTHING), f"{at}{field.name}")
            if value is NOTHING or (field.name not in before and _is_default(field, value)):
                found.pop(field.name, None)
            else:
                found[field.name] = value
        return found

    def _value(self, field: Field, before: Any, name: str) -> Any:
        match field.kind:
            case Kind.PART:
                inner = self.object(field.fields, before if isinstance(before, Mapping) else {}, f"{name}.")
                return inner or (NOTHING if before is NOTHING else inner)
            case Kind.PARTS:
                return self._rows(field, before, name)
            case Kind.ONE_OF:
                return self._one_of(field, before, name)
            case Kind.YES_NO:
                return self._text(name) == "yes"
            case Kind.WEEKDAYS:
                return self._weekdays(field, before, name)
            case Kind.DAYS:
                return self._days(field, name)
            case Kind.LIST | Kind.PICKED if field.several:
                return self._several(field, name)
            case Kind.SECRET:
                return self._secret(before, name)
        if name not in self._posted and before is not NOTHING:
            return before
        return self._single(field, name)

    # ---- one value

    def _single(self, field: Field, name: str) -> Any:
        text = self._text(name)
        if not text and (field.required or field.empty or field.kind is not Kind.TEXT or name not in self._posted):
            return self._left_open(field, name)
        if len(text) > TEXT_MAX:
            return self._wrong(name, "long", high=TEXT_MAX)
        if field.kind in (Kind.WHOLE, Kind.NUMBER):
            return self._number(field, text, name)
        if field.kind is Kind.MONEY:
            return self._money(field, text, name)
        if field.kind is Kind.CHOICE:
            found = [word for word in field.words if str(word) == text]
            return found[0] if found else self._wrong(name, "choice")
        if field.kind is Kind.JSON:
            return self._json(text, name)
        return text if self._length(field, len(text), name, "short", "long") else NOTHING

    def _left_open(self, field: Field, name: str) -> Any:
        """An empty field: null where the setting must be written and may be null."""
        if not field.required:
            return NOTHING
        return None if field.empty else self._wrong(name, "required")

    def _money(self, field: Field, text: str, name: str) -> Any:
        currency = self._text(field.of) or self._currency
        try:
            found = minor_units(text, currency)
        except ValueError:
            return self._wrong(name, "money", example=money(500, currency))
        low, high = field.low or 0, field.high
        if found < low or (high is not None and found > high):
            bounds = {"low": money(int(low), currency), "high": money(int(high or 0), currency)}
            return self._wrong(name, "bounds", **bounds)
        return found

    def _number(self, field: Field, text: str, name: str) -> Any:
        whole = field.kind is Kind.WHOLE
        if not (_WHOLE if whole else _NUMBER).fullmatch(text):
            return self._wrong(name, "whole" if whole else "number")
        found = int(text) if whole else float(text)
        low, high = field.low, field.high
        if (low is not None and found < low) or (high is not None and found > high):
            return self._wrong(name, "bounds", low=_plain(low), high=_plain(high))
        return found

    def _json(self, text: str, name: str) -> Any:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return self._wrong(name, "json")

    def _secret(self, before: Any, name: str) -> Any:
        if self._text(f"{name}{DROP}"):
            return ""
        text = self._posted.get(name, [""])[0]
        if len(text) > TEXT_MAX:
            return self._wrong(name, "long", high=TEXT_MAX)
        return text or before

    # ---- several values

    def _several(self, field: Field, name: str) -> Any:
        texts = picked(self._posted, name) if field.kind is Kind.PICKED else self._text(name).splitlines()
        found = [text.strip() for text in texts if text.strip()]
        if field.required and not found:
            return self._wrong(name, "required")
        if any(len(text) > TEXT_MAX for text in found):
            return self._wrong(name, "long", high=TEXT_MAX)
        return found if self._length(field, len(found), name, "few", "many") else NOTHING

    def _days(self, field: Field, name: str) -> Any:
        found: dict[str, None] = {}
        for line in self._text(name).splitlines():
            try:
                found |= dict.fromkeys(days_of(line) if line.strip() else ())
            except ValueError:
                return self._wrong(name, "day", text=line.strip()[:40])
        return list(found) if self._length(field, len(found), name, "few", "many") else NOTHING

    def _weekdays(self, field: Field, before: Any, name: str) -> Any:
        """The ticked days; the text of before where it names the same ones."""
        days = weekdays_of(picked(self._posted, name))
        if not days:
            return self._wrong(name, "choice")
        known = field.default if before is NOTHING else before
        return known if days == weekdays_of(known) else days_text(days)

    def _rows(self, field: Field, before: Any, name: str) -> Any:
        known = before if isinstance(before, list | tuple) else ()
        rows = []
        for number in range(ROWS_MAX):
            at = f"{name}[{number}]"
            if f"{at}." not in self._starts:
                break
            if self._is_filled(field.fields, at, is_new=number >= len(known)):
                rows.append(self.object(field.fields, known[number] if number < len(known) else {}, f"{at}."))
        return rows if self._length(field, len(rows), name, "few", "many") else NOTHING

    def _is_filled(self, fields: Sequence[Field], at: str, *, is_new: bool) -> bool:
        """Whether a row has anything typed in; an empty one is left out, and one whose tick says so.

        A new row counts from its first choice on; one that has nothing to type stays until its tick is set.
        """
        if self._text(f"{at}{DROP}"):
            return False
        if any(self._is_typed(field, f"{at}.{field.name}", is_new=is_new) for field in fields):
            return True
        if is_new:
            chosen = [field for field in fields if field.kind in _CHOSEN and not field.several]
            return any(self._text(f"{at}.{one.name}") not in ("", str(one.default)) for one in chosen)
        return not any(field.kind in _TYPED for field in fields)

    def _is_typed(self, field: Field, name: str, *, is_new: bool) -> bool:
        if field.kind is Kind.PARTS:
            rows = (f"{name}[{number}]" for number in range(ROWS_MAX))
            return any(self._is_filled(field.fields, at, is_new=True) for at in rows)
        text = self._text(name) if field.kind in _TYPED else ""
        return bool(text) and not (is_new and text == str(field.default))

    def _one_of(self, field: Field, before: Any, name: str) -> Any:
        chosen = self._text(name)
        variant = next((one for one in field.variants if one.name == chosen), None)
        if variant is None:
            return self._wrong(name, "required" if not chosen else "choice") if field.required or chosen else NOTHING
        if not variant.fields:
            return variant.name
        known = before if is_variant(before, variant) else {}
        inner = self.object(variant.fields, known, f"{name}:{variant.name}.")
        return {variant.tag_field: variant.name, **inner} if variant.tag_field else inner

    # ---- parts

    def _text(self, name: str) -> str:
        return next(iter(self._posted.get(name, ())), "").strip()

    def _length(self, field: Field, length: int, name: str, short: str, long: str) -> bool:
        low, high = field.shortest or 0, field.longest
        if length < low:
            self._wrong(name, short, low=low)
        elif high is not None and length > high:
            self._wrong(name, long, high=high)
        return name not in self.faults

    def _wrong(self, name: str, code: str, **values: Any) -> Nothing:
        self.faults[name] = Fault(code, values)
        return NOTHING


def picked(posted: Posted, name: str) -> list[str]:
    """The ids that were picked in a field of that name, each by an input of its own."""
    start = f"{name}="
    return [one[len(start) :] for one, values in posted.items() if one.startswith(start) and any(values)]


def row_starts(posted: Posted) -> frozenset[str]:
    """What the names of the fields of each posted row begin with: `outputs[0].`."""
    return frozenset(name[: found.end()] for name in posted for found in _ROW.finditer(name))


def days_of(line: str) -> Iterator[str]:
    """The days of a line: `2027-02-06`, `2027/2/6`, `2027年2月6日`, or a range `2027-02-06..2027-02-12`; ValueError."""
    first, _, last = _TO.sub("..", line.strip()).partition("..")
    begins = _day(first)
    length = (_day(last) - begins).days if last else 0
    if not 0 <= length < RANGE_DAYS_MAX:
        raise ValueError(line)
    yield from ((begins + timedelta(days=number)).isoformat() for number in range(length + 1))


def _day(text: str) -> date:
    found = _DAY.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return date(int(found[1]), int(found[2]), int(found[3]))


def weekdays_of(value: Any) -> frozenset[int]:
    """Days of the week, Monday 0, of their names or of a text such as `mon-fri`; none of a text that names none."""
    if not isinstance(value, str):
        return frozenset(DAYS.index(one) for one in value or () if one in DAYS)
    try:
        return parse_days(value)
    except PassError:
        return frozenset()


def is_variant(value: Any, variant: Variant) -> bool:
    """Whether a value of the document is of this variant."""
    if not variant.fields:
        return bool(value == variant.name)
    if not isinstance(value, Mapping):
        return False
    return not variant.tag_field or value.get(variant.tag_field) == variant.name


def path_of(name: str) -> str:
    """The path in the document of a name in a form."""
    return re.sub(r":\w+", "", name)


def _is_default(field: Field, value: Any) -> bool:
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    return not field.required and bool(value == default)


def _plain(number: float | None) -> Any:
    return int(number) if number is not None and number == int(number) else number
