"""Release slips: goods may leave by vehicle, once, matched by a guard at the gate."""

from __future__ import annotations

from typing import Annotated, ClassVar

from gateway.core.vocabulary.rows.base import (
    UNSET,
    By,
    CaseOrNone,
    Row,
    Shown,
    Station,
    UnsetType,
    Via,
    one_of,
    says,
)

ASKERS = ("owner", "tenant", "family", "firm", "office")
"""Who may ask for a slip; a name stands nowhere."""
AskedBy = one_of("who asked for it, by what they are to the unit", *ASKERS)


class SlipRow(Row, frozen=True, kw_only=True, gc=False):
    """A row about one release slip."""

    subjects: ClassVar[str] = "slips/<slip>"

    slip: Annotated[str, says("id of the release slip")]

    def subject(self, _gateway: str, /) -> str:
        return f"slips/{self.slip}"


class SlipRegistered(SlipRow, frozen=True, kw_only=True, gc=False):
    """The office releases goods; when another than the owner carries them, the owner confirms first."""

    type: ClassVar[str] = "slip.registered"

    unit: Annotated[str, says("building and room that the goods leave, empty where the plate is enough")]
    goods: Annotated[str, says("the goods, in words")]
    plate: Annotated[str | None, says("plate of the vehicle, null for any")]
    until: Annotated[str, says("until then; it ends by itself")]
    carrier: Annotated[str, one_of("who carries the goods", "owner", "other")]
    confirmed: Annotated[bool, says("true: the owner has confirmed already")]
    by: By
    via: Via
    station: Station
    asked_by: Annotated[str | UnsetType, AskedBy] = UNSET


class SlipConfirmed(SlipRow, frozen=True, kw_only=True, gc=False):
    """The owner of the goods has confirmed that another carries them."""

    type: ClassVar[str] = "slip.confirmed"

    how: Annotated[str, one_of("how the owner confirmed", "phone", "in_person", "in_writing")]
    by: By
    via: Via
    station: Station


class SlipCancelled(SlipRow, frozen=True, kw_only=True, gc=False):
    """The goods do not leave."""

    type: ClassVar[str] = "slip.cancelled"

    by: By
    via: Via
    station: Station
    reason: Annotated[str | UnsetType, says("the reason that the person gave")] = UNSET


class SlipUsed(SlipRow, frozen=True, kw_only=True, gc=False):
    """A guard has matched the goods of a vehicle at an exit with the slip, and signed by PIN; it is used once."""

    type: ClassVar[str] = "slip.used"

    lane: Annotated[str, says("id of the lane where the goods leave")]
    case: CaseOrNone
    visit: Annotated[str | None, says("id of the visit that the exit ends, null when none is known")]
    credential: Shown
    by: By
    via: Via
    station: Station
