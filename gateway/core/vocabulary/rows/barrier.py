"""Orders to an arm, what it did, what went wrong with it, and when it is due for service."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from gateway.core.vocabulary.rows.acceptance import WAIVED
from gateway.core.vocabulary.rows.base import (
    UNSET,
    BarrierId,
    By,
    GrantOrNone,
    Interrupted,
    LaneRow,
    LastGrant,
    MaybeInterrupted,
    Station,
    UnsetType,
    Via,
    one_of,
    says,
)

MovementCause = Annotated[
    str,
    one_of(
        "why the arm moved: `external` is a fob or a wall button, `own` the controller itself",
        "commanded", "external", "own", "hand", "wind", "forced", "unknown",
    ),
]  # fmt: skip
OrderCause = Annotated[str, one_of("always `commanded`", "commanded")]
Reason = Annotated[str, says("the reason that was given")]


class BarrierCommanded(LaneRow, frozen=True, kw_only=True, gc=False):
    """An order to the arm; durable before any output moves."""

    type: ClassVar[str] = "barrier.commanded"

    barrier: BarrierId
    command: Annotated[str, one_of("the order to the arm", "open", "close", "stop", "hold", "release")]
    cause: Annotated[
        str,
        says(
            "why: `grant`, `operator`, `remote`, `emergency`, `fire`, `auto_close`, `retry`, `safety` (a vehicle came"
            " under a closing arm), `not_followed`"
        ),
    ]
    by: By
    via: Via
    station: Station
    grant: GrantOrNone
    interrupted: MaybeInterrupted = UNSET


class MovementRow(LaneRow, frozen=True, kw_only=True, gc=False):
    """The arm has reached an end."""

    barrier: BarrierId
    cause: MovementCause
    by: By
    travel_ms: Annotated[int | UnsetType, says("how long the arm took from the other end, when that was seen")] = UNSET
    presumed: Annotated[bool | UnsetType, says("true: no limit switch tells, the travel time is over")] = UNSET


class BarrierOpened(MovementRow, frozen=True, kw_only=True, gc=False):
    """The arm is open."""

    type: ClassVar[str] = "barrier.opened"


class BarrierClosed(MovementRow, frozen=True, kw_only=True, gc=False):
    """The arm is closed."""

    type: ClassVar[str] = "barrier.closed"


class OrderRow(LaneRow, frozen=True, kw_only=True, gc=False):
    """What a person, or the gateway in a person's place, has set."""

    barrier: BarrierId
    cause: OrderCause = "commanded"
    by: By
    via: Via
    station: Station


class BarrierStopped(OrderRow, frozen=True, kw_only=True, gc=False):
    """A stop has gone out; `interrupted` is false when the arm rested, and only pauses."""

    type: ClassVar[str] = "barrier.stopped"

    interrupted: Interrupted


class BarrierHeld(OrderRow, frozen=True, kw_only=True, gc=False):
    """The arm is held open."""

    type: ClassVar[str] = "barrier.held"

    reason: Reason
    until: Annotated[str | None, says("when the hold ends by itself, null for no such end")]
    count: Annotated[int | None, says("after how many vehicles it ends by itself, null for no such end")]
    scheduled: Annotated[bool, says("true: free flow by the timetable")]


class BarrierReleased(OrderRow, frozen=True, kw_only=True, gc=False):
    """The hold of the arm has ended."""

    type: ClassVar[str] = "barrier.released"

    reason: Reason


class BarrierLocked(OrderRow, frozen=True, kw_only=True, gc=False):
    """A maintenance tag was put on the lane."""

    type: ClassVar[str] = "barrier.locked"

    reason: Reason


class BarrierUnlocked(OrderRow, frozen=True, kw_only=True, gc=False):
    """The maintenance tag was taken off."""

    type: ClassVar[str] = "barrier.unlocked"

    reason: Reason
    interrupted: Interrupted
    unticked: Annotated[
        tuple[str, ...] | UnsetType,
        says("points that were touched under the tag and are not ticked again by both ends"),
    ] = UNSET
    waived: Annotated[
        str | UnsetType,
        one_of("why it came off all the same: a leader's word, an emergency, or the fire contact is on", *WAIVED),
    ] = UNSET


