"""The decision: every combination has one verdict, every row decides something, and dates mean site time."""

from __future__ import annotations

import datetime
import itertools
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.core.access.rules import (
    RULES,
    Case,
    Holder,
    LaneFitness,
    Load,
    Payment,
    Presence,
    Question,
    Space,
    Validity,
    days_left,
    decide,
    judge,
    validity,
)
from gateway.core.settings.model import Direction
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.schedule import in_schedule, parse_schedule

ZONE = ZoneInfo("Asia/Shanghai")
ALL_CASES = [
    Case(*values)
    for values in itertools.product(
        Direction,
        LaneFitness,
        Holder,
        (True, False),
        Validity,
        (True, False),
        Presence,
        (True, False),
        (True, False),
        Space,
        Payment,
        Load,
    )
]


def wall_ns(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()) * 1_000_000_000


def question(at: str = "2026-11-21 10:00", **more: object) -> Question:
    given: dict[str, object] = {
        "lane": "in", "direction": Direction.ENTRY, "fitness": LaneFitness.READY, "wall_ns": wall_ns(at), "zone": ZONE,
    }  # fmt: skip
    return Question(**{**given, **more})  # type: ignore[arg-type]


def monthly(**more: object) -> Pass:
    return Pass(id="p", kind=PassKind.MONTHLY, **more)  # type: ignore[arg-type]


def test_there_are_over_a_thousand_combinations_and_each_has_exactly_one_verdict() -> None:
    assert len(ALL_CASES) > 1000
    for case in ALL_CASES:
        fitting = [rule for rule in RULES if rule.fits(case)]
        assert judge(case) is fitting[0]
        assert fitting[-1].verdict is Verdict.GRANTED


def test_every_row_of_the_table_decides_some_combination() -> None:
    deciding = {judge(case).label for case in ALL_CASES}
    assert deciding == {rule.label for rule in RULES}


def test_only_a_known_holder_within_dates_on_a_ready_lane_is_granted() -> None:
    for case in ALL_CASES:
        if judge(case).verdict is Verdict.GRANTED:
            leaves_paid = case.direction is Direction.EXIT and case.payment is Payment.SETTLED
            assert case.lane is LaneFitness.READY
            assert case.validity is Validity.WITHIN or (case.validity is Validity.AFTER and leaves_paid)
            assert case.holder in (Holder.KNOWN, Holder.EXPECTED, Holder.PAYER)
            assert case.direction is Direction.ENTRY or case.payment is not Payment.DUE
            assert case.lane_allowed
            assert case.in_schedule
            assert case.presence is Presence.FITS
            assert case.plate_fits
            assert not case.elsewhere
            assert case.space is Space.FREE or case.direction is Direction.EXIT
            entry = case.direction is Direction.ENTRY
            assert case.load is not (Load.HAZARDOUS if entry else Load.NO_SLIP)


def test_an_exit_that_is_not_paid_is_referred_unless_something_keeps_the_car_for_another_reason() -> None:
    for case in ALL_CASES:
        if case.direction is Direction.EXIT and case.payment is Payment.DUE:
            kept = (Reason.LANE_LOCKED, Reason.UNKNOWN_CREDENTIAL, Reason.BLOCKED, Reason.SEEN_ELSEWHERE)
            assert judge(case).reason in (Reason.UNPAID, Reason.PLATE_MISMATCH, Reason.WRONG_LANE, *kept)
        else:
            assert judge(case).reason is not Reason.UNPAID


def test_nobody_is_trapped_by_a_date_at_an_exit() -> None:
    for case in ALL_CASES:
        dated = judge(case).reason in (Reason.EXPIRED, Reason.NOT_YET_VALID, Reason.OUTSIDE_SCHEDULE)
        if case.direction is Direction.EXIT and dated:
            assert judge(case).verdict is Verdict.REFERRED


def test_nobody_is_kept_inside_or_denied_for_want_of_a_place() -> None:
    for case in ALL_CASES:
        if judge(case).reason in (Reason.PLACES_FULL, Reason.CAR_PARK_FULL):
            assert case.direction is Direction.ENTRY
            assert judge(case).verdict is Verdict.REFERRED


def test_a_hazardous_load_is_kept_out_whoever_brings_it_and_never_kept_inside() -> None:
    for case in ALL_CASES:
        if case.load is Load.HAZARDOUS and case.direction is Direction.ENTRY:
            assert judge(case).reason in (Reason.HAZARDOUS_LOAD, Reason.LANE_LOCKED)
        elif case.load is Load.HAZARDOUS or (case.load is Load.NO_SLIP and case.direction is Direction.ENTRY):
            assert judge(case) is judge(msgspec.structs.replace(case, load=Load.FITS))


