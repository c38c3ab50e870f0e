"""Checks a pass, for the screen, the API and imports.

Every error names the field, the value and the remedy, so that a property office can correct its spreadsheet without a
manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from gateway.core.people.texts import FORBIDDEN
from gateway.core.plates.plates import is_none, is_plate, is_usual
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.passes import Moment, Pass, PassKind, beginning, end
from gateway.core.vocabulary.schedule import parse_schedule
from gateway.core.vocabulary.times import FIRST_YEAR, LAST_YEAR, NO_END_YEAR, YEARS
from gateway.store.passes.credentials import is_decimal, normal_card, normal_plate

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
FIELDS = Pass.__struct_fields__
LISTS = ("plates", "cards", "lanes")
TEXT_MAX = 200
NOTE_MAX = 2000
ITEMS_MAX = 50

_SHAPES = {
    "kind": f"give one of {', '.join(PassKind)}",
    "revision": "give a whole number",
    **dict.fromkeys(LISTS, "give a list of texts"),
}
_UNBOUNDED = {
    "valid_from": f"a day in year {FIRST_YEAR} means no beginning",
    "valid_until": f"a day in the year {NO_END_YEAR} means no end",
}
_CONTROL = re.compile(f"[{FORBIDDEN}]")
_LINES = str.maketrans({"\n": " ", "\t": " "})
"""A note may have several lines."""


class PassFieldError(PassError):
    """One field of a pass is wrong; `field`, `value` and `reason` (with the remedy) are its parts."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field = field
        self.value = value
        self.reason = reason
        super().__init__(f"{field} is {_short(value)}; {reason}")


def check_pass(document: Mapping[str, Any]) -> Pass:
    """A Pass from plain JSON; PassFieldError for the first error."""
    for key, value in document.items():
        if key not in FIELDS:
            raise PassFieldError(key, value, f"there is no such field; known: {', '.join(FIELDS)}")
    for key in ("id", "kind"):
        if not document.get(key):
            raise PassFieldError(key, document.get(key), "it is required")
    try:
        return checked(msgspec.convert(document, Pass))
    except msgspec.ValidationError as error:
        field = next((name for name in FIELDS if f"$.{name}" in str(error)), "pass")
        raise PassFieldError(field, document.get(field), _SHAPES.get(field, "give a text")) from error


def checked(pass_: Pass) -> Pass:
    """The same pass after the check."""
    if not ID.fullmatch(pass_.id):
        raise PassFieldError("id", pass_.id, "use 1 to 64 letters, digits, '-' or '_'")
    _check_texts(pass_)
    if pass_.cards:
        _check_cards(pass_.cards)
    if pass_.plates:
        _check_plates(pass_.plates)
    if pass_.lanes:
        _check_lanes(pass_.lanes)
    if pass_.valid_from or pass_.valid_until:
        _check_dates(pass_.valid_from, pass_.valid_until)
    if pass_.schedule:
        _check_schedule(pass_.schedule)
    if pass_.revision < 0:
        raise PassFieldError("revision", pass_.revision, "give 0 or more")
    return pass_


def _check_texts(pass_: Pass) -> None:
    joined = (
        pass_.holder, pass_.phone, pass_.unit, pass_.bay, pass_.valid_from, pass_.valid_until,
        pass_.schedule, pass_.group, pass_.note,
    )  # fmt: skip
    whole = "".join(joined)
    if len(whole) <= TEXT_MAX and not _CONTROL.search(whole):
        return
    for field in FIELDS:
        text = getattr(pass_, field)
        most = NOTE_MAX if field == "note" else TEXT_MAX
        if not isinstance(text, str):
            continue
        if len(text) > most:
            raise PassFieldError(field, text, f"it is longer than {most} characters; shorten it")
        if _CONTROL.search(text.translate(_LINES) if field == "note" else text):
            raise PassFieldError(field, text, "it holds control characters; take them out")


def are_plain(texts: Sequence[str]) -> bool:
    """Whether none of these texts is too long or holds a control character, for any field."""
    return max(map(len, texts)) <= TEXT_MAX and not _CONTROL.search("".join(texts))


def _check_cards(cards: tuple[str, ...]) -> None:
    _check_count("cards", cards)
    for card in cards:
        if is_decimal(card):
            continue
        try:
            normal_card(card)
        except ValueError as error:
            raise PassFieldError("cards", card, "give the card's number in decimal, or an EPC in hex") from error


def _check_plates(plates: tuple[str, ...]) -> None:
    _check_count("plates", plates)
    for plate in plates:
        if is_usual(plate):
            continue
        if is_none(normal_plate(plate)):
            reason = "that says that there is no plate, and would fit every car that a camera cannot read; leave it out"
            raise PassFieldError("plates", plate, reason)
        if not is_plate(normal_plate(plate)) or _CONTROL.search(plate):
            raise PassFieldError("plates", plate, "give 2 to 16 letters, digits or characters")


def _check_lanes(lanes: tuple[str, ...]) -> None:
    _check_count("lanes", lanes)
    for lane in lanes:
        if not ID.fullmatch(lane):
            raise PassFieldError("lanes", lane, "give ids of lanes, such as in; empty means all")


def _check_count(field: str, items: tuple[str, ...]) -> None:
    if len(items) > ITEMS_MAX:
        raise PassFieldError(field, f"{len(items)} entries", f"give at most {ITEMS_MAX}")


@lru_cache(maxsize=4096)
def _check_dates(valid_from: str, valid_until: str) -> None:
    first = _check_moment("valid_from", valid_from, beginning)
    last = _check_moment("valid_until", valid_until, end)
    if first is not None and first.year == NO_END_YEAR:
        raise PassFieldError("valid_from", valid_from, f"such a pass would never begin; give a day {YEARS}")
    if last is not None and last.year == FIRST_YEAR:
        years = f"in the years {FIRST_YEAR + 1} to {LAST_YEAR}"
        reason = f"such a pass would never be valid; give a day {years}, or leave it empty where there is no end"
        raise PassFieldError("valid_until", valid_until, reason)
    if first is not None and last is not None and _turned_round(first, last):
        raise PassFieldError("valid_until", valid_until, f"it lies before valid_from {valid_from}")


def _check_moment(field: str, text: str, bound: Callable[[str], Moment | None]) -> Moment | None:
    """A bound of the validity; None if unbounded."""
    try:
        return bound(text)
    except PassError as error:
        raise PassFieldError(field, text, f"{_remedy(error, text)}; {_UNBOUNDED[field]}") from error


def _turned_round(first: Moment, last: Moment) -> bool:
    """Whether a range ends before it begins; of a day and an instant only the site's zone could tell."""
    if isinstance(first, datetime) or isinstance(last, datetime):
        return isinstance(first, datetime) and isinstance(last, datetime) and last < first
    return last < first


@lru_cache(maxsize=1024)
def _check_schedule(text: str) -> None:
    try:
        parse_schedule(text)
    except PassError as error:
        raise PassFieldError("schedule", text, _remedy(error, text)) from error


def _remedy(error: PassError, text: str) -> str:
    """The part of the core's complaint that says what would be right."""
    return str(error).removeprefix(f"is {text!r}; ")


def _short(value: object) -> str:
    text = "missing" if value in (None, "") else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
