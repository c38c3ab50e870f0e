from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing.wiegand import parse_format
from drivers.links.osdp_panel import address_of
from drivers.readers.osdp.frames import DEFAULT_KEY, CardDecoder, card_bits, keys_of, parse_key, status_of
from gateway.core.vocabulary.errors import FrameError
from tests.drivers.conftest import golden_of

VECTORS = golden_of("osdp")
KEY = "8f1c2b7e55a94d03c6e0917f3ab2d864"
frames = st.text("01", min_size=1, max_size=256)


@pytest.mark.parametrize("vector", VECTORS["cards"], ids=lambda vector: f"{vector['format']} {vector['card']}")
def test_golden_cards_both_ways(vector: dict[str, Any]) -> None:
    data, length = bytes.fromhex(vector["data"]), vector["length"]
    found = CardDecoder(vector["format"]).read(data, length)
    assert found is not None
    assert (found.number, found.bits) == (vector["card"], vector["bits"])
    assert card_bits(vector["frame"]) == (data, length)


@pytest.mark.parametrize("vector", VECTORS["packets"], ids=lambda vector: vector["name"])
def test_golden_packets_name_their_reader(vector: dict[str, Any]) -> None:
    packet = bytes.fromhex(vector["packet"])
    assert address_of(packet) == vector["address"]
    assert address_of(b"\xff" + packet) == vector["address"]


@given(st.sampled_from(["26", "34"]), st.integers(0, 2**24 - 1))
def test_a_card_of_a_known_format_comes_back_as_it_was(name: str, number: int) -> None:
    data, length = card_bits(parse_format(name)[0].frame(number))
    for text in (name, "auto"):
        found = CardDecoder(text).read(data, length)
        assert found is not None
        assert found.number == str(number)


@given(frames)
def test_raw_takes_every_length_and_all_bits(frame: str) -> None:
    found = CardDecoder("raw").read(*card_bits(frame))
    assert found is not None
    assert (int(found.number), found.bits) == (int(frame, 2), len(frame))


@given(st.integers(0, 2**24 - 1), st.integers(0, 25))
def test_one_wrong_bit_is_no_other_card(number: int, place: int) -> None:
    frame = parse_format("26")[0].frame(number)
    wrong = frame[:place] + ("1" if frame[place] == "0" else "0") + frame[place + 1 :]
    reader = CardDecoder("auto")
    assert reader.read(*card_bits(wrong)) is None
    assert reader.rejected == 1


@given(st.binary(max_size=80), st.integers(-1, 700), st.sampled_from(["auto", "26", "raw"]))
def test_any_card_is_survived(data: bytes, length: int, name: str) -> None:
    reader = CardDecoder(name)
    found = reader.read(data, length)
    assert (found is None) == (reader.rejected == 1)
    assert found is None or 0 < length <= len(data) * 8


def test_auto_takes_no_number_with_a_parity_inside() -> None:
    reader = CardDecoder("auto")
    assert reader.read(bytes.fromhex("2C2515CA80"), 33) is None
    assert "a card of 33 bits fits no format: 2C2515CA80" in reader.unread
    assert reader.read(bytes.fromhex("AC2515CA00"), 37) is None
    assert reader.rejected == 2


def test_auto_takes_whole_bytes_as_one_number() -> None:
    found = CardDecoder("auto").read(bytes.fromhex("04A1B2C3D4E5F6"), 56)
    assert found is not None
    assert (found.number, found.bits) == (str(0x04A1B2C3D4E5F6), 56)
    assert CardDecoder("26").read(bytes.fromhex("04A1B2C3D4E5F6"), 56) is None


@given(st.binary(max_size=40))
def test_keys_are_digits_enter_and_clear_and_nothing_else(data: bytes) -> None:
    keys = keys_of(data)
    assert len(keys) <= len(data)
    assert set(keys) <= set("0123456789#*")


def test_keys_as_the_standard_codes_them() -> None:
    assert keys_of(b"0123456789\x0d\x7f") == "0123456789#*"
    assert keys_of(b"#*AB\x00\xff") == "#*"


@pytest.mark.parametrize(
    ("report", "told"),
    [(b"\x00\x00", (False, False)), (b"\x01\x00", (True, False)), (b"\x00\x01", (False, True)), (b"", (False, False))],
)
def test_a_status_report_tells_of_tamper_and_power(report: bytes, told: tuple[bool, bool]) -> None:
    assert status_of(report) == told


@given(st.binary(max_size=12))
def test_any_bytes_have_an_address_or_none(packet: bytes) -> None:
    address = address_of(packet)
    assert address is None or 0 <= address < 128


def test_a_key_is_sixteen_bytes_of_its_own() -> None:
    assert parse_key(KEY) == bytes.fromhex(KEY)
    assert parse_key(KEY.upper()) == bytes.fromhex(KEY)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "32 hex digits"),
        (KEY[:-1], "32 hex digits"),
        (KEY + "0", "32 hex digits"),
        ("g" + KEY[1:], "32 hex digits"),
        (f"{KEY[:16]} {KEY[16:]}", "32 hex digits"),
        (DEFAULT_KEY.hex(), "every reader is made with"),
        ("00" * 16, "guessed"),
        ("0123" * 8, "guessed"),
    ],
)
def test_a_bad_key_is_refused_without_being_repeated(text: str, says: str) -> None:
    with pytest.raises(FrameError, match=says) as raised:
        parse_key(text)
    assert not text or text not in str(raised.value)
