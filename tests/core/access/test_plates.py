"""Plates: one form of each, what may be a misread, and where a camera's JSON has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.plates.messages import UNKNOWN, PlateMapping, PlateSeen, find_plate
from gateway.core.plates.plates import (
    CHARACTERS_MAX,
    NO_PLATE,
    NO_PLATE_BEGINS,
    REGIONS,
    alike,
    is_none,
    is_whole,
    normalise,
)
from gateway.store.passes.credentials import normal_plate

SHANGHAI = ZoneInfo("Asia/Shanghai")
GOLDEN = Path(__file__).parents[2] / "golden"
VECTORS = msgspec.json.decode((GOLDEN / "plates.json").read_bytes())
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
usual = st.builds(
    "{}{}{}".format,
    st.sampled_from(REGIONS),
    st.sampled_from(LETTERS),
    st.text(LETTERS + "0123456789", min_size=5, max_size=5),
)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner, max_size=3),
    max_leaves=12,
)
VENDOR = {"AlarmInfoPlate": {"result": {"PlateResult": {"license": "京A12345", "confidence": 97}}}}
VENDOR_AT = PlateMapping("AlarmInfoPlate.result.PlateResult.license", "AlarmInfoPlate.result.PlateResult.confidence")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["plate"] or "nothing")
def test_golden_plates(vector: dict[str, Any]) -> None:
    assert normalise(vector["read"]) == vector["plate"]
    assert is_whole(vector["plate"]) == vector["whole"]


@given(st.text(max_size=40))
def test_any_text_has_one_form(text: str) -> None:
    plate = normalise(text)
    assert normalise(plate) == plate
    assert len(plate) <= 3 * len(text)


@given(usual)
def test_a_usual_plate_is_its_own_form_and_whole(plate: str) -> None:
    assert normalise(plate) == plate
    assert is_whole(plate)


@given(usual, st.sampled_from(["{0}{1}·{2}", "{0}{1} {2}", " {0}{1}-{2} ", "{0}{1}•{2}"]))
def test_however_it_is_written_it_is_the_same_plate(plate: str, written: str) -> None:
    text = written.format(plate[0], plate[1], plate[2:]).lower()
    assert normalise(text) == plate
    assert normalise(text.upper().replace("0", "O").replace("1", "I")) == plate


@given(st.text(max_size=20))
def test_the_registry_writes_plates_as_cameras_do(text: str) -> None:
    assert normal_plate(text) == normalise(text)


@given(usual, st.integers(0, 6), st.sampled_from(LETTERS + "0123456789"))
def test_a_plate_with_one_place_misread_or_missing_is_alike(plate: str, place: int, other: str) -> None:
    misread = plate[:place] + other + plate[place + 1 :]
    missing = plate[:place] + plate[place + 1 :]
    for one in (misread, missing):
        assert alike(plate, one)
        assert alike(one, plate)


@pytest.mark.parametrize(("one", "other"), [("京A12345", "京A54321"), ("京A12345", "粤B99999"), ("京A12345", "京A1")])
def test_other_plates_are_not_alike(one: str, other: str) -> None:
    assert not alike(one, other)


# ---- no plate --------------------------------------------------------------------------------------------------------

SAID: dict[str, list[str]] = msgspec.json.decode((GOLDEN / "no_plates.json").read_bytes())


@pytest.mark.parametrize("text", SAID["no plate"])
def test_words_that_say_there_is_no_plate_are_none_in_any_writing(text: str) -> None:
    assert is_none(normalise(text))
    assert not is_whole(normalise(text))


@pytest.mark.parametrize("text", SAID["a plate"])
def test_plates_that_only_look_like_it_are_plates(text: str) -> None:
    assert not is_none(normalise(text))


@given(usual)
def test_no_plate_that_is_issued_is_none(plate: str) -> None:
    assert not is_none(plate)


@given(st.sampled_from(sorted(NO_PLATE) + list(NO_PLATE_BEGINS)), st.sampled_from(["{}", " {} ", "·{}", "({})", "{}?"]))
def test_every_word_of_the_list_is_in_the_form_that_it_is_compared_in(word: str, written: str) -> None:
    assert is_none(normalise(written.format(word.lower())))


@given(st.text(max_size=40))
def test_of_any_text_it_can_be_told(text: str) -> None:
    assert is_none(normalise(text)) in (True, False)


# ---- a camera's JSON -----------------------------------------------------------------------------------------------


def test_a_plate_is_found_by_its_dotted_path() -> None:
    assert find_plate(VENDOR, VENDOR_AT) == PlateSeen("京A12345", 97.0)
    assert find_plate({"results": [{"plate": " 京A1 "}]}, PlateMapping("results.0.plate")) == PlateSeen("京A1", 100.0)


@pytest.mark.parametrize(
    ("told", "percent"), [(0.97, 97.0), (1, 1.0), (97, 97.0), ("97.5", 97.5), (0, 0.0), ("97%", 97.0), ("0.5", 50.0)]
)
def test_confidence_is_percent_or_a_share_of_one(told: object, percent: float) -> None:
    assert find_plate({"plate": "x", "sure": told}, PlateMapping("plate", "sure")).confidence == pytest.approx(percent)


@pytest.mark.parametrize("told", [None, True, "high", [], {}, -1, 101, float("nan"), float("inf"), "1e999"])
def test_a_confidence_that_is_none_is_said_to_be_and_the_plate_is_kept(told: object) -> None:
    seen = find_plate({"plate": "x", "sure": told}, PlateMapping("plate", "sure"))
    assert (seen.plate, seen.confidence) == ("x", UNKNOWN)
    assert "put the option `confidence" in seen.wrong


@pytest.mark.parametrize("document", [{}, {"plate": ""}, {"plate": "  "}, {"plate": None}, {"plate": 7}, [], 5, None])
def test_without_a_plate_it_is_a_sign_of_life(document: object) -> None:
    assert find_plate(document, PlateMapping("plate", "sure")) == PlateSeen("", 0.0)


def test_a_plate_that_is_too_long_is_none() -> None:
    assert find_plate({"plate": "A" * CHARACTERS_MAX}, PlateMapping()).plate == "A" * CHARACTERS_MAX
    assert find_plate({"plate": "A" * (CHARACTERS_MAX + 1)}, PlateMapping()).plate == ""


@given(json, st.text("ab0.9²", max_size=12), st.text("ab0.", max_size=6))
def test_any_json_holds_a_plate_or_none(document: Any, plate: str, confidence: str) -> None:
    seen = find_plate(document, PlateMapping(plate, confidence))
    assert len(seen.plate) <= CHARACTERS_MAX
    assert seen.confidence == UNKNOWN or 0 <= seen.confidence <= 100


# ---- messages that are no reads of now -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "least", "most"),
    [
        ("plate", 1, 200),
        ("confidence", 0, 200),
        ("time", 0, 200),
        ("path of only", 1, 200),
        ("values of only", 1, 50),
        ("paths of only", 0, 16),
    ],
)
def test_what_a_camera_is_asked_for_has_bounds(option: str, least: int, most: int) -> None:
    def taken(size: int) -> bool:
        options: dict[str, Any] = {
            "path of only": {"only": {"p" * size: "x"}},
            "values of only": {"only": {"p": ["x"] * size}},
            "paths of only": {"only": {f"p{n}": "x" for n in range(size)}},
        }.get(option, {option: "p" * size})
        try:
            msgspec.convert(options, PlateMapping)
        except msgspec.ValidationError:
            return False
        return True

    assert [size for size in (0, 1, 16, 17, 50, 51, 200, 201) if taken(size)] == [
        size for size in (0, 1, 16, 17, 50, 51, 200, 201) if least <= size <= most
    ]


@pytest.mark.parametrize(
    ("only", "document", "counts"),
    [
        ({"type": "new"}, {"type": "new"}, True),
        ({"type": "new"}, {"type": "end"}, False),
        ({"type": "new"}, {}, False),
        ({"type": ["new", "update"]}, {"type": "update"}, True),
        ({"type": ["new", "update"]}, {"type": "end"}, False),
        ({"sent.again": False}, {"sent": {"again": False}}, True),
        ({"sent.again": False}, {"sent": {"again": "False"}}, True),
        ({"sent.again": False}, {"sent": {"again": True}}, False),
        ({"sent.again": False}, {}, False),
        ({"sent.again": [False, None]}, {}, True),
        ({"channel": 1}, {"channel": 1.0}, True),
        ({"channel": "1"}, {"channel": 1}, True),
        ({"channel": 1}, {"channel": [1]}, False),
        ({"type": "new", "channel": 1}, {"type": "new", "channel": 2}, False),
        ({}, {"type": "end"}, True),
    ],
)
def test_only_messages_with_the_values_that_are_asked_for_are_reads(
    only: dict[str, Any], document: dict[str, Any], counts: bool
) -> None:
    mapping = msgspec.convert({"only": only}, PlateMapping)
    assert find_plate({"plate": "京A12345", **document}, mapping) == (
        PlateSeen("京A12345", 100.0) if counts else PlateSeen("", 0.0)
    )


@pytest.mark.parametrize(
    "document",
    [
        {"isDataRetransmission": True},
        {"isDataRetransmission": "true"},
        {"ANPR": {"info": [{"isDataRetransmission": 1}]}},
        {"AlarmInfoPlate": {"result": {"PlateResult": {"isoffline": 1}}}},
    ],
)
def test_a_message_that_the_camera_marks_as_sent_again_is_no_fresh_read(document: dict[str, Any]) -> None:
    seen = find_plate({"plate": "京A12345", **document}, PlateMapping())
    assert seen.plate == ""
    assert "sent an earlier read again" in seen.wrong


@pytest.mark.parametrize(
    "document", [{"isDataRetransmission": False}, {"isDataRetransmission": [True]}, {"isoffline": 0}]
)
def test_a_message_that_the_camera_marks_as_fresh_is_a_read(document: dict[str, Any]) -> None:
    assert find_plate({"plate": "京A12345", **document}, PlateMapping()) == PlateSeen("京A12345", 100.0)


def test_a_sign_of_life_is_not_asked_for_its_time() -> None:
    assert find_plate({"heartbeat": 1}, PlateMapping("plate", "", "at")) == PlateSeen("", 0.0)


def test_the_age_is_told_by_the_time_that_is_named() -> None:
    seen = find_plate({"plate": "x", "at": "1970-01-01 08:00:01"}, PlateMapping("plate", "", "at"), 5 * 10**9, SHANGHAI)
    assert seen == PlateSeen("x", 100.0, 4_000)


@pytest.mark.parametrize("told", [None, "", "soon", True, [], 0])
def test_a_plate_without_the_time_that_is_named_opens_for_nobody_and_says_so(told: Any) -> None:
    seen = find_plate({"plate": "x", "at": told}, PlateMapping("plate", "", "at"))
    assert seen.plate == ""
    assert "no time at 'at'" in seen.wrong and "put the option `time` right" in seen.wrong


@given(json, st.dictionaries(st.text("ab0.", min_size=1, max_size=6), json, max_size=3), st.text("ab0.", max_size=6))
def test_any_json_survives_any_filter_and_any_place_of_the_time(document: Any, only: dict[str, Any], time: str) -> None:
    try:
        mapping = msgspec.convert({"plate": "a", "time": time, "only": only}, PlateMapping)
    except msgspec.ValidationError:
        return
    seen = find_plate(document, mapping, 1_796_025_600 * 10**9, SHANGHAI)
    assert len(seen.plate) <= CHARACTERS_MAX
    assert not (seen.plate and seen.wrong)


def test_a_document_of_millions_of_values_is_not_searched_to_its_end() -> None:
    document = {"plate": "京A12345", "picture": [[[0]] * 1000] * 1000}
    assert find_plate(document, PlateMapping()).plate == "京A12345"


def test_what_may_have_waited_on_the_way_is_at_least_so_old() -> None:
    assert PlateSeen("x", 100.0).at_least(0) == PlateSeen("x", 100.0)
    assert PlateSeen("x", 100.0).at_least(9_000).age_ms == 9_000
    assert PlateSeen("x", 100.0, 500).at_least(9_000).age_ms == 9_000
    assert PlateSeen("x", 100.0, 10_000).at_least(9_000).age_ms == 10_000
    assert PlateSeen("x", 100.0, -40_000).at_least(9_000).age_ms == -40_000
