"""What people and central see of a lane."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, UnsetType, field

from gateway.core.vocabulary.rows.barrier import Counted
from gateway.core.vocabulary.rows.base import Credential, LastGrant, one_of, says
from gateway.core.vocabulary.views.base import View
from gateway.core.vocabulary.views.charge import ChargeView, DebtView


class Tag(View, frozen=True, kw_only=True, gc=False):
    """A maintenance tag."""

    by: Annotated[str | None, says("who put it on")] = None
    since: Annotated[str | None, says("since when")] = None
    reason: Annotated[str | None, says("why")] = None


class Requested(View, frozen=True, kw_only=True, gc=False):
    """An order that the arm has not been seen to follow yet."""

    command: Annotated[str, one_of("the order", "open", "close", "stop", "hold")]
    by: Annotated[str, says("who gave it")]
    since: Annotated[str, says("when")]


class Pause(View, frozen=True, kw_only=True, gc=False):
    """A stop of an arm at rest: no automatic motion until it ends."""

    by: Annotated[str, says("who stopped it")]
    since: Annotated[str, says("since when")]
    until: Annotated[str, says("until when")]


class Case(View, frozen=True, kw_only=True, gc=False):
    """A car in front of a lane that was denied, referred, or has shown one of two proofs."""

    id: Annotated[str, says("id of the case")]
    at: Annotated[str, says("when the car came")]
    verdict: Annotated[
        str | None,
        one_of(
            "what was decided, null before that; `granted`: its grant was not used",
            "granted", "denied", "referred", None,
        ),
    ] = None  # fmt: skip
    reason: Annotated[str | None, says("reason code of the decision")] = None
    credential: Annotated[Credential | None, says("what the car has shown")] = None
    pass_: Annotated[str | None, says("id of its pass, null without one")] = field(name="pass", default=None)
    kind: Annotated[str | None, says("kind of the pass")] = None
    plate_read: Annotated[str | None, says("the plate that a camera read of this car")] = None
    plates_differ: Annotated[bool, says("true: the plate that was read is not one of the pass")] = False
    missing: Annotated[
        tuple[Annotated[str, one_of("what is missing", "second_proof", "payment", "word")], ...],
        says("what must come before the car may pass: a second proof, a payment, or a person's word"),
    ] = ()
    charge: Annotated[ChargeView | UnsetType, says("at an exit, what its stay costs, when a tariff holds")] = UNSET
    debts: Annotated[tuple[DebtView, ...] | UnsetType, says("what its plate or card owes from earlier visits")] = UNSET
    visit: Annotated[str | UnsetType, says("id of the visit of its car, where it is known")] = UNSET


class ServiceNotice(View, frozen=True, kw_only=True, gc=False):
    """A service limit that was passed."""

    what: Counted
    limit: Annotated[int, says("the limit")]
    count: Annotated[int, says("the count when it was passed")]
    since: Annotated[str, says("since when")]


class LaneState(View, frozen=True, kw_only=True, gc=False):
    """What central sees of a lane, over HTTP and MQTT alike."""

    id: Annotated[str, says("id of the lane")]
    state: Annotated[
        str,
        one_of(
            "the lane in one word",
            "ready", "opening", "open", "passing", "closing", "held", "stopped", "locked", "crashed", "fire",
            "interrupted", "fault", "unknown",
        ),
    ]  # fmt: skip
    since: Annotated[str | None, says("since when, over a restart as far as the journal knows")] = None
    arm: Annotated[
        str,
        one_of(
            "where the arm is", "closed", "rising", "open", "lowering", "between", "stopped", "unknown",
        ),
    ]  # fmt: skip
    requested: Annotated[Requested | None, says("an order that the arm has not been seen to follow yet")] = None
    mode: Annotated[str, one_of("the strongest mode", "auto", "held", "fire", "crashed", "locked")]
    measured_at: Annotated[
        str | None, says("when the oldest of its measurements was made, null when one is missing")
    ] = None
    tag: Annotated[Tag | None, says("its maintenance tag, null without one")] = None
    cannot_open: Annotated[str | None, says("why no card opens this lane now, as a code; null when one does")] = None
    pause: Annotated[Pause | None, says("a stop of an arm at rest")] = None
    case: Annotated[Case | None, says("the car in front that waits before it may pass")] = None
    last_grant: Annotated[LastGrant | None, says("the vehicle that the barrier opened for last")] = None
    notice: Annotated[
        str | None,
        one_of(
            "what the lane asks of the people beside it",
            "arm_whole", "no_answer", "close_aborted", "vehicle_under", "approach_stuck", "second_factor",
            "controller_fault", "cycles_high", "crossed_closed", None,
        ),
    ] = None  # fmt: skip
    notice_since: Annotated[str | None, says("since when it asks that")] = None
    service_due: Annotated[tuple[ServiceNotice, ...], says("service limits that were passed")] = ()


class Hold(View, frozen=True, kw_only=True, gc=False):
    """A hold of the arm by a person, or by the timetable."""

    by: Annotated[str, says("who holds it open")]
    since: Annotated[str, says("since when")]
    until: Annotated[str | None, says("when the hold ends by itself, null for no such end")] = None
    scheduled: Annotated[bool, says("true: free flow by the timetable")]
    left: Annotated[int | None, says("vehicles until the hold ends by itself, null for no such end")] = None


class WaitingGrant(View, frozen=True, kw_only=True, gc=False):
    """A grant whose vehicle has not passed yet."""

    id: Annotated[str, says("id of the grant")]
    at: Annotated[str, says("when it was given")]
    pass_: Annotated[str | None, says("id of the pass, null without one")] = field(name="pass", default=None)
    credential: Annotated[Credential | None, says("what was shown, null for nothing")] = None
    reason: Annotated[str, says("reason code of the decision")]
    by: Annotated[str, says("who decided")]


class Handled(View, frozen=True, kw_only=True, gc=False):
    """What a person did with a car that was denied or referred."""

    what: Annotated[str, one_of("what was done", "released", "refused", "reported")]
    by: Annotated[str | None, says("who did it")] = None
    reason: Annotated[str | None, says("the reason that was given")] = None
    at: Annotated[str, says("when")]


class LastDecision(View, frozen=True, kw_only=True, gc=False):
    """A lane's last decision."""

    at: Annotated[str, says("when")]
    verdict: Annotated[str, one_of("what was decided", "granted", "denied", "referred")]
    valid_until: Annotated[str | None, says("the end of the pass; null without one, and over a restart")] = None
    by: Annotated[str | None, says("who decided")] = None
    case: Annotated[str | None, says("id of the car's case")] = None
    grant: Annotated[str | None, says("id of the grant")] = None
    reason: Annotated[str | None, says("reason code")] = None
    credential: Annotated[Credential | None, says("what was shown, null for nothing")] = None
    pass_: Annotated[str | None, says("id of the pass, null without one")] = field(name="pass", default=None)
    kind: Annotated[str | None, says("kind of the pass")] = None
    days_left: Annotated[int | None, says("days until the pass ends, negative after its end")] = None
    lane: Annotated[str, says("id of the lane")]
    charge: Annotated[ChargeView | UnsetType, says("at an exit, what the stay costs, when a tariff holds")] = UNSET
    debts: Annotated[tuple[DebtView, ...] | UnsetType, says("what its plate or card owes from earlier visits")] = UNSET
    handled: Annotated[Handled | UnsetType, says("what a person did with the car")] = UNSET
    before_restart: Annotated[bool | UnsetType, says("true: of an earlier run")] = UNSET
    present: Annotated[bool, says("true: its car is still there")] = False


