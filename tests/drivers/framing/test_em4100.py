from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing.em4100 import FRAME_BYTES, Decoder, card_data, card_number, card_of, checksum, decode, encode
from gateway.core.vocabulary.errors import FrameError
from tests.drivers.conftest import golden_of

VECTORS = golden_of("rdm6300")
FRAME = bytes.fromhex(VECTORS[0]["bytes"])
DATA = bytes.fromhex(VECTORS[0]["data"])
five_bytes = st.binary(min_size=5, max_size=5)
# No start byte: noise that holds one could swallow the beginning of no frame, but could complete a false one.
noise = st.binary(max_size=40).map(lambda raw: raw.replace(b"\x02", b"\x00"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["reads"][0][1])
def test_golden_frames_both_ways(vector: dict[str, Any]) -> None:
    frame, data = bytes.fromhex(vector["bytes"]), bytes.fromhex(vector["data"])
    assert encode(data) == frame
    assert decode(frame) == data
    assert card_of(data, **vector.get("options", {})) == tuple(vector["reads"][0][1:])


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([32, 40]))
def test_a_card_of_any_number_can_be_made(number: int, reverse_bytes: bool, bits: int) -> None:
    assert card_number(card_data(str(number), reverse_bytes, bits), reverse_bytes, bits) == str(number)


@pytest.mark.parametrize("number", ["4294967296", "-1", "12A", ""])
def test_what_is_no_number_of_32_bits_has_no_card(number: str) -> None:
    with pytest.raises(FrameError, match="no number of 32 bits"):
        card_data(number)


@given(five_bytes, st.sampled_from([b"\x03", b"\r\n\x03", b"\r"]), st.integers(0, 16))
def test_a_frame_with_another_ending_is_one_card_however_it_is_cut(data: bytes, ending: bytes, cut: int) -> None:
    decoder, frame = Decoder(ending), encode(data, ending)
    assert decode(frame, ending) == data
    assert decoder.feed(frame[:cut]) + decoder.feed(frame[cut:]) == [data]


def test_a_frame_with_another_ending_is_none() -> None:
    assert Decoder(b"\r\n\x03").feed(FRAME) == []
    assert Decoder().feed(encode(DATA, b"\r\n\x03")) == []


@given(five_bytes)
def test_every_card_comes_back_as_it_was(data: bytes) -> None:
    assert decode(encode(data)) == data
    assert Decoder().feed(encode(data)) == [data]


@given(five_bytes, st.integers(0, FRAME_BYTES))
def test_a_frame_split_over_two_reads_is_one_card(data: bytes, cut: int) -> None:
    decoder = Decoder()
    frame = encode(data)
    assert decoder.feed(frame[:cut]) + decoder.feed(frame[cut:]) == [data]


@given(noise, five_bytes, noise)
def test_noise_around_a_frame_costs_nothing(before: bytes, data: bytes, after: bytes) -> None:
    assert Decoder().feed(before + encode(data) + after) == [data]


@given(st.integers(0, FRAME_BYTES - 1), five_bytes, five_bytes)
def test_half_a_frame_does_not_hide_the_next_whole_one(cut: int, first: bytes, second: bytes) -> None:
    assert Decoder().feed(encode(first)[:cut] + encode(second)) == [second]


@given(five_bytes, st.integers(0, FRAME_BYTES - 1), st.integers(1, 255))
def test_one_wrong_byte_never_gives_another_card(data: bytes, place: int, change: int) -> None:
    frame = bytearray(encode(data))
    frame[place] ^= change
    assert Decoder().feed(bytes(frame)) in ([], [data])  # the same card: a digit in small letters


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(raw: bytes) -> None:
    for data in Decoder().feed(raw):
        assert encode(data).lower() in raw.lower()


def test_a_wrong_checksum_is_rejected_and_counted() -> None:
    decoder = Decoder()
    wrong = FRAME[:11] + b"D3" + FRAME[13:]
    assert decoder.feed(wrong) == []
    assert decoder.rejected == 1
    assert decoder.feed(FRAME) == [DATA]


def test_a_frame_of_another_ending_is_counted_once_and_kept_to_be_shown() -> None:
    decoder, foreign = Decoder(), encode(DATA, b"\r\n\x03")
    assert decoder.feed(foreign) == []
    assert (decoder.rejected, decoder.unread) == (1, foreign)
    assert decoder.feed(FRAME) == [DATA]
    assert decoder.rejected == 1


def test_bytes_that_never_end_are_counted_by_the_length_of_a_frame_and_kept_in_bounds() -> None:
    decoder = Decoder()
    decoder.feed(b"\xf8\x00" * 700)
    assert decoder.rejected == 1400 // FRAME_BYTES - 1
    assert len(decoder.unread) == FRAME_BYTES


def test_half_a_frame_is_counted_when_nothing_follows_and_blanks_are_not() -> None:
    decoder = Decoder()
    decoder.feed(FRAME + b"\r\n")
    decoder.quiet()
    assert (decoder.rejected, decoder.begun) == (0, False)
    decoder.feed(FRAME[:9])
    assert decoder.begun
    decoder.quiet()
    assert (decoder.rejected, decoder.unread) == (1, FRAME[:9])


def test_a_repeated_frame_is_found_each_time() -> None:
    assert Decoder().feed(FRAME * 5) == [DATA] * 5


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (FRAME[:-1], "14 bytes"),
        (b"\x00" + FRAME[1:], "14 bytes"),
        (FRAME[:3] + b"G" + FRAME[4:], "hex"),
        (FRAME[:11] + b"00" + FRAME[13:], "checksum"),
    ],
)
def test_a_bad_frame_says_what_is_wrong_with_it(frame: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        decode(frame)


def test_a_card_has_five_bytes() -> None:
    with pytest.raises(FrameError, match="five"):
        encode(b"1234")


def test_the_checksum_is_the_xor_of_all_bytes() -> None:
    assert checksum(DATA) == 0xD2
