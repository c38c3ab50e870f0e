"""A pass: the right to pass, by credential, lane and time."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class PassKind(StrEnum):
    """The four kinds of pass."""

    MONTHLY = "monthly"
    TEMPORARY = "temporary"
    STAFF = "staff"
    BLOCKED = "blocked"


class Pass(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A pass as the contract writes it; text exactly as given, sets as tuples, dates still as text.

    `valid_from` and `valid_until` are a day (`2026-11-30`, in site time, both days included) or an RFC 3339 instant.
    `schedule` is empty (always) or weekly windows such as `mon-fri 08:00-18:00; sat 09:00-12:00`.
    """

    id: str
    kind: PassKind
    holder: str = ""
    phone: str = ""
    unit: str = ""
    plates: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    bay: str = ""
    valid_from: str = ""
    valid_until: str = ""
    schedule: str = ""
    lanes: tuple[str, ...] = ()
    group: str = ""
    note: str = ""
    revision: int = 0
