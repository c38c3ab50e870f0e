"""Each driver says what its golden bytes mean, hides what is secret, and takes whatever comes."""

from __future__ import annotations

import random

import pytest

from drivers.dissect.dissector import Dissector, Way
from drivers.framing import modbus
from drivers.framing.gpio_events import encode_event
from drivers.readers.hid.frames import typed
from drivers.readers.uhfreader18 import frames as uhf
from tests.drivers.walk import HEARD, OURS, Vector, device, vectors

CASES = [pytest.param(name, one, id=f"{name}: {one.source[:40]}") for name in HEARD for one in vectors(name)]


def dissector(driver: str, **options: object) -> Dissector:
    """That of a device with these options."""
    return OURS[driver].dissector(device(driver, **options).options)


def said(found: Dissector, way: Way, *chunks: bytes) -> list[str]:
    """What passes, in words."""
    return [found.explain(way, frame).words for chunk in chunks for frame in found.cut(way, chunk)]


@pytest.mark.parametrize(("driver", "vector"), CASES)
def test_what_a_reader_reads_stands_in_the_words_of_its_frame(driver: str, vector: Vector) -> None:
    found = dissector(driver, **vector.options)
    frames = [frame for chunk in (vector.sent, b"") for frame in found.cut("in", chunk)]
    words = " ".join(found.explain("in", frame).words for frame in frames)
    for kind, value, _ in vector.reads:
        if kind == "card" and driver in ("rdm6300", "id20la", "uhfreader18", "wiegand"):
            assert value in words


@pytest.mark.parametrize("driver", sorted(OURS))
def test_whatever_passes_is_put_into_words(driver: str) -> None:
    dice = random.Random(driver)
    found = dissector(driver)
    for _ in range(300):
        chunk = dice.randbytes(dice.choice((0, 1, 5, 14, 48, 300)))
        for way in ("in", "out"):
            for frame in found.cut(way, chunk):
                assert found.explain(way, frame).words
                found.cards(frame)
                found.same(frame)


def test_a_board_over_tcp_is_read_word_by_word() -> None:
    found = dissector("modbus", link={"type": "tcp", "host": "10.0.0.9"})
    ask = modbus.encode_tcp(7, 3, modbus.encode_request(modbus.Read(2, 0, 8)))
    answer = modbus.encode_tcp(7, 3, modbus.encode_reply(modbus.Values(2, (1, 0, 0, 1))))
    write = modbus.encode_tcp(8, 3, modbus.encode_request(modbus.WriteOne(5, 2, modbus.COIL_ON)))
    assert said(found, "out", ask, write) == ["unit 3: reads 8 inputs from 0", "unit 3: sets coils 2 to on"]
    assert said(found, "in", answer) == ["unit 3: 10010000"]
    assert found.same(ask) == found.same(modbus.encode_tcp(9, 3, modbus.encode_request(modbus.Read(2, 0, 8))))


def test_a_board_on_a_serial_line_refuses_in_words() -> None:
    found = dissector("modbus")
    assert said(found, "in", modbus.encode_rtu(1, b"\x82\x02")) == ["refused, code 2"]
    assert said(found, "in", b"\x01\x02\x01\x00\x00\x00")[0].startswith("broken frame")


def test_a_uhf_reader_is_asked_and_answers_with_tags() -> None:
    found = dissector("uhfreader18")
    tags = uhf.Response(0, uhf.INVENTORY, uhf.OK, uhf.tags_data(["E2001234", "E2005678"]))
    assert said(found, "out", uhf.encode_request(0, uhf.INVENTORY)) == ["asks for tags"]
    assert said(found, "in", uhf.encode_response(tags)) == ["2 tags: E2001234 E2005678"]
    assert [card.text for card in found.cards(uhf.encode_response(tags))] == ["E2001234", "E2005678"]


