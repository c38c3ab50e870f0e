"""Why: the reasons of decisions and the refusals of commands, each declared once with its meaning.

The rules, the refusal tables, the reference and the tests of the screens' words follow these enums. The words that
people read on screens are in `web/words`, in both languages, under `reason.<code>`, `refused.<code>` and `why.<code>`.
"""

from __future__ import annotations

from enum import StrEnum

from gateway.core.codes import DeclaredCode


class Verdict(StrEnum):
    """The verdict: the arm opens, it stays down, or the guard decides."""

    GRANTED = "granted"
    DENIED = "denied"
    REFERRED = "referred"


_G, _D, _R = (Verdict.GRANTED,), (Verdict.DENIED,), (Verdict.REFERRED,)
_DR = (*_D, *_R)


class Reason(DeclaredCode):
    """Reason codes, as in the contract; every decision has exactly one.

    `verdicts`: those that it may come with; none: it refuses a command. `meaning`: as the reference says it.
    """

    verdicts: tuple[Verdict, ...]

    def __init__(self, code: str, verdicts: tuple[Verdict, ...] = (), meaning: str = "") -> None:
        super().__init__(code, meaning)
        self.verdicts = verdicts

    VALID_PASS = "valid_pass", _G, "the pass is good"
    EXPECTED_VISIT = "expected_visit", _G, "a visitor who was registered or announced"
    PAID = "paid", _G, "at an exit: a vehicle without a pass or registration, whose stay is paid"
    OPERATOR = "operator", _G, "opened by the guard"
    REMOTE = "remote", _G, "opened from afar"
    EMERGENCY = "emergency", _G, "an emergency vehicle"
    UNKNOWN_CREDENTIAL = "unknown_credential", _D, "no pass has this card or plate"
    BLOCKED = "blocked", _D, "the pass is blocked"
    NOT_YET_VALID = "not_yet_valid", _DR, "the pass begins later; at an exit the guard decides"
    EXPIRED = "expired", _DR, "the pass has ended; at an exit the guard decides"
    OUTSIDE_SCHEDULE = "outside_schedule", _DR, "not at this hour; at an exit the guard decides"
    WRONG_LANE = "wrong_lane", _D, "the pass is not for this lane"
    ALREADY_INSIDE = "already_inside", _DR, "anti-passback at an entry"
    NOT_INSIDE = "not_inside", _R, "anti-passback at an exit: no entry on record"
    PLATE_MISMATCH = (
        "plate_mismatch",
        _R,
        "card and vehicle do not match: the plate that was read is of another pass, or is not like any plate of the"
        " card's pass",
    )
    CAR_PARK_FULL = (
        "car_park_full",
        _R,
        "at an entry: `site.capacity` cars are inside, and the pass has no place of its own",
    )
    PLACES_FULL = "places_full", _R, "at an entry: other cars of the household have all its places"
    NO_CREDENTIAL = (
        "no_credential",
        _R,
        "at an exit: the driver has no card, and a person names the stay of the car",
    )
    UNPAID = "unpaid", _R, "the charge is not paid"
    HAZARDOUS_LOAD = "hazardous_load", _D, "the load may not come in"
    SLIP_MISSING = (
        "slip_missing",
        _R,
        "goods leave: with `site.goods_slip` a guard matches them with a release slip, then releases the vehicle",
    )
    SEEN_ELSEWHERE = "seen_elsewhere", _D, "the tag or plate belongs to another lane"
    LANE_LOCKED = "lane_locked", _R, "the lane is tagged or the arm was struck"
    LANE_FAULT = "lane_fault", _R, "the lane has a fault"
    LANE_UNCLEAR = (
        "lane_unclear",
        _R,
        "a reader of several lanes read it, and the lane of the car is not known: choose the lane, then release the car"
        " there",
    )
    FAULT = (
        "fault",
        _R,
        "the gateway's own program failed while it decided: see the alarm [`fault`](#faults-of-the-program)",
    )
    # No rule gives it: integrators know the code as a reason, and refused commands have it (`Refusal`).
    CLOCK_UNSET = "clock_unset", (), "a command that expires needs a clock"


