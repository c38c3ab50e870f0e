"""Decisions on what a car shows, what a person did with a car, and unused grants."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import field

from gateway.core.vocabulary.rows.base import (
    UNSET,
    By,
    CaseOrNone,
    Charged,
    Direction,
    LaneRow,
    PassKindOrNone,
    PassOrNone,
    Shown,
    Station,
    UnsetType,
    Via,
    says,
)

Reason = Annotated[str, says("reason code")]
DecidedBy = Annotated[str, says("`gateway`, `exit button`, or the person who let the vehicle pass, by name")]
PlateRead = Annotated[str | UnsetType, says("the plate that was read beside the card")]
Grant = Annotated[str, says("id of the grant")]
ChargedThen = Annotated[Charged | UnsetType, says("at an exit, what the stay costs, when a tariff holds for it")]
Owed = Annotated[int | UnsetType, says("what the same plate or card owes from earlier visits, in minor units")]


class DecisionRow(LaneRow, frozen=True, kw_only=True, gc=False):
    """What every decision says first."""

    direction: Direction
    credential: Shown
    pass_: PassOrNone = field(name="pass")
    kind: PassKindOrNone
    days_left: Annotated[int | None, says("days until the pass ends, negative after its end; null without an end")]


class AccessGranted(DecisionRow, frozen=True, kw_only=True, gc=False):
    """A vehicle may pass by what it has shown."""

    type: ClassVar[str] = "access.granted"

    reason: Reason
    decided_by: DecidedBy
    case: CaseOrNone
    plate_read: PlateRead = UNSET
    visit: Annotated[str | UnsetType, says("the visit of an expected visitor")] = UNSET
    grant: Grant
    charge: ChargedThen = UNSET
    owed: Owed = UNSET


class AccessGrantedByHand(DecisionRow, frozen=True, kw_only=True, gc=False):
    """A vehicle may pass because a person, or the exit button, opens for it; `stated` and on: of a person."""

    type: ClassVar[str] = "access.granted"

    case: CaseOrNone
    reason: Reason
    decided_by: DecidedBy
    grant: Grant
    stated: Annotated[str | UnsetType | None, says("the reason that the person gave, null for none")] = UNSET
    barrier: Annotated[str | UnsetType, says("id of the barrier that opens")] = UNSET
    by: Annotated[str | UnsetType | None, says("the person, by name")] = UNSET
    via: Annotated[str | UnsetType | None, says("the way that the order came")] = UNSET
    station: Annotated[str | UnsetType | None, says("the booth's own screen that it came from")] = UNSET
    identity_checked: Annotated[str | UnsetType, says("from afar: how the person at the gate was identified")] = UNSET
    visit: Annotated[str | UnsetType, says("the visit of an expected visitor, or the stay of a car without a card")] = (
        UNSET
    )
    person: Annotated[str | UnsetType, says("no card: the driver whose identity was checked")] = UNSET
    charge: ChargedThen = UNSET


class AccessDenied(DecisionRow, frozen=True, kw_only=True, gc=False):
    """The gate stays closed for what was shown."""

    type: ClassVar[str] = "access.denied"

    reason: Reason
    decided_by: DecidedBy
    case: CaseOrNone
    plate_read: PlateRead = UNSET
    charge: ChargedThen = UNSET
    owed: Owed = UNSET


class AccessReferred(DecisionRow, frozen=True, kw_only=True, gc=False):
    """A person decides on what was shown."""

    type: ClassVar[str] = "access.referred"

    reason: Reason
    decided_by: DecidedBy
    case: CaseOrNone
    plate_read: PlateRead = UNSET
    due: Annotated[int | UnsetType, says("with `unpaid`, what must be paid, in minor units")] = UNSET
    charge: ChargedThen = UNSET
    owed: Owed = UNSET


class ButtonReferred(DecisionRow, frozen=True, kw_only=True, gc=False):
    """A person decides: the exit button was pressed at a lane that cannot open now."""

    type: ClassVar[str] = "access.referred"

    case: CaseOrNone
    reason: Reason
    decided_by: DecidedBy


class CaseRow(LaneRow, frozen=True, kw_only=True, gc=False):
    """What a person did with a car that was denied or referred."""

    case: CaseOrNone
    pass_: PassOrNone = field(name="pass")
    credential: Shown
    reason: Annotated[str, says("from the short list, words of their own, or `not_stated`")]
    to: Annotated[str | None, says("the role that it was handed on to, null for none")]
    by: By
    via: Via
    station: Station


class CaseReleased(CaseRow, frozen=True, kw_only=True, gc=False):
    """A person let the car pass."""

    type: ClassVar[str] = "case.released"


class CaseRefused(CaseRow, frozen=True, kw_only=True, gc=False):
    """A person turned the car away."""

    type: ClassVar[str] = "case.refused"


class CaseReported(CaseRow, frozen=True, kw_only=True, gc=False):
    """A person saw to the car; or, with `to`, that role is notified of a refusal at once."""

    type: ClassVar[str] = "case.reported"


class GrantUnused(LaneRow, frozen=True, kw_only=True, gc=False):
    """No vehicle drove through on this grant."""

    type: ClassVar[str] = "grant.unused"

    pass_: PassOrNone = field(name="pass")
    grant: Grant
    reason: Annotated[
        str,
        says(
            "`time_over`, `left` (the car has gone, or another is read in its place), `plate_mismatch`, what kept the"
            " arm from opening (`stop`, `close`, `lock`, `mains`, `not_followed`, `obstructed`, `limit_fault`,"
            " `device_lost`, `crashed`), or `restart`"
        ),
    ]
