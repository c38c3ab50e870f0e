"""The decision on a read: one labelled table of rules, searched from the top; the first that fits decides.

A rule sees a `Case` of small closed sets, so that a test can walk every combination. The rest of this module turns a
pass, a lane and a moment into a `Case`. No car is trapped: a date that is denied at an entry is referred at an exit.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.settings.model import Direction
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.events import ExpectedVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.schedule import in_schedule
from gateway.core.vocabulary.times import FIRST_YEAR, NO_END_YEAR, YEARS, local_time

Moment = datetime.date | datetime.datetime
"""A bound of a validity: a day in site time, or an instant with its offset."""


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
    Rule("nobody holds it", lambda c: c.holder is Holder.NOBODY, _D, Reason.UNKNOWN_CREDENTIAL),
    Rule("blocked", lambda c: c.holder is Holder.BLOCKED, _D, Reason.BLOCKED),
    Rule("the same tag is at another lane", lambda c: c.elsewhere, _D, Reason.SEEN_ELSEWHERE),
    Rule("card and plate do not agree", lambda c: not c.plate_fits, _R, Reason.PLATE_MISMATCH),
    Rule("pass not for this lane", lambda c: not c.lane_allowed, _D, Reason.WRONG_LANE),
    Rule(
        "not yet valid, at an exit",
        lambda c: c.validity is Validity.BEFORE and _at_exit(c),
        _R,
        Reason.NOT_YET_VALID,
    ),
    Rule("not yet valid", lambda c: c.validity is Validity.BEFORE, _D, Reason.NOT_YET_VALID),
    Rule(
        "expired, at an exit",
        lambda c: c.validity is Validity.AFTER and _at_exit(c),
        _R,
        Reason.EXPIRED,
    ),
    Rule("expired", lambda c: c.validity is Validity.AFTER, _D, Reason.EXPIRED),
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
    Rule("valid pass", lambda _c: True, _G, Reason.VALID_PASS),
)


class Decision(msgspec.Struct, frozen=True):
    """The verdict on a read and its pass; `days_left` None for a pass without an end.

    `visit`: the expected visitor that it is about, who has no pass.
    """

    verdict: Verdict
    reason: Reason
    rule: str
    pass_: Pass | None = None
    days_left: int | None = None
    visit: ExpectedVisit | None = None

    @property
    def about_someone(self) -> bool:
        """Whether a pass or a visitor is known."""
        return self.pass_ is not None or self.visit is not None


def judge(case: Case) -> Rule:
    """The first rule that fits; there is always one."""
    return next(rule for rule in RULES if rule.fits(case))


# ---- from a pass and a moment to a case ------------------------------------------------------------------------------


class Question(msgspec.Struct, frozen=True):
    """The question to decide: lane, time (site time by `zone`), and whether the car is inside.

    `spaces`: by id of a pass or visit, whether there is a place for its car; FREE if the id is missing.
    `visit_inside`: whether the expected visitor is inside, or about to come in at another lane.
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
        return Case(question.direction, question.fitness, Holder.NOBODY)
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


@lru_cache(maxsize=1024)
def parse_moment(text: str) -> Moment:
    """A day (`2026-11-30`) or an RFC 3339 instant with its offset; PassError says what would be right.

    In the first and last year of the calendar only the day counts, with or without an offset: other systems write
    `9999-12-31T23:59:59` for *no end*, which no zone can show.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return datetime.date.fromisoformat(text)
        moment = datetime.datetime.fromisoformat(text)
        if moment.year in (FIRST_YEAR, NO_END_YEAR):
            return moment.date()
        if moment.tzinfo is None:
            raise ValueError("no offset")
    except ValueError as error:
        raise PassError(
            f"is {text!r}; write a day such as 2026-11-30, or an instant such as 2026-11-30T18:00:00+08:00, {YEARS}"
        ) from error
    return moment


def beginning(valid_from: str) -> Moment | None:
    """The moment in `valid_from`; None without a beginning: empty, or in year 1. PassError if unreadable."""
    moment = parse_moment(valid_from) if valid_from else None
    return None if moment is None or moment.year == FIRST_YEAR else moment


def end(valid_until: str) -> Moment | None:
    """The moment in `valid_until`; None without an end: empty, or in year 9999. PassError if unreadable."""
    moment = parse_moment(valid_until) if valid_until else None
    return None if moment is None or moment.year == NO_END_YEAR else moment


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
