"""A card as it was sent is offered in every reading that is in use."""

from __future__ import annotations

from drivers.dissect.cards import readings
from drivers.dissect.meaning import RawCard
from drivers.framing.wiegand import NAMED

EM4100 = RawCard(0x01000734E0, 40)


def numbers(card: RawCard) -> dict[str, str]:
    return {one.format: one.number for one in readings(card)}


def test_an_em4100_card_is_read_as_32_bits_first() -> None:
    first = readings(EM4100)[0]
    assert (first.format, first.number, first.facility) == ("low_32", "472288", "007,13536")


def test_a_card_has_its_bytes_in_every_order() -> None:
    found = numbers(EM4100)
    assert found["hex"] == "01000734E0"
    assert found["bytes_swapped_32"] == str(0xE0340700)
    assert found["bits_reversed"] == str(0x00E02C07)
    assert found["all_bits"] == str(0x01000734E0)


def test_a_frame_of_26_bits_is_facility_and_number() -> None:
    bits = int(NAMED["26"][0].frame(472288), 2)
    first = readings(RawCard(bits, 26, framed=True))[0]
    assert (first.format, first.number, first.facility) == ("wiegand_26", "472288", "007,13536")


def test_a_frame_with_a_wrong_parity_is_read_raw_and_without_its_ends() -> None:
    bits = int(NAMED["26"][0].frame(472288), 2) ^ 1
    found = numbers(RawCard(bits, 26, framed=True))
    assert "wiegand_26" not in found
    assert found["raw"] == str(bits)
    assert found["without_parity"] == "472288"


def test_equal_numbers_are_told_once() -> None:
    found = readings(RawCard(5, 32))
    assert len({one.number for one in found}) == len(found)


def test_a_tag_is_its_text() -> None:
    assert numbers(RawCard(0, 0, text="E2001234")) == {"text": "E2001234"}
