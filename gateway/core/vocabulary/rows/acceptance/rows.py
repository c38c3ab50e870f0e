"""Points that were ticked, ticks that no longer count, sheets that were signed."""

from __future__ import annotations

from typing import Annotated, ClassVar

from gateway.core.vocabulary.rows.acceptance.measured import ENDS, KINDS, LOST, Basis, Measured, SheetFigures
from gateway.core.vocabulary.rows.base import By, LaneRow, Station, Via, one_of, says

End = Annotated[str, one_of("which end", *ENDS)]
PointId = Annotated[str, says("id of the point: `barriers.<barrier>.<name>`, `lanes.<lane>.<name>`, `devices.<device>.<name>`")]  # fmt: skip # noqa: E501


class AcceptanceTicked(LaneRow, frozen=True, kw_only=True, gc=False):
    """A point of a lane was ticked by one of its two ends."""

    type: ClassVar[str] = "acceptance.ticked"

    point: PointId
    kind: Annotated[str, one_of("what kind of point it is", *KINDS)]
    end: End
    value: Annotated[Measured, says("what was measured")]
    basis: Annotated[Basis, says("how the point is wired and set")]
    lanes: Annotated[tuple[str, ...], says("the lanes that the point belongs to")]
    by: By
    via: Via
    station: Station


class AcceptanceLost(LaneRow, frozen=True, kw_only=True, gc=False):
    """A point must be ticked again by both ends; signatures on the sheets of its lanes no longer count."""

    type: ClassVar[str] = "acceptance.lost"

    point: PointId
    reason: Annotated[
        str,
        one_of(
            "why: `wiring`, `polarity`, `device` or `limit` differ in the settings; `added` or `removed` there; a fault"
            " under a maintenance tag; a repair; an end took its tick back",
            *LOST,
        ),
    ]
    ends: Annotated[tuple[str, ...], says("whose ticks are gone: `installer`, `control_room`, both or none")]
    value: Annotated[Measured | None, says("what the last of these ticks had measured, null without one")]
    lanes: Annotated[tuple[str, ...], says("the lanes that the point belongs to")]
    tagged: Annotated[
        tuple[str, ...], says("the barriers whose maintenance tag comes off only after it was ticked again")
    ] = ()
    by: By
    via: Via


class AcceptanceSigned(LaneRow, frozen=True, kw_only=True, gc=False):
    """One end has signed the sheet of a lane; with both the lane is handed over."""

    type: ClassVar[str] = "acceptance.signed"

    point: Annotated[None, says("always null: the whole sheet")] = None
    end: End
    value: Annotated[SheetFigures, says("what was signed")]
    media: Annotated[str | None, says("id of the drawn signature, which is kept apart; null when none was drawn")]
    handed_over: Annotated[bool, says("true: both ends have signed")]
    by: By
    via: Via
    station: Station


class DrawingDeleted(LaneRow, frozen=True, kw_only=True, gc=False):
    """A drawn signature was deleted; the signature itself stays."""

    type: ClassVar[str] = "acceptance.drawing_deleted"

    end: End
    media: Annotated[str, says("id of the drawing")]
    by: By
    via: Via
