from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing.gpio_events import LOST, Edge
from drivers.framing.wiegand import (
    GAP_NS,
    KEYS,
    Card,
    Decoder,
    Key,
    PinPad,
    edges,
    key_frame,
    key_of,
    parse_format,
)
from gateway.core.vocabulary.errors import FrameError
from tests.drivers.conftest import golden

VECTORS = golden("wiegand")
MS = 1_000_000
CARD = 472288
FRAME = parse_format("26")[0].frame(CARD)
OTHER = 7 << 16 | 1
CORPORATE_1000 = (
    "PPFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNNP OXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX "
    ".EXX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX. .XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.O"
)
FORMATS = ["26", "34", CORPORATE_1000, *(vector["format"] for vector in VECTORS)]


def read(frames: list[str], formats: str = "auto", bit_ns: int = 1 * MS, pause_ns: int = 20 * MS) -> list[Card | Key]:
    """What a decoder makes of frames that follow each other after a pause."""
    decoder, at_ns, found = Decoder(parse_format(formats)), 0, []
    for frame in frames:
        stamped = edges(frame, at_ns, bit_ns)
        found += decoder.feed(stamped)
        at_ns = stamped[-1][1] + pause_ns
    return found + decoder.tick(at_ns)


# ---- formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"][:30])
def test_golden_frames_both_ways(vector: dict[str, Any]) -> None:
    layout = parse_format(vector["format"])[0]
    assert read([vector["frame"]], vector["format"]) == [Card(vector["card"], vector["bits"])]
    if not vector.get("one_way"):
        assert layout.frame(int(vector["card"])) == vector["frame"]


@pytest.mark.parametrize("text", FORMATS, ids=lambda text: text[:12])
@given(data=st.data())
def test_every_number_of_every_format_comes_back(text: str, data: Any) -> None:
    layout = parse_format(text)[0]
    number = data.draw(st.integers(0, (1 << len(layout.data)) - 1))
    frame = layout.frame(number)
    assert read([frame], text) == [Card(str(number), len(layout.data))]


@pytest.mark.parametrize("text", ["26", "34", CORPORATE_1000], ids=lambda text: text[:12])
@given(data=st.data())
def test_one_wrong_bit_is_always_noticed(text: str, data: Any) -> None:
    layout = parse_format(text)[0]
    number = data.draw(st.integers(0, (1 << len(layout.data)) - 1))
    place = data.draw(st.integers(0, layout.length - 1))
    frame = layout.frame(number)
    wrong = frame[:place] + "10"[int(frame[place])] + frame[place + 1 :]
    assert read([wrong], text) == []


def test_auto_tells_26_from_34_by_length() -> None:
    frames = [parse_format("26")[0].frame(CARD), parse_format("34")[0].frame(CARD)]
    assert read(frames) == [Card("472288", 24), Card("472288", 32)]


def test_fixed_bits_must_be_as_described() -> None:
    text = "101NNNNNNNNNNN"
    assert parse_format(text)[0].frame(5) == "10100000000101"
    assert read(["10100000000101"], text) == [Card("5", 11)]
    assert read(["11100000000101"], text) == []


def test_the_facility_goes_before_the_number_wherever_it_stands() -> None:
    assert read(["000000000011" + "00000111"], "NNNNNNNNNNNNFFFFFFFF") == [Card(str(7 << 12 | 3), 20)]


