"""Checks what is said of an entry of a list of vehicles; errors name the field, the value and the remedy."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from gateway.core.people.texts import wrong_text
from gateway.core.plates.plates import is_none, is_plate
from gateway.core.settings.explain import explain
from gateway.core.vocabulary.errors import ListedError
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.times import NS_PER_S
from gateway.store.passes.credentials import normal_card, normal_plate
from gateway.store.times import parse_wall_ns, rfc3339

DAY_NS = 86_400 * NS_PER_S
DAYS = 30
"""An entry without an end ends so many days after it was made."""
DAYS_MAX = 366
"""An entry ends within so many days; who still needs it then says so again."""

List = Literal["watch", "hazardous"]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"list_": "list"}):
    """What is said of an entry: exactly one of `plate` and `card`; `until`: 30 days from now unless given."""

    list_: List
    reason: str
    plate: str | None = None
    card: str | None = None
    until: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """An entry after the check."""

    list_: str
    credential: Credential
    reason: str
    until_ns: int

    def fields(self) -> dict[str, Any]:
        """The fields of its row."""
        return {
            "list_": self.list_,
            "credential": self.credential,
            "reason": self.reason,
            "until": rfc3339(self.until_ns),
        }


def said_of(document: dict[str, Any]) -> Said:
    """What a document says; ListedError names the key that does not fit."""
    try:
        return msgspec.convert(document, Said)
    except msgspec.ValidationError as error:
        path, words = explain(error, document, Said)
        raise ListedError(f"{path.removeprefix('.') or 'entry'} {words}") from None


def check_entry(said: Said, now_ns: int) -> Entry:
    """The entry; ListedError for the first thing that is wrong."""
    if not said.reason.strip():
        raise ListedError("reason is empty; say why the vehicle is on the list")
    if wrong := wrong_text(said.reason):
        raise ListedError(f"reason {wrong}")
    until_ns = _instant(said.until) if said.until is not None else now_ns + DAYS * DAY_NS
    if until_ns <= now_ns:
        raise ListedError(f"until is {rfc3339(until_ns)}, which has passed; give a later instant")
    if until_ns - now_ns > DAYS_MAX * DAY_NS:
        raise ListedError(f"until is {rfc3339(until_ns)}; give an instant at most {DAYS_MAX} days ahead")
    return Entry(said.list_, _credential(said), said.reason.strip(), until_ns)


def _credential(said: Said) -> Credential:
    if bool(said.plate) == bool(said.card):
        raise ListedError("give a plate or a card, and not both; a vehicle with both has two entries")
    if said.plate:
        plate = normal_plate(said.plate)
        if is_none(plate) or not is_plate(plate):
            raise ListedError(f"plate is {said.plate[:40]!r}, which is no plate")
        return Credential("plate", plate)
    card = said.card or ""
    try:
        return Credential("card", normal_card(card))
    except ValueError:
        raise ListedError(f"card is {card[:40]!r}; give the card's number in decimal, or an EPC in hex") from None


def _instant(text: str) -> int:
    try:
        return parse_wall_ns(text)
    except ValueError:
        raise ListedError(f"until is {text[:60]!r}; give an instant such as 2026-12-31T18:00:00+08:00") from None
