from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing import em4100, modbus
from drivers.framing.unread import SHOWN_BYTES, explain, looks_like

CARD = bytes.fromhex("01000734E0")


@pytest.mark.parametrize(
    ("received", "says"),
    [
        (em4100.encode(CARD, em4100.ID20_END), "ID-20LA"),
        (em4100.encode(CARD), "RDM6300"),
        (bytes.fromhex("1100EE002000708C2B380B2D00000000E056"), "UHFReader18"),
        (modbus.encode_rtu(1, bytes.fromhex("0100000008")), "Modbus RTU"),
        (b"0000472288\r\n", "the text '0000472288'"),
        (em4100.encode(CARD)[:9] + b"\x03", "damaged on its way"),
        (b"\x00\xf8\x00\xf8\x80", "another speed"),
        (b"", "noise"),
    ],
)
def test_bytes_are_told_by_what_they_look_like(received: bytes, says: str) -> None:
    assert says in looks_like(received)


def test_the_bytes_are_shown_in_hex_and_cut() -> None:
    assert "02 30 31" in explain(em4100.encode(CARD))
    assert explain(bytes(100)).count("00") == SHOWN_BYTES
    assert "..." in explain(bytes(100))


@given(st.binary(max_size=64))
def test_any_bytes_have_words(received: bytes) -> None:
    assert looks_like(received)
