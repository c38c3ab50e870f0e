"""Wiegand: edges of two wires as bits; a burst that is too short for a card is a key of a keypad and is hidden."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.dissect.cards import readings
from drivers.dissect.dissector import HIDDEN, Dissector, Way
from drivers.dissect.meaning import Meaning, RawCard
from drivers.framing.gpio_events import LOST, Events
from drivers.framing.wiegand import BITS_MAX, BITS_MIN, RINGING_NS


class WiegandDissector(Dissector):
    """A frame is its bits as text, such as `0101`."""

    joins = False

    def __init__(self, lines: Sequence[int], gap_ns: int) -> None:
        self._events = Events(lines)
        self._gap_ns = gap_ns
        self._bits = ""
        self._last_ns = 0

    def cut(self, way: Way, chunk: bytes) -> Sequence[bytes]:  # noqa: ARG002
        found = []
        for wire, at_ns in self._events.feed(chunk):
            if self._bits and at_ns - self._last_ns >= self._gap_ns:
                found.append(self._end())
            if at_ns - self._last_ns >= RINGING_NS and len(self._bits) <= BITS_MAX:
                self._bits += "?" if wire == LOST else str(wire)
            self._last_ns = at_ns
        if not chunk and self._bits:
            found.append(self._end())
        return found

    def _end(self) -> bytes:
        bits, self._bits = self._bits, ""
        return bits.encode() if len(bits) >= BITS_MIN else HIDDEN * len(bits)

    def explain(self, way: Way, frame: bytes) -> Meaning:  # noqa: ARG002
        if frame.startswith(HIDDEN):
            return Meaning("hidden", {"count": len(frame)})
        return bits_meaning(self.cards(frame)) or Meaning("broken", {"why": "edges were lost"})

    def cards(self, frame: bytes) -> Sequence[RawCard]:
        text = frame.decode("ascii", "replace")
        whole = len(text) >= BITS_MIN and not set(text) - {"0", "1"}
        return (RawCard(int(text, 2), len(text), framed=True),) if whole else ()


def bits_meaning(cards: Sequence[RawCard]) -> Meaning | None:
    """A card's bits by the format that fits, else how many they are; None without a card."""
    if not cards:
        return None
    first = readings(cards[0])[0]
    if first.format.startswith("wiegand"):
        return Meaning("card", {"number": first.number, "bits": cards[0].count})
    return Meaning("card_bits", {"bits": cards[0].count})
