"""Any dates of a pass at any time of the clock make a decision; the ends of the calendar are no ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.core.access.rules import LaneFitness, Question, Validity, days_left, decide, validity
from gateway.core.settings.model import Direction
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.passes import Pass, PassKind, beginning, end, parse_moment
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.schedule import in_schedule
from gateway.core.vocabulary.times import local_time, rfc3339, wall_ns_of
from gateway.core.vocabulary.turn import local_day
from gateway.store.passes.checks import PassFieldError, check_pass
from tests.core.playbook import Playbook, site_document

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Pacific/Kiritimati", "America/Adak", "Africa/Monrovia")]
NOW_NS = wall_ns_of(datetime(2026, 11, 30, 4, 0, tzinfo=UTC))
NO_END = [
    "9999-12-31",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.9999999Z",
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59.9999999",
    "9999-12-31 23:59:59",
    "9999-01-01T00:00:00+14:00",
]
NO_BEGINNING = ["0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00"]
UNREADABLE = [
    "0000-01-01",
    "2016-12-31T23:59:60Z",
    "2026-11-30T24:00:01Z",
    "2026-11-30T08:00:00",
    "10000-01-01",
    "soon",
]

years = st.one_of(st.integers(0, 10_001), st.sampled_from([0, 1, 2, 1899, 1970, 2026, 9998, 9999]))
offsets = st.sampled_from(["", "Z", "+14:00", "-12:00", "+23:59", "-23:59", "+05:30", "-00:44:30", "+24:00"])
times = st.sampled_from(
    ["", "T00:00:00", "T23:59:59", "T23:59:59.9999999", "T24:00:00", "T23:59:60", " 08:00", "T08", "T00:00:00.0000001"]
)
days = st.sampled_from(["-01-01", "-12-31", "-02-29", "-06-30", "-00-00", "1231", "-W01-1"])
moments = st.builds("{:04d}{}{}{}".format, years, days, times, offsets) | st.text(max_size=30)
walls = st.one_of(
    st.integers(-(1 << 80), 1 << 80),
    st.sampled_from([0, -1, 1 << 63, -(1 << 63), (1 << 63) - 1, NOW_NS, 253_402_300_799_999_999_999]),
)


def monthly(**more: Any) -> Pass:
    return Pass(id="p", kind=PassKind.MONTHLY, **more)


@given(moments, moments, st.text(max_size=20) | st.just("mon-fri 08:00-18:00"), walls, st.sampled_from(ZONES))
@example("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "", 1 << 63, ZONES[0])
def test_a_pass_of_any_dates_is_decided_at_any_time(
    valid_from: str, valid_until: str, schedule: str, wall_ns: int, zone: ZoneInfo
) -> None:
    found = monthly(valid_from=valid_from, valid_until=valid_until, schedule=schedule)
    question = Question("in", Direction.ENTRY, LaneFitness.READY, wall_ns, zone)
    decision = decide((found,), question)
    assert decision.verdict in Verdict
    assert decision.days_left == days_left(found, wall_ns, zone)
    assert in_schedule(schedule, wall_ns, zone) in (True, False)


@given(moments)
def test_a_moment_is_read_or_refused_with_what_would_be_right(text: str) -> None:
    try:
        moment = parse_moment(text)
    except PassError as error:
        assert str(error).startswith(f"is {text!r}; write a day such as 2026-11-30")
        assert "in the years 1 to 9998" in str(error)
        return
    assert 1 <= moment.year <= 9999
    assert not isinstance(moment, datetime) or (moment.tzinfo is not None and 2 <= moment.year <= 9998)


@given(moments, moments)
def test_what_is_taken_into_the_registry_has_dates_that_can_be_read(valid_from: str, valid_until: str) -> None:
    document = {"id": "p", "kind": "staff", "valid_from": valid_from, "valid_until": valid_until}
    try:
        found = check_pass(document)
    except PassFieldError as error:
        assert error.field in ("valid_from", "valid_until")
        assert error.reason
        return
    first, last = beginning(found.valid_from), end(found.valid_until)
    assert first is None or 2 <= first.year <= 9998
    assert last is None or 2 <= last.year <= 9998


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("text", NO_END)
def test_an_end_in_the_year_9999_is_none(text: str, zone: ZoneInfo) -> None:
    found = check_pass({"id": "p", "kind": "monthly", "valid_until": text})
    assert found.valid_until == text
    assert validity(found, NOW_NS, zone) is Validity.WITHIN
    assert days_left(found, NOW_NS, zone) is None


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("text", NO_BEGINNING)
def test_a_beginning_in_the_year_1_is_none(text: str, zone: ZoneInfo) -> None:
    found = check_pass({"id": "p", "kind": "monthly", "valid_from": text})
    assert validity(found, NOW_NS, zone) is Validity.WITHIN
    assert validity(found, -(1 << 63), zone) is Validity.WITHIN


@pytest.mark.parametrize(
    ("dates", "field", "says"),
    [
        *[({"valid_until": text}, "valid_until", "in the years 1 to 9998") for text in UNREADABLE],
        *[({"valid_from": text}, "valid_from", "in the years 1 to 9998") for text in UNREADABLE],
        ({"valid_from": "9999-12-31"}, "valid_from", "would never begin"),
        ({"valid_until": "0001-01-01T00:00:00+14:00"}, "valid_until", "leave it empty where there is no end"),
        ({"valid_from": "2026-11-30", "valid_until": "2026-11-29"}, "valid_until", "before valid_from"),
        (
            {"valid_from": "2026-11-30T08:00:00Z", "valid_until": "2026-11-30T08:00:00+01:00"},
            "valid_until",
            "before valid_from",
        ),
    ],
)
def test_a_date_that_cannot_be_is_refused_by_field_with_a_remedy(dates: dict[str, str], field: str, says: str) -> None:
    with pytest.raises(PassFieldError, match=says) as told:
        check_pass({"id": "p", "kind": "staff", **dates})
    assert told.value.field == field


@pytest.mark.parametrize("text", UNREADABLE)
def test_dates_that_an_older_version_stored_and_nobody_can_read_let_nobody_in(text: str) -> None:
    question = Question("in", Direction.ENTRY, LaneFitness.READY, NOW_NS, ZONES[0])
    assert decide((monthly(valid_until=text),), question).reason is Reason.EXPIRED
    assert decide((monthly(valid_from=text),), question).reason is Reason.NOT_YET_VALID
    assert decide((monthly(schedule=text),), question).reason is Reason.OUTSIDE_SCHEDULE


@given(walls, st.sampled_from([*ZONES, UTC]))
def test_any_clock_has_a_local_time(wall_ns: int, zone: Any) -> None:
    here = local_time(wall_ns, zone)
    assert here.tzinfo is zone
    assert local_day(wall_ns, zone) == here.date()


@given(st.datetimes(datetime(1, 1, 4), datetime(9999, 12, 28), timezones=st.sampled_from(ZONES)))
def test_a_moment_of_the_calendar_comes_back_from_its_nanoseconds(moment: datetime) -> None:
    assert local_time(wall_ns_of(moment), UTC) == moment.astimezone(UTC)
    seconds = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    assert rfc3339(wall_ns_of(moment)).startswith(seconds)


# ---- a whole site whose clock is absurd ------------------------------------------------------------------------------

ABSURD_NS = [0, -1, -(1 << 62), (1 << 63) - 10**15, -(10**20), 10**21, 253_402_300_799 * 10**9 - 10**11]


@pytest.mark.parametrize("wall_ns", ABSURD_NS)
@pytest.mark.parametrize("clock", [ClockState.SYNCED, ClockState.UNSET])
def test_a_site_goes_on_whatever_its_clock_shows(wall_ns: int, clock: ClockState) -> None:
    document = site_document()
    document["lanes"][0] |= {"free_flow": "mon-fri 07:00-09:00"}
    document["lanes"][0]["barrier"] |= {"service_limits": {"crashes_per_month": 1}}
    play = Playbook(document, wall_ns=wall_ns, clock=clock)
    for found in (
        monthly(valid_until="2099-01-01"),
        monthly(valid_from="1980-01-01"),
        monthly(schedule="sat 10:00-11:00"),
    ):
        play.read(passes=(found,))
        play.advance(120_000)
    play.set(arm_detached=True)
    play.advance(120_000)
    assert len([row for row in play.rows if row.type.startswith("access.")]) == 3
    assert play.types("barrier.crashed") == ["barrier.crashed"]
