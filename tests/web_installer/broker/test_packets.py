"""The packets of a trial against the examples and tables of OASIS MQTT 5.0."""

from __future__ import annotations

import pytest

from web.installer.broker import packets
from web.installer.broker.packets import Decoder


def test_connect_is_as_the_standard_has_it() -> None:
    # 3.1: fixed header, `MQTT`, version 5, flags, keep alive 30, no properties, client id.
    assert packets.connect("gw", None, None) == bytes.fromhex(
        "100f 0004 4d515454 05 02 001e 00 0002 6777".replace(" ", "")
    )
    with_user = packets.connect("gw", "u", "p")
    assert with_user[9] == 0xC2
    assert with_user.endswith(b"\x00\x01u\x00\x01p")


def test_subscribe_wants_no_retained_messages() -> None:
    # 3.8: number, no properties, topic, options QoS 1 with retain handling 2.
    assert packets.subscribe(1, ("a/b",)) == bytes.fromhex("82090001000003612f6221")


def test_publish_is_qos_1_and_not_retained() -> None:
    # 3.3: topic, number, properties with the content type, payload.
    assert packets.publish(2, "t", "x", b"[]") == bytes.fromhex("320c000174000204030001785b5d")


def test_a_packet_is_cut_out_however_it_comes() -> None:
    whole = bytes.fromhex("2003000000" + "9004000100" + "00" + "4002000a")
    expected = [(0x20, b"\0\0\0"), (0x90, b"\0\1\0\0"), (0x40, b"\0\x0a")]
    assert Decoder().feed(whole) == expected
    decoder = Decoder()
    assert [one for byte in whole for one in decoder.feed(bytes([byte]))] == expected


def test_reason_codes_are_read() -> None:
    assert packets.connack_code(b"\0\x86\0") == 0x86
    assert packets.suback_codes(b"\0\1\0\1\x87") == (1, 0x87)
    assert packets.puback_code(b"\0\2") == 0
    assert packets.puback_code(b"\0\2\x87\0") == 0x87
    with pytest.raises(ValueError, match="reason code"):
        packets.connack_code(b"\0")


@pytest.mark.parametrize("nonsense", [b"\x20\xff\xff\xff\xff\x01", b"\x20\xff\xff\x7f"])
def test_what_is_longer_than_an_answer_is_no_packet(nonsense: bytes) -> None:
    with pytest.raises(ValueError, match="no packet"):
        Decoder().feed(nonsense)