# ---- secrets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pin", "qr"])
@pytest.mark.parametrize("driver", ["serial-text", "hid"])
def test_a_pin_or_a_code_that_is_sent_as_text_is_never_kept(driver: str, kind: str) -> None:
    found = dissector(driver, kind=kind)
    sent = typed("2468") if driver == "hid" else b"2468\r\n"
    kept = b"".join(found.cut("in", sent))
    assert kept == b"*" * len(sent)
    assert said(found, "in", sent) == [f"keys or secret, {len(sent)} bytes, hidden"]


def wiegand(bits: str, start_ns: int) -> bytes:
    """The kernel's structs of a burst on the lines 17 and 18."""
    return b"".join(encode_event(start_ns + at * 2_000_000, 17 + int(bit), at) for at, bit in enumerate(bits))


@pytest.mark.parametrize("key", ["0101", "10100101"])
def test_keys_of_a_wiegand_keypad_are_never_kept(key: str) -> None:
    found = dissector("wiegand")
    kept = [*found.cut("in", wiegand(key, 1_000_000_000)), *found.cut("in", b"")]
    assert kept == [b"*" * len(key)]


def test_a_wiegand_card_is_kept_bit_by_bit() -> None:
    found = dissector("wiegand")
    bits = OURS["wiegand"].dissector(device("wiegand").options)
    frame = "00000111001101001110000001"
    kept = [*found.cut("in", wiegand(frame, 1_000_000_000)), *found.cut("in", b"")]
    assert kept == [frame.encode()]
    assert bits.cards(kept[0])[0].count == 26


def osdp(code: int, data: bytes, *, reply: bool = False, block: bytes = b"") -> bytes:
    """A packet with a checksum that nobody looks at."""
    control = 0x04 | (0x08 if block else 0)
    size = 5 + len(block) + 1 + len(data) + (4 if block and block[1] >= 0x15 else 0) + 2
    mac = b"MMMM" if block and block[1] >= 0x15 else b""
    head = bytes((0x53, 0x80 if reply else 0x00)) + size.to_bytes(2, "little") + bytes((control,))
    return head + block + bytes((code,)) + data + mac + b"CC"


KEY = bytes(range(16))


@pytest.mark.parametrize(
    ("way", "packet", "secret"),
    [
        ("out", osdp(0x75, b"\x01\x10" + KEY), KEY),
        ("out", osdp(0x75, KEY, block=b"\x02\x17"), KEY),
        ("in", osdp(0x53, b"\x00\x042468", reply=True), b"2468"),
        ("in", osdp(0x50, b"encryptedbytes!!", reply=True, block=b"\x02\x18"), b"encrypted"),
    ],
    ids=["a key in plain text", "a key under the factory's", "keys of a keypad", "an encrypted card"],
)
def test_keys_codes_and_what_is_encrypted_on_an_osdp_line_are_never_kept(
    way: Way, packet: bytes, secret: bytes
) -> None:
    found = dissector("osdp", key=KEY.hex()[::-1])
    kept = [frame for byte in packet for frame in found.cut(way, bytes((byte,)))]
    assert len(kept) == 1
    assert len(kept[0]) == len(packet)
    assert secret not in kept[0]


def test_an_osdp_card_in_plain_text_is_decoded() -> None:
    found = dissector("osdp", secure=False)
    bits = "00000111001101001110000001"
    data = b"\x00\x00\x1a\x00" + int(bits.ljust(32, "0"), 2).to_bytes(4, "big")
    packet = osdp(0x50, data, reply=True)
    assert found.cut("in", packet) == [packet]
    assert [(card.count, f"{card.bits:026b}") for card in found.cards(packet)] == [(26, bits)]
    assert found.cards(bits.encode()) == found.cards(packet)


def test_noise_before_an_osdp_packet_is_passed_over() -> None:
    found = dissector("osdp", secure=False)
    packet = osdp(0x40, b"", reply=True)
    assert said(found, "in", b"\xff\x00\x53\xff\xff\xff\xff" + packet) == ["nothing new"]