class BarrierReset(OrderRow, frozen=True, kw_only=True, gc=False):
    """A struck lane was reset; it also says that the arm is whole."""

    type: ClassVar[str] = "barrier.reset"

    reason: Reason
    interrupted: Interrupted


class BarrierLooked(OrderRow, frozen=True, kw_only=True, gc=False):
    """A person has looked under the arm: no vehicle is there."""

    type: ClassVar[str] = "barrier.looked"

    reason: Reason


class IncidentRow(LaneRow, frozen=True, kw_only=True, gc=False):
    """Something went wrong: with all that an incident report needs."""

    barrier: BarrierId
    points: Annotated[
        dict[str, bool | None], says("every contact of the barrier by name: true on, false off, null unknown")
    ]
    last_grant: Annotated[LastGrant | None, says("the vehicle that the barrier opened for last, null for none")]
    media: Annotated[tuple[str, ...], says("ids of pictures")] = ()
    under_tag: Annotated[bool | UnsetType, says("true: the lane carried a maintenance tag")] = UNSET


class BarrierCrashed(IncidentRow, frozen=True, kw_only=True, gc=False):
    """The arm was struck or torn off."""

    type: ClassVar[str] = "barrier.crashed"

    cause: MovementCause
    sign: Annotated[str, one_of("what told it", "arm_detached", "crossed_closed", "vehicle")]


class BarrierStruckVehicle(IncidentRow, frozen=True, kw_only=True, gc=False):
    """The arm came down on a vehicle."""

    type: ClassVar[str] = "barrier.struck_vehicle"

    cause: MovementCause


class BarrierForced(IncidentRow, frozen=True, kw_only=True, gc=False):
    """A movement that no other cause explains."""

    type: ClassVar[str] = "barrier.forced"

    cause: MovementCause


class BarrierObstructed(IncidentRow, frozen=True, kw_only=True, gc=False):
    """A movement that did not finish."""

    type: ClassVar[str] = "barrier.obstructed"

    reason: Annotated[str | UnsetType, says("`close_aborted`: closing was given up after several tries")] = UNSET
    interrupted: MaybeInterrupted = UNSET


class BarrierStuck(IncidentRow, frozen=True, kw_only=True, gc=False):
    """A loop or switch that stays on or off beyond reason."""

    type: ClassVar[str] = "barrier.stuck"

    reason: Annotated[
        str,
        one_of(
            "what is wrong; with `crossed_closed` a person is asked whether the arm is whole",
            "safety_loop", "closed_limit", "open_limit", "both_limits", "chatters", "crossed_closed",
        ),
    ]  # fmt: skip
    interrupted: MaybeInterrupted = UNSET
    asked: Annotated[str | UnsetType, says("what a person is asked: `arm_whole`")] = UNSET
    point: Annotated[str | UnsetType, says("of a contact that chatters: where it is wired")] = UNSET
    input: Annotated[str | UnsetType, says("of a contact that chatters: its name")] = UNSET


class BarrierNotFollowed(IncidentRow, frozen=True, kw_only=True, gc=False):
    """A command that the arm did not follow; it never fires later."""

    type: ClassVar[str] = "barrier.not_followed"

    command: Annotated[str, one_of("the order to the arm", "open", "close", "stop", "hold", "release")]
    reason: Annotated[str, says("why it was not carried out: `no_answer`, `output_failed`, or what came between")]
    by: By


ServiceLimit = Literal["cycles", "relay_operations", "crashes_per_month", "travel_ms", "cycles_per_h"]
Counted = Annotated[str, one_of("what is counted", *get_args(ServiceLimit))]


class ServiceRow(LaneRow, frozen=True, kw_only=True, gc=False):
    """A service limit of a barrier, or `max_cycles_per_h`."""

    barrier: BarrierId
    what: Counted
    limit: Annotated[int, says("the limit")]
    count: Annotated[int | None, says("the count now; null when it is unknown or the limit was removed")]


class ServiceDue(ServiceRow, frozen=True, kw_only=True, gc=False):
    """The barrier has passed the limit."""

    type: ClassVar[str] = "service.due"


class ServiceOver(ServiceRow, frozen=True, kw_only=True, gc=False):
    """The barrier has a higher limit, or is below it again."""

    type: ClassVar[str] = "service.over"
