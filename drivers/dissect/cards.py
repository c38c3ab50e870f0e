"""A card as it was sent, and the numbers that it may be by each format that fits.

What a pass list holds may come from another maker's reader or from the print on the card. So a card is offered in every
reading that is in use, and the pass list tells which one it knows.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from drivers.dissect.meaning import RawCard
from drivers.framing.wiegand import NAMED, Format

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FACILITY_BITS = 16
_CARD_BITS, _SHORT_BITS = 32, 24


class Reading(msgspec.Struct, frozen=True):
    """One way to read a card: the name of the format, the number as a pass has it, and how many bits it has."""

    format: str
    number: str
    bits: int
    facility: str = ""
    """Facility and number apart, as they are printed on many cards."""


def readings(card: RawCard) -> tuple[Reading, ...]:
    """Every reading that fits, the usual one first; equal numbers come once."""
    found: dict[str, Reading] = {}
    for one in _readings(card):
        found.setdefault(one.number, one)
    return tuple(found.values())


def _readings(card: RawCard) -> Iterator[Reading]:
    if card.framed:
        yield from _by_formats(card)
        yield Reading("raw", str(card.bits), card.count)
        inner = card.bits >> 1 & (1 << max(0, card.count - 2)) - 1
        yield from _by_order("without_parity", inner, card.count - 2)
    else:
        yield from _by_order("all_bits", card.bits, card.count)
    if card.text:
        yield Reading("text", card.text, 0)


def _by_formats(card: RawCard) -> Iterator[Reading]:
    for name in ("26", "34"):
        for layout in NAMED[name]:
            if layout.length == card.count and layout.fits(card.bits):
                yield _of_layout(name, layout, card.bits)


def _of_layout(name: str, layout: Format, bits: int) -> Reading:
    number = layout.number(bits)
    return Reading(f"wiegand_{name}", str(number), len(layout.data), _facility(number))


def _by_order(name: str, bits: int, count: int) -> Iterator[Reading]:
    if count <= 0:
        return
    size = -(-count // 8)
    if count > _CARD_BITS:
        yield from _low(bits, _CARD_BITS)
    yield Reading(name, str(bits), count, _facility(bits) if count >= _SHORT_BITS else "")
    if count > _SHORT_BITS:
        yield from _low(bits, _SHORT_BITS)
    if count % 8 == 0 and count >= _SHORT_BITS:
        data = bits.to_bytes(size, "big")
        yield Reading("bits_reversed", str(int.from_bytes(data[-4:].translate(_REVERSED), "big")), min(count, 32))
        yield Reading("bytes_swapped", str(int.from_bytes(data[::-1], "big")), count)
        if size > 4:
            yield Reading("bytes_swapped_32", str(int.from_bytes(data[-4:][::-1], "big")), 32)
    yield Reading("hex", f"{bits:0{size * 2}X}", count)


def _low(bits: int, count: int) -> Iterator[Reading]:
    part = bits & (1 << count) - 1
    yield Reading(f"low_{count}", str(part), count, _facility(part))


def _facility(number: int) -> str:
    """The number of 24 bits as a card of 26 bits is printed: facility, number."""
    low = number & 0xFFFFFF
    return f"{low >> _FACILITY_BITS:03d},{low & 0xFFFF:05d}"
