"""The last second in which a code may end, to the second, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.core.vocabulary.errors import DataDirectoryError, PassError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.codes import PassCode, PassCodes, answered, name_of_foreign, narrowed, read_code, write_code

KEY = bytes(range(32))
ZONE = ZoneInfo("Asia/Shanghai")
NOW_S = 1_790_000_000
DAYS_92_S = 92 * 86_400
ENDLESS = Pass("v", PassKind.TEMPORARY)


def at(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


@pytest.fixture
def codes(tmp_path: Path) -> PassCodes:
    return PassCodes(tmp_path / "codes.key")


@pytest.mark.parametrize("ahead_s", [1, 2, DAYS_92_S - 1, DAYS_92_S])
def test_a_code_may_end_from_the_next_second_to_the_last_day(codes: PassCodes, ahead_s: int) -> None:
    code, _ = codes.issue(ENDLESS, at(NOW_S + ahead_s), ZONE, NOW_S * 1_000_000_000 + 999_999_999)
    assert code.ends_s == NOW_S + ahead_s


@pytest.mark.parametrize(
    ("ahead_s", "says"),
    [
        (0, "the code would have ended already; pass v ends never"),
        (-1, "the code would have ended already; pass v ends never"),
        (DAYS_92_S + 1, "the code would be good for more than 92 days; say until when, at most so far ahead"),
    ],
)
def test_a_code_one_second_beyond_is_refused(codes: PassCodes, tmp_path: Path, ahead_s: int, says: str) -> None:
    with pytest.raises(PassError) as caught:
        codes.issue(ENDLESS, at(NOW_S + ahead_s), ZONE, NOW_S * 1_000_000_000)
    assert str(caught.value) == says
    assert not (tmp_path / "codes.key").exists()


@pytest.mark.parametrize(("later_s", "good"), [(-1, True), (0, True), (1, False)])
def test_a_code_ends_with_its_pass_at_the_latest(codes: PassCodes, later_s: int, good: bool) -> None:
    pass_ = Pass("v", PassKind.TEMPORARY, valid_until=at(NOW_S + 100))
    until = at(NOW_S + 100 + later_s)
    if good:
        assert codes.issue(pass_, until, ZONE, NOW_S * 1_000_000_000)[0].ends_s == NOW_S + 100 + later_s
        return
    with pytest.raises(PassError, match="the code would outlive pass v, which ends 2026-"):
        codes.issue(pass_, until, ZONE, NOW_S * 1_000_000_000)


@pytest.mark.parametrize(
    ("last_s", "good"), [((1 << 32) - 1, True), (1 << 32, False)], ids=["the last one", "one too many"]
)
def test_an_end_that_four_bytes_do_not_hold_is_refused(codes: PassCodes, last_s: int, good: bool) -> None:
    now_ns = (last_s - 10) * 1_000_000_000
    if good:
        assert codes.issue(ENDLESS, at(last_s), ZONE, now_ns)[0].ends_s == last_s
        return
    with pytest.raises(PassError, match="more than 92 days"):
        codes.issue(ENDLESS, at(last_s), ZONE, now_ns)


def test_before_1970_nothing_ends_in_time(codes: PassCodes) -> None:
    with pytest.raises(PassError, match="ended already"):
        codes.issue(ENDLESS, at(0), ZONE, -100 * 1_000_000_000)
    assert codes.issue(ENDLESS, at(1), ZONE, -100 * 1_000_000_000)[0].ends_s == 1


def test_the_year_9999_is_no_end_of_a_code(codes: PassCodes) -> None:
    with pytest.raises(PassError, match="until is '9999-01-01', which is no end; say a day at most 92 days ahead"):
        codes.issue(ENDLESS, "9999-01-01", ZONE, NOW_S * 1_000_000_000)


@pytest.mark.parametrize(
    ("valid_until", "until", "field"), [("x", "", "valid_until of pass v"), ("", "x", "until"), ("x", "y", "valid_")]
)
def test_an_end_that_cannot_be_read_is_told_by_its_field(
    codes: PassCodes, valid_until: str, until: str, field: str
) -> None:
    pass_ = Pass("v", PassKind.TEMPORARY, valid_until=valid_until)
    with pytest.raises(PassError, match=f"^{field}"):
        codes.issue(pass_, until, ZONE, NOW_S * 1_000_000_000)


@pytest.mark.parametrize(("earlier_s", "as_it_was"), [(-1, True), (0, True), (1, False)])
def test_a_pass_is_narrowed_only_by_a_code_that_ends_before_it(earlier_s: int, as_it_was: bool) -> None:
    pass_ = Pass("v", PassKind.TEMPORARY, valid_until=at(NOW_S + earlier_s))
    found = narrowed(pass_, PassCode("v", NOW_S, "00" * 6), ZONE)
    assert found.valid_until == (pass_.valid_until if as_it_was else "2026-09-21T22:13:20+08:00")


def test_an_end_of_a_pass_that_cannot_be_read_stays() -> None:
    pass_ = Pass("v", PassKind.TEMPORARY, valid_until="soon")
    assert narrowed(pass_, PassCode("v", NOW_S, "00" * 6), ZONE) is pass_


def test_a_code_is_answered_with_all_that_a_person_needs() -> None:
    assert answered(PassCode("v", NOW_S, "ab" * 6), "GH1X") == {
        "code": "GH1X",
        "pass": "v",
        "name": "ab" * 6,
        "ends_at": "2026-09-21T14:13:20.000Z",
    }


@pytest.mark.parametrize(("length", "characters", "read"), [(64, 138, True), (103, 200, True), (104, 202, False)])
def test_a_code_is_read_up_to_two_hundred_characters(length: int, characters: int, read: bool) -> None:
    code = PassCode("x" * length, NOW_S, "ab" * 6)
    text = write_code(KEY, code)
    assert len(text) == characters
    assert read_code(KEY, text) == (code if read else None)


def test_a_code_without_a_pass_is_none() -> None:
    assert read_code(KEY, write_code(KEY, PassCode("", NOW_S, "ab" * 6))) is None


def test_a_foreign_code_has_twelve_digits_of_its_digest() -> None:
    assert name_of_foreign("abc") == "foreign-ba7816bf8f01"


@pytest.mark.parametrize("length", [31, 33, 0])
def test_a_key_of_another_length_is_damage(codes: PassCodes, tmp_path: Path, length: int) -> None:
    (tmp_path / "codes.key").write_bytes(bytes(length))
    with pytest.raises(DataDirectoryError, match="is damaged; take it away, and issue the codes anew"):
        codes.check("GH1A")


def test_a_key_has_32_bytes_and_is_made_once(codes: PassCodes, tmp_path: Path) -> None:
    assert codes.check("GH1A") is None
    codes.issue(ENDLESS, at(NOW_S + 1), ZONE, NOW_S * 1_000_000_000)
    key = (tmp_path / "codes.key").read_bytes()
    codes.issue(ENDLESS, at(NOW_S + 1), ZONE, NOW_S * 1_000_000_000)
    assert len(key) == 32
    assert (tmp_path / "codes.key").read_bytes() == key
