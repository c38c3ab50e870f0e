"""The decision on a read: one labelled table of rules, searched from the top; the first that fits decides.

A rule sees a `Case` of small closed sets, so that a test can walk every combination. The rest of this module turns a
pass, a lane and a moment into a `Case`. No car is trapped: a date that is denied at an entry is referred at an exit.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.bill import Bill
from gateway.core.settings.model import Direction
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.events import Debt, ExpectedVisit
from gateway.core.vocabulary.passes import Pass, PassKind, beginning, end
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.schedule import in_schedule
from gateway.core.vocabulary.times import local_time


class LaneFitness(StrEnum):
    """Whether the lane can open at all."""

    READY = "ready"
    LOCKED = "locked"
    FAULT = "fault"


class Holder(StrEnum):
    """Whose credential it is."""

    NOBODY = "nobody"
    BLOCKED = "blocked"
    KNOWN = "known"
    EXPECTED = "expected"
    PAYER = "payer"
    """Without a pass, but its car is inside and its stay is charged."""


class Validity(StrEnum):
    """The moment compared with the dates of the pass."""

    BEFORE = "before"
    WITHIN = "within"
    AFTER = "after"


class Presence(StrEnum):
    """The finding of anti-passback; `FITS` also if it is off."""

    FITS = "fits"
    TWICE_SOFT = "twice_soft"
    TWICE_HARD = "twice_hard"
    NEVER_IN_SOFT = "never_in_soft"
    NEVER_IN_HARD = "never_in_hard"


class Space(StrEnum):
    """Whether there is a place inside for the car; irrelevant at an exit."""

    FREE = "free"
    HOUSEHOLD_FULL = "household_full"
    CAR_PARK_FULL = "car_park_full"


class Payment(StrEnum):
    """What is due for the stay that an exit ends; `NONE` also when it costs nothing."""

    NONE = "none"
    DUE = "due"
    SETTLED = "settled"


class Load(StrEnum):
    """What the vehicle carries, as far as it matters in its direction."""

    FITS = "fits"
    HAZARDOUS = "hazardous"
    NO_SLIP = "no_slip"


class Case(msgspec.Struct, frozen=True):
    """All that a rule may look at."""

    direction: Direction = Direction.ENTRY
    lane: LaneFitness = LaneFitness.READY
    holder: Holder = Holder.KNOWN
    lane_allowed: bool = True
    validity: Validity = Validity.WITHIN
    in_schedule: bool = True
    presence: Presence = Presence.FITS
    plate_fits: bool = True
    elsewhere: bool = False
    space: Space = Space.FREE
    payment: Payment = Payment.NONE
    load: Load = Load.FITS


class Rule(msgspec.Struct, frozen=True):
    """A row of the table."""

    label: str
    fits: Callable[[Case], bool]
    verdict: Verdict
    reason: Reason


def _at_exit(case: Case) -> bool:
    return case.direction is Direction.EXIT


_D, _R, _G = Verdict.DENIED, Verdict.REFERRED, Verdict.GRANTED
RULES: tuple[Rule, ...] = (
    Rule("lane tagged or crashed", lambda c: c.lane is LaneFitness.LOCKED, _R, Reason.LANE_LOCKED),
    Rule("a hazardous load", lambda c: c.load is Load.HAZARDOUS and not _at_exit(c), _D, Reason.HAZARDOUS_LOAD),
    Rule("nobody holds it", lambda c: c.holder is Holder.NOBODY, _D, Reason.UNKNOWN_CREDENTIAL),
    Rule("blocked", lambda c: c.holder is Holder.BLOCKED, _D, Reason.BLOCKED),
    Rule("the same tag is at another lane", lambda c: c.elsewhere, _D, Reason.SEEN_ELSEWHERE),
    Rule("card and plate do not agree", lambda c: not c.plate_fits, _R, Reason.PLATE_MISMATCH),
    Rule("pass not for this lane", lambda c: not c.lane_allowed, _D, Reason.WRONG_LANE),
    Rule("unpaid, at an exit", lambda c: c.payment is Payment.DUE and _at_exit(c), _R, Reason.UNPAID),
    Rule("goods, at an exit", lambda c: c.load is Load.NO_SLIP and _at_exit(c), _R, Reason.SLIP_MISSING),
    Rule(
        "not yet valid, at an exit",
        lambda c: c.validity is Validity.BEFORE and _at_exit(c),
        _R,
        Reason.NOT_YET_VALID,
    ),
    Rule("not yet valid", lambda c: c.validity is Validity.BEFORE, _D, Reason.NOT_YET_VALID),
    Rule(
        "expired, at an exit",
        lambda c: c.validity is Validity.AFTER and _at_exit(c) and c.payment is not Payment.SETTLED,
        _R,
        Reason.EXPIRED,
    ),
    Rule("expired", lambda c: c.validity is Validity.AFTER and not _at_exit(c), _D, Reason.EXPIRED),
    Rule(
        "outside schedule, at an exit",
        lambda c: not c.in_schedule and _at_exit(c),
        _R,
        Reason.OUTSIDE_SCHEDULE,
    ),
    Rule("outside schedule", lambda c: not c.in_schedule, _D, Reason.OUTSIDE_SCHEDULE),
    Rule("inside already", lambda c: c.presence is Presence.TWICE_HARD, _D, Reason.ALREADY_INSIDE),
    Rule(
        "inside already, soft",
        lambda c: c.presence is Presence.TWICE_SOFT,
        _R,
        Reason.ALREADY_INSIDE,
    ),
    Rule(
        "never came in",
        lambda c: c.presence in (Presence.NEVER_IN_HARD, Presence.NEVER_IN_SOFT),
        _R,
        Reason.NOT_INSIDE,
    ),
    Rule(
        "the household's places are taken",
        lambda c: c.space is Space.HOUSEHOLD_FULL and not _at_exit(c),
        _R,
        Reason.PLACES_FULL,
    ),
    Rule(
        "car park full",
        lambda c: c.space is Space.CAR_PARK_FULL and not _at_exit(c),
        _R,
        Reason.CAR_PARK_FULL,
    ),
    Rule("lane has a fault", lambda c: c.lane is LaneFitness.FAULT, _R, Reason.LANE_FAULT),
    Rule("expected visitor", lambda c: c.holder is Holder.EXPECTED, _G, Reason.EXPECTED_VISIT),
    Rule("paid, without a pass", lambda c: c.holder is Holder.PAYER, _G, Reason.PAID),
    Rule("valid pass", lambda _c: True, _G, Reason.VALID_PASS),
)


class Decision(msgspec.Struct, frozen=True):
    """The verdict on a read and its pass; `days_left` None for a pass without an end.

    `visit`: the expected visitor that it is about, who has no pass. `bill`: at an exit, what the stay costs. `debts`:
    what the car owes from earlier visits. `slip`: goods leave, which a guard matches with a slip.
    """

    verdict: Verdict
    reason: Reason
    rule: str
    pass_: Pass | None = None
    days_left: int | None = None
    visit: ExpectedVisit | None = None
    bill: Bill | None = None
    debts: tuple[Debt, ...] = ()
    slip: bool = False

    @property
    def about_someone(self) -> bool:
        """Whether a pass, a visitor or a stay that is charged is known."""
        return self.pass_ is not None or self.visit is not None or self.bill is not None


def judge(case: Case) -> Rule:
    """The first rule that fits; there is always one."""
    return next(rule for rule in RULES if rule.fits(case))


# ---- from a pass and a moment to a case ------------------------------------------------------------------------------


class Question(msgspec.Struct, frozen=True):
    """The question to decide: lane, time (site time by `zone`), and whether the car is inside.

    `spaces`: by id of a pass or visit, whether there is a place for its car; FREE if the id is missing.
    `visit_inside`: whether the expected visitor is inside, or about to come in at another lane. `load`: what is
    known of the vehicle's load.
    """

    lane: str
    direction: Direction
    fitness: LaneFitness
    wall_ns: int
    zone: ZoneInfo
    anti_passback: str = "off"
    inside: bool = False
    visit_inside: bool = False
    mismatch: bool = False
    elsewhere: bool = False
    spaces: Mapping[str, Space] = {}
    payment: Payment = Payment.NONE
    load: Load = Load.FITS


def decide(passes: tuple[Pass, ...], question: Question, visit: ExpectedVisit | None = None) -> Decision:
    """Decide on a credential with these passes. Of several a blocked one wins, then one that grants.

    `visit`: the expected visitor who has the credential, too; it counts where no pass grants or is blocked.
    """
    found = _by_passes(passes, question)
    if visit is None or found.verdict is Verdict.GRANTED or found.reason is Reason.BLOCKED:
        return found
    expected = _by_visit(visit, question)
    return expected if not passes or expected.verdict is Verdict.GRANTED else found


def _by_visit(visit: ExpectedVisit, question: Question) -> Decision:
    """A visitor comes in once within the time that was said, and goes out once at any time."""
    entry = question.direction is Direction.ENTRY
    once = msgspec.structs.replace(question, anti_passback="hard", inside=question.visit_inside)
    case = Case(
        direction=question.direction,
        lane=question.fitness,
        holder=Holder.EXPECTED,
        validity=_within(visit, question.wall_ns) if entry else Validity.WITHIN,
        presence=_presence(once),
        plate_fits=not question.mismatch,
        elsewhere=question.elsewhere,
        space=question.spaces.get(visit.visit, Space.FREE),
        payment=question.payment,
        load=question.load,
    )
    rule = judge(case)
    return Decision(rule.verdict, rule.reason, rule.label, visit=visit)


def _within(visit: ExpectedVisit, wall_ns: int) -> Validity:
    if wall_ns < visit.from_ns:
        return Validity.BEFORE
    return Validity.WITHIN if wall_ns < visit.until_ns else Validity.AFTER


def _by_passes(passes: tuple[Pass, ...], question: Question) -> Decision:
    if not passes:
        return _decision(None, question)
    decisions = [_decision(found, question) for found in passes]
    for decision in decisions:
        if decision.reason is Reason.BLOCKED:
            return decision
    granting = [decision for decision in decisions if decision.verdict is Verdict.GRANTED]
    return (granting or decisions)[0]


def _decision(found: Pass | None, question: Question) -> Decision:
    rule = judge(_case(found, question))
    days = None if found is None else days_left(found, question.wall_ns, question.zone)
    return Decision(rule.verdict, rule.reason, rule.label, found, days)


def _case(found: Pass | None, question: Question) -> Case:
    if found is None:
        holder = Holder.NOBODY if question.payment is Payment.NONE else Holder.PAYER
        return Case(question.direction, question.fitness, holder, payment=question.payment, load=question.load)
    blocked = found.kind is PassKind.BLOCKED
    return Case(
        direction=question.direction,
        lane=question.fitness,
        holder=Holder.BLOCKED if blocked else Holder.KNOWN,
        lane_allowed=not found.lanes or question.lane in found.lanes,
        validity=validity(found, question.wall_ns, question.zone),
        in_schedule=in_schedule(found.schedule, question.wall_ns, question.zone),
        presence=_presence(question),
        plate_fits=not question.mismatch,
        elsewhere=question.elsewhere,
        space=question.spaces.get(found.id, Space.FREE),
        payment=question.payment,
        load=question.load,
    )


def _presence(question: Question) -> Presence:
    if question.anti_passback == "off":
        return Presence.FITS
    hard = question.anti_passback == "hard"
    if question.direction is Direction.ENTRY and question.inside:
        return Presence.TWICE_HARD if hard else Presence.TWICE_SOFT
    if question.direction is Direction.EXIT and not question.inside:
        return Presence.NEVER_IN_HARD if hard else Presence.NEVER_IN_SOFT
    return Presence.FITS


def payment_of(bill: Bill | None) -> Payment:
    """What is due by a bill, as a rule sees it."""
    if bill is None:
        return Payment.NONE
    return Payment.DUE if bill.due else Payment.SETTLED if bill.settled else Payment.NONE


def validity(found: Pass, wall_ns: int, zone: datetime.tzinfo) -> Validity:
    """A wall time compared with the dates of a pass; both days of a range are included, an end instant is not.

    Unreadable dates, which an earlier version may have stored, grant nothing: not yet valid, or expired.
    """
    here = local_time(wall_ns, zone)
    try:
        start = beginning(found.valid_from)
    except PassError:
        return Validity.BEFORE
    if start is not None and not (here >= start if isinstance(start, datetime.datetime) else here.date() >= start):
        return Validity.BEFORE
    try:
        last = end(found.valid_until)
    except PassError:
        return Validity.AFTER
    if last is not None and (here >= last if isinstance(last, datetime.datetime) else here.date() > last):
        return Validity.AFTER
    return Validity.WITHIN


def days_left(found: Pass, wall_ns: int, zone: datetime.tzinfo) -> int | None:
    """Whole days from today to the last valid day in site time (0: it ends today); None without an end."""
    try:
        last = end(found.valid_until)
    except PassError:
        return None
    if last is None:
        return None
    day = last.astimezone(zone).date() if isinstance(last, datetime.datetime) else last
    return (day - local_time(wall_ns, zone).date()).days
