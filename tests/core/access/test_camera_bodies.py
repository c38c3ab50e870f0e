"""What cameras of the usual makes send, and what is made of it; the messages are data with their sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.plates.bodies import DEPTH_MAX, look_at_body, read_body, read_xml
from gateway.core.plates.messages import CARS_MAX, PlateMapping, PlateSeen, find_plates
from gateway.core.plates.profiles import PROFILES, Profile, mapping_of
from gateway.core.vocabulary.errors import PassError

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "golden" / "cameras.json").read_text("utf-8"))
NOW_NS = 1_795_996_800 * 10**9  # 2026-11-30T00:00:00Z
SHANGHAI = ZoneInfo("Asia/Shanghai")
XML_LENGTH = 1_000_000


def sent(case: dict[str, Any]) -> bytes:
    return case["latin1"].encode("latin-1") if "latin1" in case else json.dumps(case["json"]).encode()


def seen(case: dict[str, Any]) -> list[PlateSeen]:
    mapping = mapping_of({"profile": case.get("profile"), **case.get("options", {})})
    return find_plates(read_body(sent(case)).document, mapping, NOW_NS, SHANGHAI)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"])
def test_what_a_camera_sends_is_read(case: dict[str, Any]) -> None:
    found = seen(case)
    assert [one.plate for one in found] == [plate for plate, _ in case["reads"]]
    assert [one.confidence for one in found] == pytest.approx([sure for _, sure in case["reads"]], abs=0.001)
    assert len(read_body(sent(case)).pictures) == case.get("pictures", 0)
    assert case.get("wrong", "") in found[0].wrong
    assert bool(found[0].wrong) is ("wrong" in case)


@pytest.mark.parametrize("case", [one for one in CASES if "profile" in one and one["reads"][0][0]], ids=str)
def test_a_profile_knows_the_cameras_own_time(case: dict[str, Any]) -> None:
    assert all(one.age_ms is not None and abs(one.age_ms) < 1_000 for one in seen(case))


def test_every_profile_is_data_that_a_mapping_takes_and_has_a_message() -> None:
    assert sorted(PROFILES) == sorted(get_args(Profile))
    for name, told in PROFILES.items():
        assert msgspec.convert(told, PlateMapping) == mapping_of({"profile": name})
    assert {case["profile"] for case in CASES if "profile" in case} | {"milesight"} == set(PROFILES)


def test_an_option_that_is_given_comes_before_the_profile() -> None:
    assert mapping_of({"profile": "frigate", "plate": "x"}).plate == "x"
    assert mapping_of({"profile": "frigate", "plate": "x"}).confidence_scale == "share"


def test_the_cars_of_a_message_are_bounded() -> None:
    document = {"cars": [{"plate": f"A{n}"} for n in range(10_000)]}
    assert len(find_plates(document, PlateMapping(many="cars"))) == CARS_MAX


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\xff\xd8\xff\xe0picture", "a picture without a plate"),
        (b"--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\r\n--b--", "none of its parts is JSON or XML"),
        (b'--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n{\r\n--b--', "the part 'json': it is not JSON"),
        (b"<a><b></a>", "closes 'a' where something else is open"),
        (b"<a><b>", "no whole XML"),
        (b"<a>" * 1000, "too many elements"),
        (b"plate", "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, says: str) -> None:
    with pytest.raises(PassError, match=says):
        read_body(raw)


def test_xml_is_read_by_the_names_of_its_elements_and_nothing_else() -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><n:a q="1"><b>1</b><b/><c><![CDATA[<d>]]></c>&lt;&x;</n:a>'
    )
    assert read_xml(text) == {"a": {"b": ["1", ""], "c": "<d>"}}
    assert read_xml("<a>&#x4EAC;A&amp;</a>") == {"a": "京A&"}


@given(st.binary(max_size=300) | st.text("<>/ab&;![]-=%{}", max_size=100).map(str.encode))
def test_any_bytes_are_survived(raw: bytes) -> None:
    assert isinstance(look_at_body(raw).text, str)
    try:
        body = read_body(raw)
    except PassError:
        return
    find_plates(body.document, PlateMapping(many="a"))


def test_the_picture_beside_the_results_is_shown() -> None:
    part = next(case for case in CASES if case.get("pictures"))
    looked = look_at_body(sent(part))
    assert looked.picture.startswith("/9j/")
    assert "GJ01AB1234" in looked.text


def test_a_comment_is_left_out_whatever_is_in_it() -> None:
    assert read_xml("<a><!-- was <b>1</b> > 2 --><c>3</c></a>") == {"a": {"c": "3"}}


@pytest.mark.parametrize("start", ["<", "<a", "<a:", "</", "<a>"])
@pytest.mark.parametrize("again", ["a", "a:", "<a", "<![CDATA[", "<!--", "<!", "/"])
def test_xml_without_an_end_costs_no_more_than_its_length(start: str, again: str) -> None:
    """Also at the length that a camera may send; twice the length would cost four times as much, for hours."""
    with pytest.raises(PassError):
        read_xml(start + again * (XML_LENGTH // len(again)))


def test_deep_xml_is_refused_before_it_costs_anything() -> None:
    assert DEPTH_MAX < 100
    with pytest.raises(PassError):
        read_xml("<a>" * (DEPTH_MAX + 1) + "</a>" * (DEPTH_MAX + 1))
