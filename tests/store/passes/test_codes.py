"""QR codes of temporary passes: forged, altered, lengthened or borrowed ones are none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.access.rules import Validity, validity
from gateway.core.vocabulary.errors import DataDirectoryError, PassError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.codes import (
    CHARACTERS_MAX,
    PREFIX,
    PassCode,
    PassCodes,
    name_of_foreign,
    name_of_pin,
    narrowed,
    read_code,
    write_code,
)

KEY = bytes(range(32))
ZONE = ZoneInfo("Asia/Shanghai")
NOW_NS = int(datetime(2026, 11, 21, 4, 0, tzinfo=UTC).timestamp()) * 1_000_000_000  # noon in Shanghai
VISITOR = Pass("v-1", PassKind.TEMPORARY, plates=("京A12345",), valid_until="2026-11-23")
codes = st.builds(
    PassCode,
    st.text("ABCXYZabcxyz0189_-", min_size=1, max_size=64),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=6, max_size=6).map(bytes.hex),
)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def ends(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@given(codes)
def test_a_code_comes_back_as_it_was(code: PassCode) -> None:
    text = write_code(KEY, code)
    assert read_code(KEY, text) == code
    assert read_code(KEY, f" {text.lower()}\r") == code
    assert len(text) <= CHARACTERS_MAX
    assert text.isalnum() and text.isupper()


@given(codes, st.binary(min_size=32, max_size=32).filter(lambda key: key != KEY))
def test_a_code_signed_by_somebody_else_is_none(code: PassCode, key: bytes) -> None:
    assert read_code(KEY, write_code(key, code)) is None


@given(codes, st.integers(0, 10_000), st.sampled_from(ALPHABET))
def test_a_code_with_any_letter_altered_is_none(code: PassCode, place: int, letter: str) -> None:
    text = write_code(KEY, code)
    place %= len(text)
    altered = text[:place] + letter + text[place + 1 :]
    assert read_code(KEY, altered) == (code if altered == text else None)


@given(codes, st.integers(1, 60), st.text(ALPHABET, min_size=1, max_size=20))
def test_a_code_cut_short_or_lengthened_is_none(code: PassCode, less: int, more: str) -> None:
    text = write_code(KEY, code)
    assert read_code(KEY, text[:-less]) is None
    assert read_code(KEY, text + more) is None


@given(codes, codes)
def test_the_signature_of_one_code_is_none_for_another(one: PassCode, other: PassCode) -> None:
    first, second = write_code(KEY, one), write_code(KEY, other)
    mixed = first[:-16] + second[-16:]
    assert read_code(KEY, mixed) in (None, one if mixed == first else None, other if mixed == second else None)


@given(st.text(max_size=250) | st.text(ALPHABET, max_size=250).map(PREFIX.__add__))
def test_any_text_is_survived(text: str) -> None:
    assert read_code(KEY, text) is None


@given(st.text(max_size=50))
def test_a_foreign_code_is_named_without_what_it_says(text: str) -> None:
    name = name_of_foreign(text)
    assert name.startswith("foreign-") and len(name) == 20
    assert name_of_foreign(text) == name


def test_a_pin_is_named_by_a_key_so_that_its_ten_thousand_forms_cannot_be_tried_out() -> None:
    assert name_of_pin(KEY, "2468") == name_of_pin(KEY, "2468")
    assert name_of_pin(KEY, "2468") != name_of_pin(bytes(32), "2468")
    assert len(name_of_pin(KEY, "2468")) == len("pin-") + 12


def test_a_code_of_an_example_is_as_it_always_was() -> None:
    code = PassCode("v-1", 1_795_881_600, "0123456789ab")
    # Reckoned with openssl dgst -sha256 -mac HMAC, head -c 10 and base32.
    assert write_code(KEY, code) == "GH1NMFPVAABENCWPCNLOYWTCPOUSMITL2RDY6CM6"


# ---- issuing -------------------------------------------------------------------------------------------------------


@pytest.fixture
def issuer(tmp_path: Path) -> PassCodes:
    return PassCodes(tmp_path / "pass-codes.key")


def test_a_code_is_good_until_the_end_of_its_pass_or_earlier(issuer: PassCodes) -> None:
    for until, end in (
        ("", "2026-11-24T00:00:00+08:00"),
        ("2026-11-22", "2026-11-23T00:00:00+08:00"),
        ("2026-11-21T18:00:00+08:00", "2026-11-21T18:00:00+08:00"),
    ):
        code, text = issuer.issue(VISITOR, until, ZONE, NOW_NS)
        assert code.ends_s == ends(end)
        assert issuer.check(text) == code


def test_every_code_has_a_name_of_its_own(issuer: PassCodes) -> None:
    made = [issuer.issue(VISITOR, "", ZONE, NOW_NS) for _ in range(50)]
    assert len({code.name for code, _ in made}) == len({text for _, text in made}) == 50
    assert all(code.name not in text.lower() for code, text in made)


def test_the_key_is_protected_and_stays(issuer: PassCodes, tmp_path: Path) -> None:
    _, text = issuer.issue(VISITOR, "", ZONE, NOW_NS)
    path = tmp_path / "pass-codes.key"
    assert path.stat().st_mode & 0o077 == 0
    assert PassCodes(path).check(text) is not None
    assert PassCodes(tmp_path / "another.key").check(text) is None
    path.write_bytes(b"short")
    with pytest.raises(DataDirectoryError, match="damaged"):
        PassCodes(path).check(text)


@pytest.mark.parametrize(
    ("changes", "until", "says"),
    [
        ({"kind": PassKind.MONTHLY}, "", "codes are for temporary passes"),
        ({"kind": PassKind.BLOCKED}, "", "codes are for temporary passes"),
        ({"valid_until": ""}, "", "has no end"),
        ({}, "2026-11-24", "outlive"),
        ({"valid_until": "2026-11-20"}, "", "ended already"),
        ({}, "2026-11-20", "ended already"),
        ({"valid_until": ""}, "2027-11-20", "more than 92 days"),
        ({}, "tomorrow", "write a day such as"),
    ],
)
def test_a_code_that_cannot_be_is_refused_in_words(
    issuer: PassCodes, changes: dict[str, object], until: str, says: str
) -> None:
    fields = {field: getattr(VISITOR, field) for field in VISITOR.__struct_fields__} | changes
    with pytest.raises(PassError, match=says):
        issuer.issue(Pass(**fields), until, ZONE, NOW_NS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("until", "kept"), [("", False), ("2026-11-23", False), ("2026-11-22", True), ("2026-11-22T00:00:00Z", True)]
)
def test_a_pass_goes_as_far_as_its_code_and_no_further(until: str, kept: bool) -> None:
    pass_ = Pass("v-1", PassKind.TEMPORARY, valid_until=until)
    code = PassCode("v-1", ends("2026-11-23T12:00:00+08:00"), "0123456789ab")
    found = narrowed(pass_, code, ZONE)
    assert (found == pass_) == kept
    assert validity(found, (code.ends_s - 1) * 1_000_000_000, ZONE) is (Validity.AFTER if kept else Validity.WITHIN)
    assert validity(found, code.ends_s * 1_000_000_000, ZONE) is Validity.AFTER
