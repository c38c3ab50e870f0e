"""Schedules, moments, errors and passes: each bound from both sides, each code as it is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.core.vocabulary import errors
from gateway.core.vocabulary.authors import GATEWAY, NOBODY, SCHEDULE, Author, author_of
from gateway.core.vocabulary.commands import Append, CancelTimer, Log, Reply, Snapshot, StartTimer
from gateway.core.vocabulary.errors import GatehouseError, JournalBrokenError, PassError, SettingsError
from gateway.core.vocabulary.events import CommandReceived, Now
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import GatewayStopped
from gateway.core.vocabulary.schedule import Window, in_schedule, parse_schedule
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.times import local_time, rfc3339, wall_ns_of
from gateway.core.vocabulary.turn import Ids, Turn, local_day

SHANGHAI = ZoneInfo("Asia/Shanghai")
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def wall(text: str) -> int:
    return wall_ns_of(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


# ---- schedules


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", {MON}),
        ("mon-sun", set(range(7))),
        ("tue-tue", {TUE}),
        ("mon-wed", {MON, TUE, WED}),
        ("sat-mon", {SAT, SUN, MON}),
        ("sun-sat", set(range(7))),
        ("sun-mon", {SUN, MON}),
        ("wed,fri", {WED, FRI}),
        ("mon-tue,thu,sat-sun", {MON, TUE, THU, SAT, SUN}),
    ],
)
def test_days_run_from_the_first_to_the_last_and_over_the_weekend(text: str, days: set[int]) -> None:
    assert parse_schedule(f"{text} 08:00-09:00") == (Window(frozenset(days), 480, 540),)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("00:00-24:00", 0, 1440),
        ("0:01-9:59", 1, 599),
        ("23:59-00:00", 1439, 0),
        ("24:00-24:00", 1440, 1440),
        ("10:30-10:30", 630, 630),
    ],
)
def test_times_are_minutes_of_the_day(text: str, start: int, end: int) -> None:
    assert parse_schedule(f"mon {text}") == (Window(frozenset({MON}), start, end),)


@pytest.mark.parametrize(
    ("text", "windows"),
    [("", 0), (" ; ;", 0), (";mon 08:00-09:00;", 1), ("MON 08:00-09:00 ; Tue  08:00-09:00", 2)],
)
def test_windows_stand_between_semicolons_in_any_case(text: str, windows: int) -> None:
    assert len(parse_schedule(text)) == windows


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mon 08:00", "write windows such as mon-fri 08:00-18:00; sat 09:00-12:00"),
        ("mon08:00-09:00", "write windows such as mon-fri 08:00-18:00; sat 09:00-12:00"),
        ("mon 08:0-09:00", "write windows such as mon-fri 08:00-18:00; sat 09:00-12:00"),
        ("mon 08:00-09:00 tue", "write windows such as mon-fri 08:00-18:00; sat 09:00-12:00"),
        ("day 08:00-09:00", "days are mon, tue, wed, thu, fri, sat, sun"),
        ("mon- 08:00-09:00", "days are mon, tue, wed, thu, fri, sat, sun"),
        ("mon-day 08:00-09:00", "days are mon, tue, wed, thu, fri, sat, sun"),
        ("mon,, 08:00-09:00", "days are mon, tue, wed, thu, fri, sat, sun"),
        ("mon 08:60-09:00", "times run from 00:00 to 24:00"),
        ("mon 08:00-24:01", "times run from 00:00 to 24:00"),
        ("mon 25:00-26:00", "times run from 00:00 to 24:00"),
    ],
)
def test_a_wrong_schedule_is_told_with_its_text_and_remedy(text: str, says: str) -> None:
    with pytest.raises(PassError) as caught:
        parse_schedule(text)
    assert str(caught.value) == f"is {text!r}; {says}"
    assert in_schedule(text, wall("2026-11-30 08:30"), SHANGHAI) is False


@pytest.mark.parametrize(
    ("text", "at", "inside"),
    [
        ("mon 08:00-09:00", "2026-11-30 07:59:59", False),
        ("mon 08:00-09:00", "2026-11-30 08:00", True),
        ("mon 08:00-09:00", "2026-11-30 08:59:59", True),
        ("mon 08:00-09:00", "2026-11-30 09:00", False),
        ("mon 08:00-09:00", "2026-12-01 08:30", False),
        ("mon 08:00-08:00", "2026-11-30 08:00", False),
        ("mon 22:00-02:00", "2026-11-30 21:59", False),
        ("mon 22:00-02:00", "2026-11-30 22:00", True),
        ("mon 22:00-02:00", "2026-12-01 01:59", True),
        ("mon 22:00-02:00", "2026-12-01 02:00", False),
        ("mon 22:00-02:00", "2026-11-30 01:00", False),
        ("mon 22:00-02:00", "2026-12-01 22:00", False),
        ("sun 22:00-02:00", "2026-11-30 01:59", True),
        ("mon 23:00-00:00", "2026-11-30 23:59", True),
        ("mon 23:00-00:00", "2026-12-01 00:00", False),
        ("sat 01:00-02:00; mon 08:00-09:00", "2026-11-30 08:30", True),
        (" ; ", "2026-11-30 08:30", True),
    ],
)
def test_a_window_has_its_first_minute_and_not_its_last(text: str, at: str, inside: bool) -> None:
    assert in_schedule(text, wall(at), SHANGHAI) is inside


def test_a_window_is_in_site_time() -> None:
    at = wall("2026-11-30 08:30")
    assert in_schedule("mon 08:00-09:00", at, SHANGHAI) is True
    assert in_schedule("mon 08:00-09:00", at, ZoneInfo("Europe/Berlin")) is False


# ---- moments


@pytest.mark.parametrize(
    ("wall_ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999_999, "1970-01-01T00:00:00.000Z"),
        (1_000_000, "1970-01-01T00:00:00.001Z"),
        (59_999_999_999, "1970-01-01T00:00:59.999Z"),
        (3_661_000_000_000, "1970-01-01T01:01:01.000Z"),
        (86_399_000_000_000, "1970-01-01T23:59:59.000Z"),
        (86_400_000_000_000, "1970-01-02T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_is_written_to_the_millisecond(wall_ns: int, text: str) -> None:
    assert rfc3339(wall_ns) == text


def test_a_moment_is_a_whole_number_of_nanoseconds_whatever_its_offset() -> None:
    at = datetime(1970, 1, 3, 1, 2, 3, 4, tzinfo=UTC)
    assert wall_ns_of(at) == ((2 * 86_400 + 3723) * 1_000_000 + 4) * 1000
    assert wall_ns_of(at.astimezone(timezone(timedelta(hours=8)))) == wall_ns_of(at)


@pytest.mark.parametrize(
    ("wall_ns", "text"),
    [
        (1_999, "1970-01-01T00:00:00.000001+00:00"),
        (-(10**30), "0001-01-03T00:00:00+00:00"),
        (10**30, "9999-12-29T23:59:59+00:00"),
    ],
)
def test_site_time_is_cut_to_microseconds_and_kept_within_the_calendar(wall_ns: int, text: str) -> None:
    assert local_time(wall_ns, ZoneInfo("UTC")).isoformat() == text


@pytest.mark.parametrize(("at", "day"), [("2026-11-30 00:00", "2026-11-30"), ("2026-11-30 23:59:59", "2026-11-30")])
def test_a_day_is_a_day_of_the_site(at: str, day: str) -> None:
    assert local_day(wall(at), SHANGHAI).isoformat() == day


# ---- errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.GatehouseError, "error"),
        (errors.PassError, "pass_invalid"),
        (errors.RevisionConflictError, "revision_conflict"),
        (errors.NotFoundError, "not_found"),
        (errors.RefusedError, "refused"),
        (errors.StorageError, "storage_failed"),
        (errors.JournalBrokenError, "journal_broken"),
        (errors.CursorError, "cursor_invalid"),
        (errors.InUseError, "in_use"),
        (errors.DataDirectoryError, "data_directory"),
        (errors.DamagedError, "data_directory"),
        (errors.DriverError, "driver"),
        (errors.DeviceError, "device"),
        (errors.BusSilentError, "bus_silent"),
        (errors.FrameError, "frame_invalid"),
        (errors.EngineUnreachableError, "engine_unreachable"),
        (errors.RequestError, "request_invalid"),
        (errors.IdempotencyConflictError, "idempotency_conflict"),
        (errors.BusyError, "busy"),
    ],
)
def test_each_error_has_its_code_and_its_text(kind: type[GatehouseError], code: str) -> None:
    error = kind("what to do")
    assert (error.code, str(error)) == (code, "what to do")


def test_an_error_may_have_another_code_and_only_that_one_has_it() -> None:
    assert errors.RefusedError("x", code="fire").code == "fire"
    assert errors.RefusedError("x").code == "refused"


def test_a_settings_error_tells_all_problems_in_lines() -> None:
    error = SettingsError([("site.id", "is wrong"), ("", "no object")])
    assert str(error) == "site.id: is wrong\nno object"
    assert (error.code, error.problems) == ("settings_invalid", [("site.id", "is wrong"), ("", "no object")])


@pytest.mark.parametrize(("error", "sequence"), [(JournalBrokenError("x"), 0), (JournalBrokenError("x", 7), 7)])
def test_a_broken_journal_names_its_first_bad_row(error: JournalBrokenError, sequence: int) -> None:
    assert (error.sequence, str(error)) == (sequence, "x")


def fails() -> None:
    raise OverflowError("a name that must not be told")


def test_an_error_of_the_program_is_told_by_kind_and_place() -> None:
    with pytest.raises(OverflowError) as caught:
        fails()
    line = fails.__code__.co_firstlineno + 1
    assert errors.error_place(caught.value) == f"OverflowError at test_schedule_and_errors.py:{line} in fails"
    assert errors.error_place(ValueError("secret")) == "ValueError"


@pytest.mark.parametrize(
    ("wall_ns", "name"),
    [(0, "19700101T000000.000000000Z.json"), (61_000_000_005, "19700101T000101.000000005Z.json")],
)
def test_a_kept_event_is_named_by_its_moment(wall_ns: int, name: str) -> None:
    assert errors.fault_file(wall_ns) == name


# ---- passes, authors and turns


def test_a_pass_is_written_without_its_defaults_and_read_strictly() -> None:
    found = Pass("p1", PassKind.STAFF, plates=("A",))
    assert msgspec.json.encode(found) == b'{"id":"p1","kind":"staff","plates":["A"]}'
    assert msgspec.convert({"id": "p1", "kind": "staff", "plates": ["A"]}, Pass) == found
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "p1", "kind": "staff", "colour": "red"}, Pass)


def test_there_are_four_kinds_of_pass() -> None:
    assert [kind.value for kind in PassKind] == ["monthly", "temporary", "staff", "blocked"]


@pytest.mark.parametrize(
    ("author", "person", "by"),
    [
        (GATEWAY, False, "gateway"),
        (SCHEDULE, False, "schedule"),
        (NOBODY, False, None),
        (Author("L", "cli"), True, "L"),
    ],
)
def test_only_who_came_by_some_way_is_a_person(author: Author, person: bool, by: str | None) -> None:
    assert author.person is person
    assert author.document() == {"by": by, "via": author.via or None, "station": None}


@pytest.mark.parametrize(("station", "known"), [("booth", "booth"), ("", None)])
def test_the_author_of_a_command_is_known_with_the_screen(station: str, known: str | None) -> None:
    event = CommandReceived("r", "in", "open", "Lin", "guard", station=station)
    assert author_of(event) == Author("Lin", "guard", known)


def test_a_turn_collects_its_commands_in_order() -> None:
    turn, timer = Turn(Now(0, 0), 4), Timer("lane", "in", "x")
    row = GatewayStopped(reason="stop", since="")
    turn.append(row, turn.token())
    turn.start(timer, 5)
    turn.start(timer, -1)
    turn.cancel(timer)
    turn.show()
    turn.show()
    turn.log("info", "x")
    assert turn.commands == [
        Append(row, 5), StartTimer(timer, 5), StartTimer(timer, 0), CancelTimer(timer), Snapshot(), Log("info", "x"),
    ]  # fmt: skip
    assert (turn.tokens, turn.shown, turn.at) == (5, True, "1970-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("reply", "done"), [(Reply("r", "done"), True), (Reply("r", "refused"), False), (Reply("q", "done"), False)]
)
def test_a_request_is_done_by_its_own_answer(reply: Reply, done: bool) -> None:
    turn = Turn(Now(0, 0))
    turn.emit(reply)
    assert turn.is_done("r") is done


# ---- ids


def test_ids_name_the_run_and_count_on_through_all_letters() -> None:
    ids = Ids()
    assert ids.next("g") == "g0-1"
    ids.begin("812")
    assert [ids.next(letter) for letter in "gva"] == ["g812-2", "v812-3", "a812-4"]