class Refusal(DeclaredCode):
    """Why a command changed nothing; `meaning` as the reference says it."""

    LANE_LOCKED = "lane_locked", "the lane carries a maintenance tag"
    LANE_CRASHED = "lane_crashed", "the arm was struck; reset the lane first"
    SAFETY_OCCUPIED = "safety_occupied", "a vehicle is under the arm"
    SAFETY_UNKNOWN = "safety_unknown", "it is not sure that nothing is under the arm"
    FIRE = "fire", "the fire contact is on"
    DEVICE_LOST = "device_lost", "the device with this output does not answer"
    NO_CLOSE_OUTPUT = "no_close_output", "this barrier has no close terminal"
    ARM_BETWEEN = "arm_between", "one button for all: the arm must be measured closed (or open) first"
    OTHER_BARRIER_OPEN = "other_barrier_open", "the other barrier of a sally port or a shared lane is open"
    GRANTS_FULL = "grants_full", "three grants wait already"
    HELD_ALREADY = "held_already", "hold: the lane is held open already"
    NOT_HELD = "not_held", "release: the lane is not held open"
    LOCKED_ALREADY = "locked_already", "the lane carries a tag already"
    NOT_LOCKED = "not_locked", "the lane carries no tag"
    POINTS_UNTICKED = (
        "points_unticked",
        "unlock: points that were touched under the tag are not ticked again by installer and control room"
        " ([acceptance](#acceptance)); a leader may take the tag off without",
    )
    NOT_CRASHED = "not_crashed", "reset: there is nothing to reset"
    ARM_DETACHED = "arm_detached", "reset: the arm is not whole yet"
    ON_THE_SPOT_ONLY = "on_the_spot_only", "only a person at the lane, at a [station](#stations) of it, may do this"
    IDENTITY_NEEDED = (
        "identity_needed",
        "open from afar: the site requires `identity_checked` (`remote_open.identity`), and it is missing or `none`",
    )
    CLOCK_UNSET = "clock_unset", "a command with an expiry needs a clock"
    UNPAID = (
        "unpaid",
        "open: the car in front must pay first; take the payment, or release it as owed (`owe`) with a reason",
    )
    NOT_UNPAID = "not_unpaid", "owe: no car that must pay waits at this lane"
    LEADER_NEEDED = (
        "leader_needed",
        "owe above `charging.owed_limit`, a waiver, and what else needs a leader's word: no leader has agreed, or the"
        " person who is named is none",
    )
    NOTHING_DUE = "nothing_due", "payments: no tariff holds for this visit, or nothing is due"
    ABOVE_DUE = "above_due", "payments: the amount is more than what is due"
    NO_CAMERA = "no_camera", "a picture for a visit: the lane has no camera"
    METHOD_NOT_TAKEN = (
        "method_not_taken",
        "payments: the site does not take this method; use one of `charging.methods`, or let the installer add it",
    )
    NO_VISIT = "no_visit", "payments: no visit of that id has begun"
    NOT_KEPT = "not_kept", "payments: it counts, but the disk does not take it yet; send it again with the same key"
    KEY_USED = "key_used", "payments: the key was used for another one; take a new key for a new payment"
    NO_CASE = "no_case", "no car that was denied or referred waits at this lane"
    CASE_OVER = "case_over", "the car of this case has gone"
    VISIT_OVER = "visit_over", "the stay that was named is over, or there never was one"
    MAY_PASS_ALREADY = "may_pass_already", "the car in front may pass already: wait until it has passed"
    REASON_MISSING = "reason_missing", "to turn a car away, to see to it, or to shelve an alarm needs a reason"
    COMMAND_EXPIRED = (
        "command_expired",
        "too late (an order from a screen: 2 s after the touch; from `gatehouse lane`: 5 s)",
    )
    EXPIRY_MISSING = "expiry_missing", "over HTTP or MQTT without an expiry"
    EXPIRY_TOO_FAR = "expiry_too_far", "`expires_at` is more than an hour ahead; over HTTP 422 (`body_invalid`)"
    NAME_MISSING = "name_missing", "the command says nothing of its author"
    UNKNOWN_LANE = "unknown_lane", "there is no such lane"
    UNKNOWN_COMMAND = "unknown_command", "there is no such command"
    UNKNOWN_VERB = "unknown_verb", "alarms, repair orders: there is no such verb"
    UNKNOWN_DEVICE = "unknown_device", "repair orders: there is no such device"
    UNKNOWN_OPERATOR = "unknown_operator", "repair orders: no operator has this name"
    UNKNOWN_URGENCY = "unknown_urgency", "repair orders: the urgency is not `urgent`, `normal` or `planned`"
    NOT_FOUND = "not_found", "alarms, repair orders: there is no open one of that id"
    FINDING_INVALID = "finding_invalid", "alarms: the finding is neither `real` nor `false`"
    FINDING_MISSING = "finding_missing", "alarms: to verify, or to close a kind that a person closes, needs a finding"
    UNTIL_INVALID = "until_invalid", "alarms: a shelf needs an end within 12 h"
    ALARM_ACTIVE = "alarm_active", "alarms: the cause lasts; after a crash reset the lane first"
    ALARM_UNACKNOWLEDGED = "alarm_unacknowledged", "alarms: it must be acknowledged first, or is not shelved"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged", "alarms: it is acknowledged, and not shelved"
    ALARM_RETURNED = "alarm_returned", "alarms: its cause is over; acknowledge it first"
    ALARM_SHELVED = "alarm_shelved", "alarms: it is shelved"
    UNKNOWN_POINT = "unknown_point", "acceptance: the lane has no such point"
    UNKNOWN_END = "unknown_end", "acceptance: the end is neither `installer` nor `control_room`"
    SAME_PERSON = "same_person", "acceptance: the other end is the same person; two people tick and sign"
    NOT_TICKED = "not_ticked", "acceptance: this end has not ticked the point"
    POINTS_OPEN = "points_open", "acceptance: a sheet is signed once both ends have ticked every point"
    SIGNED_ALREADY = "signed_already", "acceptance: this end has signed the sheet already"
    ALARM_OUT_OF_SERVICE = "alarm_out_of_service", "alarms: its lane is tagged"
    NOTE_MISSING = "note_missing", "repair orders: say what is wrong"
    REPAIRS_FULL = "repairs_full", "repair orders: as many were opened by hand as fit; confirm the old ones first"
    REPAIR_ON_SITE = "repair_on_site", "repair orders: a person is on site already"
    REPAIR_NOT_REPORTED = "repair_not_reported", "repair orders: it was not reported mended yet"
    REPAIR_REPORTED = "repair_reported", "repair orders: it is reported mended; confirm or reject that first"
    REPAIR_SAME_NAME = "repair_same_name", "repair orders: the person who reported it mended may not confirm it"
    REPAIR_FAULT_LASTS = "repair_fault_lasts", "repair orders: the fault is still measured"
    REPAIR_LIMIT_OPEN = "repair_limit_open", "repair orders: the control room must acknowledge a changed limit first"
    NO_LIMIT_CHANGED = "no_limit_changed", "repair orders: no changed limit waits to be acknowledged"
    ALREADY_INSIDE = "already_inside", "visits: the car that is declared is inside already"
    ENTERED_INVALID = "entered_invalid", "visits: `entered_at` lies ahead, or more than 400 days back"
    COUNT_INVALID = "count_invalid", "visits: the number of cars is not between 0 and 1,000,000"
    COUNT_CHANGED = "count_changed", "visits: another person has set the number of cars meanwhile"
