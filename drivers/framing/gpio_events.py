"""The kernel's GPIO interface as bytes: a request for lines, and the edges that come back; pure.

Source: linux/gpio.h, "GPIO character device" ABI version 2 (Linux 5.10 and newer). An ioctl's number holds the size of
its structure, so a structure that is packed wrongly is refused by the kernel and never misread. The edges carry the
interrupt's time (CLOCK_MONOTONIC) and are numbered, so one that the kernel had to drop shows.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

LINE_REQUEST = struct.Struct("=256s32sQI20x240xII20xi")
LINE_EVENT = struct.Struct("=QIIII24x")
INPUT, FALLING, PULL_UP = 1 << 2, 1 << 5, 1 << 8
FALLING_EDGE = 2
LINES_MAX = 64
LOST = -1

Edge = tuple[int, int]
"""(place of the line in the request, or `LOST` where the kernel dropped edges; CLOCK_MONOTONIC nanoseconds)."""


def request_falling(lines: Sequence[int], consumer: str, buffered: int) -> bytes:
    """A request for falling edges of lines, as inputs with pull-up; the kernel keeps `buffered` of them."""
    offsets = struct.pack(f"={LINES_MAX}I", *lines, *(0,) * (LINES_MAX - len(lines)))
    flags = INPUT | FALLING | PULL_UP
    return LINE_REQUEST.pack(offsets, consumer.encode("ascii")[:31], flags, 0, len(lines), buffered, 0)


def encode_event(at_ns: int, line: int, number: int) -> bytes:
    """An edge as the kernel writes it: when, on which line, and its number among all of the request."""
    return LINE_EVENT.pack(at_ns, FALLING_EDGE, line, number, number)


class Events:
    """Turns what was read from the kernel into edges; `lines` as in the request."""

    def __init__(self, lines: Sequence[int]) -> None:
        self._places = {line: place for place, line in enumerate(lines)}
        self._number: int | None = None

    def interrupted(self) -> None:
        """The lines were let go: the kernel numbers the edges anew."""
        self._number = None

    def feed(self, raw: bytes) -> list[Edge]:
        """The edges in whole structures, which are all that the kernel hands out."""
        edges: list[Edge] = []
        for at_ns, _, line, number, _ in LINE_EVENT.iter_unpack(raw[: len(raw) - len(raw) % LINE_EVENT.size]):
            if self._number is not None and number != (self._number + 1) & 0xFFFF_FFFF:
                edges.append((LOST, at_ns))
            self._number = number
            edges.append((self._places.get(line, LOST), at_ns))
        return edges
