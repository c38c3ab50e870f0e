from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.uhfreader18 import frames
from drivers.readers.uhfreader18.frames import (
    Decoder,
    Info,
    Response,
    crc,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
    info_of,
    tags_data,
    tags_of,
)
from gateway.core.vocabulary.errors import FrameError
from tests.drivers.conftest import golden_of

VECTORS = golden_of("uhfreader18")
RESPONSES = [vector for vector in VECTORS if vector["direction"] == "response"]
REQUESTS = [vector for vector in VECTORS if vector["direction"] == "request"]
TAG = bytes.fromhex(RESPONSES[0]["bytes"])
EPC = "2000708C2B380B2D00000000"
epcs = st.lists(st.binary(min_size=2, max_size=12).map(lambda raw: raw.hex().upper()), min_size=1, max_size=8)
talking = st.sampled_from((frames.INVENTORY, frames.TAG, frames.INFO))
responses = st.one_of(
    st.builds(Response, st.just(0), talking, st.integers(0, 255), st.binary(max_size=100)),
    st.builds(Response, st.just(0), st.just(frames.POWER), st.integers(0, 255)),
    st.just(Response(0, frames.REFUSED, 0xFE)),
)


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector["bytes"])
def test_golden_requests_both_ways(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["bytes"])
    assert encode_request(vector["address"], vector["command"], bytes.fromhex(vector["data"])) == frame
    assert decode_request(frame) == (vector["address"], vector["command"], bytes.fromhex(vector["data"]))


@pytest.mark.parametrize("vector", RESPONSES, ids=lambda vector: vector["bytes"][:11])
def test_golden_responses_both_ways(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["bytes"])
    response = Response(vector["address"], vector["command"], vector["status"], bytes.fromhex(vector["data"]))
    assert encode_response(response) == frame
    assert decode_response(frame) == response
    assert tags_of(response) == vector["tags"]


def test_the_checksum_is_the_published_one() -> None:
    assert crc(b"123456789") == 0x6F91  # The check value of CRC-16/MCRF4XX in the catalogue of CRCs.


@given(st.binary(max_size=60))
def test_the_checksum_is_that_of_the_manuals_loop(data: bytes) -> None:
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    assert crc(data) == value


@given(responses)
def test_every_response_comes_back_as_it_was(response: Response) -> None:
    assert decode_response(encode_response(response)) == response
    assert Decoder([0]).feed(encode_response(response)) == [response]


@given(epcs)
def test_the_tags_of_an_inventory_come_back(tags: list[str]) -> None:
    assert tags_of(Response(0, frames.INVENTORY, frames.LAST, tags_data(tags))) == tags


@pytest.mark.parametrize("data", ["02 04 01 02 03 04", "01 05 01 02 03 04", "00 04 01 02 03 04", "01"])
def test_a_list_of_tags_that_does_not_add_up_is_refused(data: str) -> None:
    with pytest.raises(FrameError, match="list does not hold"):
        tags_of(Response(0, frames.INVENTORY, frames.LAST, bytes.fromhex(data)))


def test_no_tag_and_other_answers_have_no_tags() -> None:
    assert tags_of(Response(0, frames.INVENTORY, frames.NO_TAG)) == []
    assert tags_of(Response(0, frames.INFO, frames.OK, b"\1\2\3")) == []
    assert tags_of(Response(0, frames.TAG, 0xEE)) == []


def test_what_a_reader_says_of_itself() -> None:
    told = Response(0, frames.INFO, frames.OK, bytes((2, 36, 9, 2, 0, 0, 26, 10)))
    assert info_of(told) == Info("2.36", 26, 1000)
    with pytest.raises(FrameError):
        info_of(Response(0, frames.INFO, frames.OK, b"\2"))


# ---- in a stream ---------------------------------------------------------------------------------------------------