WRONG = [
    ("27", "expected 26, 34, 35, 37, 48, auto"),
    ("", "expected 26, 34, 35, 37, 48, auto"),
    ("PFFF*NNNNP", "expected 26"),
    ("NNNN", "has 4 bits"),
    ("N" * 129, "has 129 bits"),
    ("PPPPPPPPPP", "no bits of a number"),
    ("PNNNNNNNNP EXXXX", "needs 10 places"),
    ("PNNNNNNNNP XXXXXXXXXX", "one E or O"),
    ("PNNNNNNNNP EXXXXXXXXE", "one E or O"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_a_wrong_description_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        parse_format(text)


@given(st.text(alphabet="PFNEOX01.AS \n", max_size=300))
def test_any_description_is_a_format_or_refused(text: str) -> None:
    try:
        formats = parse_format(text)
    except FrameError:
        return
    assert all(layout.data for layout in formats)


def test_a_number_too_large_for_a_format_is_refused() -> None:
    with pytest.raises(FrameError, match="no place in 24 bits"):
        parse_format("26")[0].frame(1 << 24)


# ---- frames on the wires -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bit_ns", [200_000, 1 * MS, 2 * MS, 4 * MS], ids=["HID at its fastest", "ZK", "CDVI", "slow"])
def test_the_speed_of_the_bits_does_not_matter(bit_ns: int) -> None:
    assert read([FRAME] * 3, bit_ns=bit_ns) == [Card("472288", 24)] * 3


def test_a_frame_ends_after_the_gap_and_not_before() -> None:
    decoder = Decoder(parse_format("26"))
    stamped = edges(FRAME, 0)
    assert decoder.feed(stamped) == []
    assert decoder.tick(stamped[-1][1] + GAP_NS - 1) == []
    assert decoder.tick(stamped[-1][1] + GAP_NS) == [Card("472288", 24)]
    assert decoder.ends_ns is None


def test_edges_that_are_handed_over_late_are_the_same_frames() -> None:
    first = edges(FRAME, 0)
    second = edges(parse_format("26")[0].frame(OTHER), first[-1][1] + GAP_NS)
    assert Decoder(parse_format("26")).feed(first + second) == [Card("472288", 24)]
    decoder = Decoder(parse_format("26"))
    assert [frame for edge in first + second for frame in decoder.feed([edge])] == [Card("472288", 24)]


@pytest.mark.parametrize("length", [*range(17, 25), 25, 27, 1, 2, 3, 5])
def test_noise_of_a_wrong_length_is_rejected_counted_and_forgotten(length: int) -> None:
    decoder = Decoder(parse_format("auto"))
    noise = edges((FRAME * 2)[:length], 0)
    assert decoder.feed(noise + edges(FRAME, noise[-1][1] + 6 * MS)) == []
    assert decoder.rejected == 1
    assert decoder.tick(10**12) == [Card("472288", 24)]


def test_ringing_on_a_wire_is_one_bit() -> None:
    rung = [(wire, at_ns + late) for wire, at_ns in edges(FRAME, 0) for late in (0, 15_000, 60_000)]
    decoder = Decoder(parse_format("26"))
    assert decoder.feed(rung) + decoder.tick(10**12) == [Card("472288", 24)]


def test_both_wires_at_once_spoil_the_frame_and_not_the_next() -> None:
    decoder = Decoder(parse_format("26"))
    stamped = edges(FRAME, 0)
    crossed = [*stamped[:5], (1 - stamped[5][0], stamped[5][1] - 20_000), *stamped[5:]]
    assert decoder.feed(crossed) == []
    assert decoder.feed(edges(FRAME, stamped[-1][1] + 6 * MS)) == []
    assert decoder.rejected == 1
    assert decoder.tick(10**12) == [Card("472288", 24)]


def test_edges_that_the_kernel_dropped_spoil_the_frame() -> None:
    decoder = Decoder(parse_format("26"))
    stamped = edges(FRAME, 0)
    assert decoder.feed([*stamped[:9], (LOST, stamped[9][1]), *stamped[9:]]) + decoder.tick(10**12) == []
    assert decoder.rejected == 1


def test_a_line_that_never_rests_holds_no_memory_and_is_read_again_afterwards() -> None:
    decoder = Decoder(parse_format("26"))
    babble = [(at % 2, at * 300_000) for at in range(100_000)]
    assert decoder.feed(babble) == []
    assert decoder.feed(edges(FRAME, babble[-1][1] + 6 * MS)) + decoder.tick(10**13) == [Card("472288", 24)]
    assert decoder.rejected == 1


@given(st.lists(st.tuples(st.sampled_from([0, 1, LOST]), st.integers(1, 8 * MS)), max_size=300))
def test_any_edges_are_survived_and_the_next_card_is_read(steps: list[tuple[int, int]]) -> None:
    decoder, at_ns, noise = Decoder(parse_format("auto")), 0, list[Edge]()
    for wire, later_ns in steps:
        at_ns += later_ns
        noise.append((wire, at_ns))
    decoder.feed(noise)
    found = decoder.feed(edges(FRAME, at_ns + GAP_NS)) + decoder.tick(10**13)
    assert found[-1] == Card("472288", 24)


# ---- keys and PINs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", golden("wiegand_keys"), ids=lambda vector: vector["length"])
def test_golden_keys_both_ways(vector: dict[str, Any]) -> None:
    assert set(vector["keys"]) == set(KEYS)
    for key, bits in vector["keys"].items():
        assert key_frame(key, vector["length"]) == bits
        assert read([bits]) == [Key(key)]


def test_a_key_of_eight_bits_proves_itself() -> None:
    assert [bits for bits in range(256) if key_of(8, bits)] == sorted((15 - low) << 4 | low for low in range(12))


@pytest.mark.parametrize("bits", ["1100", "1101", "1110", "1111"])
def test_four_bits_that_are_no_key_are_noise(bits: str) -> None:
    assert read([bits]) == []


def typed(pad: PinPad, keys: str, at_ns: int = 0, every_ns: int = 300 * MS) -> list[str]:
    return [pin for place, key in enumerate(keys) if (pin := pad.press(key, at_ns + place * every_ns))]


def test_a_hash_ends_a_pin() -> None:
    assert typed(PinPad(3000 * MS), "2468#13579#") == ["2468", "13579"]


def test_a_star_clears_what_was_typed() -> None:
    assert typed(PinPad(3000 * MS), "99*2468#") == ["2468"]


def test_a_pause_ends_a_pin_once() -> None:
    pad = PinPad(3000 * MS)
    assert typed(pad, "2468") == []
    ends_ns = pad.ends_ns
    assert ends_ns == 3900 * MS
    assert pad.tick(ends_ns - 1) == ""
    assert pad.tick(ends_ns) == "2468"
    assert pad.tick(ends_ns) == ""
    assert pad.ends_ns is None


def test_a_pause_that_nobody_looked_at_still_parts_two_pins() -> None:
    assert typed(PinPad(3000 * MS), "1234") == []
    pad = PinPad(3000 * MS)
    typed(pad, "1234")
    assert typed(pad, "5678#", at_ns=10_000 * MS) == ["1234", "5678"]


def test_an_empty_pin_is_none_and_an_endless_one_is_void() -> None:
    pad = PinPad(3000 * MS)
    assert typed(pad, "##*#") == []
    assert typed(pad, "1" * 1000 + "#") == []
    assert typed(pad, "1" * PinPad.DIGITS_MAX + "#") == ["1" * PinPad.DIGITS_MAX]


@given(st.text(alphabet=KEYS, max_size=80))
def test_pins_are_what_stands_between_the_signs(keys: str) -> None:
    expected = [part.rpartition("*")[2] for part in keys.split("#")[:-1]]
    assert typed(PinPad(3000 * MS), keys) == [pin for pin in expected if 0 < len(pin) <= PinPad.DIGITS_MAX]
