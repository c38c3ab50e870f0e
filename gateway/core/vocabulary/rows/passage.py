"""Vehicles that have crossed, or nearly."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, field

from gateway.core.vocabulary.rows.base import (
    UNSET,
    By,
    GrantOrNone,
    LaneRow,
    PassKindOrNone,
    PassOrNone,
    Shown,
    UnsetType,
    one_of,
    says,
)

VisitOrNone = Annotated[str | None, says("id of the visit, null when none is known")]


class PassageRow(LaneRow, frozen=True, kw_only=True, gc=False):
    """A vehicle has crossed. `by`, `via`, `station` and `stated` are of the person who let it pass by hand."""

    visit: Annotated[str, says("id of the visit")]
    pass_: PassOrNone = field(name="pass")
    plate: Annotated[str | None, says("plate, null when none was read")]
    method: Annotated[str, one_of("how it got through", "automatic", "manual", "tailgate", "hand")]
    certainty: Annotated[str, one_of("how sure it is", "measured", "inferred", "declared")]
    kind: PassKindOrNone
    credential: Shown
    grant: GrantOrNone
    by: By
    mark: Annotated[
        str | None,
        Meta(
            description="`emergency`: not counted; `free_flow`: counted while the arm was held open by its schedule",
            extra_json_schema={"enum": ["emergency", "free_flow", None]},
        ),
    ]
    via: Annotated[str | UnsetType | None, says("the way that the person's order came")] = UNSET
    station: Annotated[str | UnsetType | None, says("the booth's own screen that it came from")] = UNSET
    stated: Annotated[str | UnsetType | None, says("the reason that the person gave")] = UNSET
    case: Annotated[str | UnsetType | None, says("the car that it is about")] = UNSET


class PassageEntered(PassageRow, frozen=True, kw_only=True, gc=False):
    """A vehicle has come in; a visit begins."""

    type: ClassVar[str] = "passage.entered"


class PassageExited(PassageRow, frozen=True, kw_only=True, gc=False):
    """A vehicle has gone out; a visit ends."""

    type: ClassVar[str] = "passage.exited"

    entered_at: Annotated[str | None, says("when it came in, null when that is not known")]
    duration_s: Annotated[int | None, says("how long it was inside, null when the clock was stepped in between")]
    charge: Annotated[int | None, says("in minor units, null without one")]


class PassageReversed(LaneRow, frozen=True, kw_only=True, gc=False):
    """A vehicle has backed off."""

    type: ClassVar[str] = "passage.reversed"

    visit: VisitOrNone
    pass_: PassOrNone = field(name="pass")
    grant: GrantOrNone
    way: Annotated[
        str,
        one_of(
            "`read_again`: it is read outside, so a passage that was only inferred did not happen",
            "reversed", "wrong_way", "read_again",
        ),
    ]  # fmt: skip
    voids: Annotated[str | UnsetType, says("the visit whose passage did not happen")] = UNSET


class PassageTailgated(LaneRow, frozen=True, kw_only=True, gc=False):
    """A second vehicle has passed on one grant."""

    type: ClassVar[str] = "passage.tailgated"

    visit: VisitOrNone = None
    pass_: PassOrNone = field(name="pass", default=None)
    behind: Annotated[str | None, says("the pass of the vehicle in front, null without one")]
