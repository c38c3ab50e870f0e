"""What all rows have in common: a type, a subject, and fields whose meaning is declared with them.

A row's fields are declared in the order in which they are stored: the journal holds the bytes that encoding the struct
gives, and a stored row keeps its bytes for good. A key that only some rows of a type have is a field with the default
`UNSET`, which is left out when it is encoded. The reference, the JSON Schemas and the AsyncAPI document are generated
from these declarations.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypedDict

import msgspec
from msgspec import UNSET, Meta, UnsetType

__all__ = ["UNSET", "UnsetType"]


def one_of(description: str, *values: str | None) -> Meta:
    """The meaning of a field with a closed list of values; nothing is checked when a row is read."""
    return Meta(description=description, extra_json_schema={"enum": list(values)})


def says(description: str) -> Meta:
    """The meaning of a field."""
    return Meta(description=description)


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """Base of all rows. `type` is without the prefix `gatehouse.`; `subjects` is how its subject is written."""

    type: ClassVar[str] = ""
    subjects: ClassVar[str] = ""

    def subject(self, gateway: str, /) -> str:
        """What the row is about; `gateway` is this box's id."""
        raise NotImplementedError


class Who(TypedDict):
    """Author and way of a change, as keywords of its row."""

    by: str
    via: str | None


class Credential(msgspec.Struct, frozen=True, gc=False):
    """What was shown: a card, a plate, a QR code or a PIN."""

    kind: Annotated[str, one_of("what was shown", "card", "plate", "qr", "pin")]
    value: Annotated[str, says("card number, plate, or the name of a QR code")]


class LastGrant(msgspec.Struct, frozen=True, gc=False):
    """The vehicle that a barrier opened for last."""

    at: Annotated[str, says("when it was let pass")]
    pass_: Annotated[str | None, says("id of its pass, null without one")] = msgspec.field(name="pass")
    credential: Annotated[Credential | None, says("what it showed, null when a person opened for it unread")]
    reason: Annotated[str, says("reason code of the decision")]
    by: Annotated[str | None, says("who decided")]


class Charged(msgspec.Struct, frozen=True, gc=False):
    """What a stay costs at an instant, in minor units."""

    visit: Annotated[str, says("id of the visit")]
    amount: Annotated[int, says("the whole charge")]
    currency: Annotated[str, says("three letters such as CNY")]
    due: Annotated[int, says("what is due of it")]
    until: Annotated[str, says("the instant up to which it was worked out, RFC 3339 UTC")]
    minutes: Annotated[int, says("minutes of the stay")]


# ---- fields that many rows have

LaneId = Annotated[str, says("id of the lane")]
BarrierId = Annotated[str, says("id of the barrier")]
PassId = Annotated[str, says("id of the pass")]
PassOrNone = Annotated[str | None, says("id of the pass, null when none is known")]
PassKindOrNone = Annotated[
    str | None,
    Meta(
        description="kind of the pass, null without one",
        extra_json_schema={"enum": ["monthly", "temporary", "staff", "blocked", None]},
    ),
]
Shown = Annotated[Credential | None, says("what was shown, null for nothing")]
Since = Annotated[str, says("since when, RFC 3339 UTC")]
By = Annotated[str | None, says("who: a person, a token or central by name, or `gateway`")]
Via = Annotated[
    str | None,
    Meta(
        description="the way that a person's order came; null for what the gateway, its timetable or a contact did",
        extra_json_schema={"enum": ["guard", "browser", "http", "mqtt", "cli", None]},
    ),
]
Station = Annotated[str | None, says("the booth's own screen that the order came from, null for another way")]
GrantOrNone = Annotated[str | None, says("id of the grant, null without one")]
CaseOrNone = Annotated[str | None, says("the car that it is about, null when none was known")]
Direction = Annotated[str, one_of("which way the lane leads", "entry", "exit")]
Interrupted = Annotated[
    bool, says("true: nothing moves by itself until a person decides; false: no decision is needed")
]
MaybeInterrupted = Annotated[
    bool | UnsetType, says("true: nothing moves by itself until a person decides; false: no decision is needed")
]
Barriers = Annotated[tuple[str, ...], says("the barriers that it left waiting for a person")]


class LaneRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about a lane."""

    subjects: ClassVar[str] = "lanes/<lane>"

    lane: LaneId

    def subject(self, _gateway: str, /) -> str:
        return f"lanes/{self.lane}"


class GatewayRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about this box."""

    subjects: ClassVar[str] = "devices/<gateway>"

    def subject(self, gateway: str, /) -> str:
        return f"devices/{gateway}"