def test_of_two_passes_on_one_card_the_one_with_a_place_counts() -> None:
    spaces = {"p": Space.CAR_PARK_FULL}
    decision = decide((monthly(), Pass(id="q", kind=PassKind.STAFF)), question(spaces=spaces))
    assert (decision.verdict, decision.pass_ and decision.pass_.id) == (Verdict.GRANTED, "q")
    assert decide((monthly(),), question(spaces=spaces)).reason is Reason.CAR_PARK_FULL


@pytest.mark.parametrize(
    ("found", "verdict", "reason"),
    [
        ((), Verdict.DENIED, Reason.UNKNOWN_CREDENTIAL),
        ((Pass(id="b", kind=PassKind.BLOCKED),), Verdict.DENIED, Reason.BLOCKED),
        ((monthly(valid_from="2026-11-22"),), Verdict.DENIED, Reason.NOT_YET_VALID),
        ((monthly(valid_until="2026-11-20"),), Verdict.DENIED, Reason.EXPIRED),
        ((monthly(valid_until="2026-11-21"),), Verdict.GRANTED, Reason.VALID_PASS),
        ((monthly(lanes=("out",)),), Verdict.DENIED, Reason.WRONG_LANE),
        ((monthly(schedule="sun 08:00-12:00"),), Verdict.DENIED, Reason.OUTSIDE_SCHEDULE),
        ((monthly(),), Verdict.GRANTED, Reason.VALID_PASS),
    ],
)
def test_a_card_at_the_entry(found: tuple[Pass, ...], verdict: Verdict, reason: Reason) -> None:
    decision = decide(found, question())
    assert (decision.verdict, decision.reason) == (verdict, reason)


def test_an_expired_pass_at_the_exit_is_the_guards_decision() -> None:
    decision = decide((monthly(valid_until="2026-11-20"),), question(direction=Direction.EXIT))
    assert (decision.verdict, decision.reason) == (Verdict.REFERRED, Reason.EXPIRED)


def test_of_two_passes_on_one_card_the_one_that_grants_counts() -> None:
    decision = decide((monthly(valid_until="2025-01-01"), Pass(id="q", kind=PassKind.STAFF)), question())
    assert decision.verdict is Verdict.GRANTED
    assert decision.pass_ is not None
    assert decision.pass_.id == "q"


def test_a_blocked_pass_on_a_shared_card_wins() -> None:
    decision = decide((monthly(), Pass(id="b", kind=PassKind.BLOCKED)), question())
    assert decision.reason is Reason.BLOCKED


def test_a_day_ends_at_midnight_in_site_time() -> None:
    last = monthly(valid_until="2026-11-21")
    assert validity(last, wall_ns("2026-11-21 23:59:59"), ZONE) is Validity.WITHIN
    assert validity(last, wall_ns("2026-11-22 00:00:00"), ZONE) is Validity.AFTER


def test_an_instant_is_exact_and_its_end_is_not_included() -> None:
    until = monthly(valid_until="2026-11-21T18:00:00+08:00")
    assert validity(until, wall_ns("2026-11-21 17:59:59"), ZONE) is Validity.WITHIN
    assert validity(until, wall_ns("2026-11-21 18:00:00"), ZONE) is Validity.AFTER


@pytest.mark.parametrize(("until", "left"), [("2026-11-21", 0), ("2026-12-01", 10), ("2026-11-20", -1), ("", None)])
def test_days_left_count_whole_site_days(until: str, left: int | None) -> None:
    assert days_left(monthly(valid_until=until), wall_ns("2026-11-21 23:30"), ZONE) == left


@pytest.mark.parametrize(
    ("schedule", "at", "inside"),
    [
        ("", "2026-11-21 03:00", True),
        ("mon-fri 08:00-18:00", "2026-11-20 08:00", True),
        ("mon-fri 08:00-18:00", "2026-11-20 18:00", False),
        ("mon-fri 08:00-18:00", "2026-11-21 10:00", False),
        ("mon-fri 08:00-18:00; sat 09:00-12:00", "2026-11-21 10:00", True),
        ("fri 22:00-06:00", "2026-11-21 05:59", True),
        ("fri 22:00-06:00", "2026-11-21 06:00", False),
        ("sat,sun 00:00-24:00", "2026-11-21 23:59", True),
        ("fri-mon 10:00-11:00", "2026-11-22 10:30", True),
    ],
)
def test_a_schedule_is_weekly_windows_in_site_time(schedule: str, at: str, inside: bool) -> None:
    assert in_schedule(schedule, wall_ns(at), ZONE) is inside


@pytest.mark.parametrize("text", ["always", "mon 8-18", "xyz 08:00-18:00", "mon 08:00-25:00", "mon 08:61-09:00"])
def test_a_wrong_schedule_says_what_would_be_right(text: str) -> None:
    with pytest.raises(PassError, match=r"write windows|days are|times run"):
        parse_schedule(text)
