"""What people and central see of the acceptance of a lane."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, UnsetType

from gateway.core.vocabulary.rows.acceptance import KINDS, LOST, Basis, Measured
from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.base import View


class TickView(View, frozen=True, kw_only=True, gc=False):
    """One end's tick of a point."""

    by: Annotated[str, says("who ticked it")]
    at: Annotated[str, says("when")]
    value: Annotated[Measured, says("what was measured")]


class LostView(View, frozen=True, kw_only=True, gc=False):
    """Why a point must be ticked again."""

    reason: Annotated[str, one_of("why its ticks no longer count", *LOST)]
    by: Annotated[str, says("who changed it, or `gateway`")]
    at: Annotated[str, says("when")]
    keeps_tag: Annotated[bool, says("true: the maintenance tag comes off only after both ends have ticked it again")]


class PointView(View, frozen=True, kw_only=True, gc=False):
    """One point of a lane."""

    id: Annotated[str, says("id of the point")]
    kind: Annotated[str, one_of("what kind of point it is", *KINDS)]
    name: Annotated[str, says("what it is, as a key of the site file or a step")]
    part: Annotated[str, says("which of several of that name: its number, or its device; empty for the only one")] = ""
    basis: Annotated[Basis, says("how it is wired and set")]
    installer: Annotated[TickView | None, says("the tick of the installer")] = None
    control_room: Annotated[TickView | None, says("the tick of the control room")] = None
    lost: Annotated[LostView | None, says("why it must be ticked again, null when it need not")] = None
    value: Annotated[Measured | UnsetType, says("what is measured now; only where that was asked for")] = UNSET


class SignatureView(View, frozen=True, kw_only=True, gc=False):
    """One end's signature."""

    by: Annotated[str, says("who signed")]
    at: Annotated[str, says("when")]
    media: Annotated[str | None, says("id of the drawn signature, null when none was drawn")] = None


class AcceptanceView(View, frozen=True, kw_only=True, gc=False):
    """The sheet of a lane."""

    lane: Annotated[str, says("id of the lane")]
    name: Annotated[str, says("name of the lane")] = ""
    state: Annotated[
        str,
        one_of(
            "`open`: no point is ticked; `ticking`; `ticked`: all points by both ends; `signed` by one end;"
            " `handed_over`: signed by both",
            "open", "ticking", "ticked", "signed", "handed_over",
        ),
    ]  # fmt: skip
    accepted: Annotated[int, says("points that both ends have ticked")] = 0
    points: Annotated[tuple[PointView, ...], says("all points of the lane")] = ()
    installer: Annotated[SignatureView | None, says("the signature of the installer")] = None
    control_room: Annotated[SignatureView | None, says("the signature of the control room")] = None
