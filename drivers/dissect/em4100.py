"""EM4100 cards as text frames (RDM6300, ID-20LA)."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.dissect.dissector import Dissector, Way
from drivers.dissect.meaning import Meaning, RawCard
from drivers.framing import em4100
from gateway.core.vocabulary.errors import FrameError


class Em4100Dissector(Dissector):
    """One card's frame, or several."""

    def __init__(self, ending: bytes = em4100.END, reverse_bytes: bool = False, bits: int = 32) -> None:
        self._ending = ending
        self._reverse_bytes = reverse_bytes
        self._bits = bits

    def explain(self, way: Way, frame: bytes) -> Meaning:
        if way == "out":
            return super().explain(way, frame)
        found = em4100.Decoder(self._ending).feed(frame)
        if not found:
            return Meaning("broken", {"why": self._why(frame)})
        number, bits = em4100.card_of(found[-1], self._reverse_bytes, self._bits)
        return Meaning("card", {"number": number, "bits": bits})

    def cards(self, frame: bytes) -> Sequence[RawCard]:
        found = em4100.Decoder(self._ending).feed(frame)
        return [RawCard(int.from_bytes(data, "big"), 8 * len(data)) for data in found[-1:]]

    def _why(self, frame: bytes) -> str:
        try:
            em4100.decode(frame, self._ending)
        except FrameError as error:
            return str(error)
        return "two frames in one"