class LastPassage(View, frozen=True, kw_only=True, gc=False):
    """A lane's last passage."""

    at: Annotated[str, says("when")]
    type: Annotated[str, one_of("which way", "entered", "exited")]
    visit: Annotated[str | None, says("id of the visit")] = None
    pass_: Annotated[str | None, says("id of the pass, null without one")] = field(name="pass", default=None)
    lane: Annotated[str, says("id of the lane")]


class PileCard(View, frozen=True, kw_only=True, gc=False):
    """A booth's screen waits for a card from the pile."""

    station: Annotated[str, says("the booth's own screen that waits")]
    by: Annotated[str, says("who waits for it")]
    card: Annotated[str | None, says("the card, once it was read")] = None
    wrong: Annotated[
        str | None, one_of("why the card that was read last is not from the pile", "known", "out", None)
    ] = None


class LaneView(LaneState, frozen=True, kw_only=True, gc=False):
    """What screens see of a lane: the core fills all but the ages, which the engine adds."""

    age_ms: Annotated[int | None, says("how old the oldest of its measurements is")] = None
    name: Annotated[str, says("name of the lane")] = ""
    direction: Annotated[str, one_of("which way the lane leads", "entry", "exit")]
    barrier: Annotated[str, says("id of its barrier")] = ""
    crossing: Annotated[str, says("state of the crossing: what the safety loop knows of a vehicle")] = ""
    approach: Annotated[bool | None, says("approach loop: true occupied, false free, null unknown")] = None
    safety: Annotated[bool | None, says("safety loop: true occupied, false free, null unknown")] = None
    hold: Annotated[Hold | None, says("who holds the arm open, null when it is not held")] = None
    grants: Annotated[int, says("grants that wait at its barrier")] = 0
    waiting_grants: Annotated[tuple[WaitingGrant, ...], says("the grants that wait at this lane, in order")] = ()
    interrupted: Annotated[bool, says("true: the lane waits for a person to decide")] = False
    last_decision: Annotated[LastDecision | None, says("the last decision at this lane")] = None
    pile: Annotated[PileCard | None, says("the screen that waits here for a card from the pile")] = None
    last_passage: Annotated[LastPassage | None, says("the last passage at this lane")] = None
    allowed: Annotated[
        dict[str, str | None],
        says("each command with the reason why a person on the spot cannot give it now, null when one can"),
    ] = field(default_factory=dict)