@given(responses, st.integers(0, 110))
def test_a_frame_split_over_two_reads_is_one(response: Response, cut: int) -> None:
    decoder, frame = Decoder([0]), encode_response(response)
    assert decoder.feed(frame[:cut]) + decoder.feed(frame[cut:]) == [response]


@given(st.binary(max_size=300), responses)
def test_the_whole_frame_behind_any_noise_is_read(noise: bytes, response: Response) -> None:
    decoder = Decoder([0])
    found = [*decoder.feed(noise), *decoder.feed(encode_response(response)), *decoder.quiet()]
    assert response in found or any(crc(noise[at:]) == 0 for at in range(len(noise)))


@given(st.lists(responses, min_size=1, max_size=5))
def test_frames_in_a_row_are_all_read(row: list[Response]) -> None:
    decoder = Decoder([0])
    assert decoder.feed(b"".join(encode_response(response) for response in row)) + decoder.quiet() == row


@given(responses, st.integers(0, 105), st.integers(1, 255))
def test_one_wrong_byte_never_gives_another_frame(response: Response, place: int, change: int) -> None:
    frame = bytearray(encode_response(response))
    frame[place % len(frame)] ^= change
    decoder = Decoder([0])
    for found in decoder.feed(bytes(frame)) + decoder.quiet():  # a shorter one inside, whole by itself
        assert encode_response(found) in bytes(frame)
        assert encode_response(found) != bytes(frame)


def test_heartbeats_of_a_network_module_are_passed_over() -> None:
    decoder = Decoder([0])
    stream = bytes.fromhex("560000000000") + TAG + bytes.fromhex("560000000000") * 2 + TAG
    assert [tags_of(found) for found in decoder.feed(stream)] == [[EPC], [EPC]]
    assert decoder.rejected == 0


def test_half_a_frame_holds_the_next_back_only_until_the_line_is_quiet() -> None:
    decoder = Decoder([0])
    assert decoder.feed(bytes.fromhex("FF 00 01 01") + TAG) == []
    assert [tags_of(found) for found in decoder.quiet()] == [[EPC]]
    assert decoder.rejected == 1


def test_half_a_frame_on_a_line_that_is_never_quiet_is_given_up_after_its_length() -> None:
    decoder = Decoder([0])
    found = decoder.feed(bytes.fromhex("FF 00 01 01") + TAG * 15)
    assert len(found) == 15


def test_frames_of_readers_that_are_not_ours_are_no_news() -> None:
    assert Decoder([1, 2]).feed(TAG) == []
    assert Decoder([93]).feed(encode_response(Response(93, 1, 0xFB))) == [Response(93, 1, 0xFB)]


def test_a_wrong_checksum_is_counted() -> None:
    decoder = Decoder([0])
    assert decoder.feed(TAG[:-1] + b"\0" + TAG) == [decode_response(TAG)]
    assert decoder.rejected == 1


@given(st.lists(st.binary(max_size=64), max_size=40))
def test_noise_is_never_hoarded(chunks: list[bytes]) -> None:
    decoder = Decoder(range(8))
    for chunk in chunks:
        decoder.feed(chunk)
    decoder.quiet()
    assert decoder.feed(encode_response(Response(0, 1, 0xFB))) == [Response(0, 1, 0xFB)]


@pytest.mark.parametrize(
    ("frame", "says"),
    [(TAG[:-1], "length"), (b"", "length"), (TAG[:-1] + b"\0", "checksum"), (b"\x03\0\1\2", "length")],
)
def test_a_bad_frame_says_what_is_wrong_with_it(frame: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        decode_response(frame)
    with pytest.raises(FrameError, match=says):
        decode_request(frame)


def test_frames_that_are_too_long_are_refused() -> None:
    with pytest.raises(FrameError, match="at most 251"):
        encode_request(0, 1, bytes(252))
    with pytest.raises(FrameError, match="at most 250"):
        encode_response(Response(0, 1, 0, bytes(251)))
    assert len(encode_request(0, 1, bytes(251))) == len(encode_response(Response(0, 1, 0, bytes(250)))) == 256
