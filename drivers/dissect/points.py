"""Boards without a wire protocol (GPIO lines): levels of inputs, and orders for outputs."""

from __future__ import annotations

from drivers.dissect.dissector import Dissector, Way
from drivers.dissect.meaning import Meaning, number_of_bytes


class PointsDissector(Dissector):
    """Frames as `levels` and `order` write them."""

    joins = False

    def explain(self, way: Way, frame: bytes) -> Meaning:
        text = frame.decode("ascii", "replace")
        if way == "in":
            return Meaning("inputs", {"values": text})
        number, equals, value = text.partition("=")
        if not equals:
            return number_of_bytes(frame)
        return Meaning("output", {"number": number, "value": "on" if value == "1" else "off"})
