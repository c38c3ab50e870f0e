"""A simulated Wiegand reader and keypad: edges as the kernel writes them, through a pipe in place of its queue."""

from __future__ import annotations

import os
import time

from drivers.framing.gpio_events import encode_event
from drivers.framing.wiegand import edges, key_frame, parse_format

MS = 1_000_000


class SimWiegand:
    """A reader on two lines; `handle` is what the kernel would have given for them.

    What is sent or typed is written in one piece (a pipe takes 85 edges so), with stamps as if it had just ended, or
    came in behind what was before: the kernel too shows no edge whose time is past and keeps one back.
    """

    def __init__(self, d0: int = 17, d1: int = 18, layout: str = "26") -> None:
        self._lines = (d0, d1)
        self._format = parse_format(layout)[0]
        self._number = 0
        self._end_ns = 0
        self.handle, self._far = os.pipe()
        os.set_blocking(self._far, False)

    def present(self, card: int, times: int = 1) -> None:
        """Hold a card to the reader."""
        for _ in range(times):
            self.send(self._format.frame(card))

    def type(self, keys: str, length: int = 4) -> None:
        """Press keys in one go, as a keypad that sends each with so many bits."""
        now_ns = time.monotonic_ns()
        self._write(b"".join(self._frame(key_frame(key, length), 1 * MS, now_ns) for key in keys))

    def send(self, frame: str, bit_ns: int = 1 * MS, lose: int = 0) -> None:
        """Any bits, ending now; `lose` counts edges as dropped by the kernel before them."""
        self._number += lose
        self._write(self._frame(frame, bit_ns, time.monotonic_ns()))

    def _frame(self, frame: str, bit_ns: int, now_ns: int) -> bytes:
        start_ns = max(now_ns - len(frame) * bit_ns, self._end_ns + 20 * MS)
        stamped = edges(frame, start_ns, bit_ns)
        self._end_ns = stamped[-1][1] if stamped else start_ns
        return b"".join(self._event(wire, at_ns) for wire, at_ns in stamped)

    def babble(self, count: int) -> None:
        """Edges without a pause, as from a line that is not connected."""
        start_ns = max(time.monotonic_ns() - count * 1000, self._end_ns)
        for at in range(count):
            self._write(self._event(at % 3 % 2, start_ns + at * 1000))
        self._end_ns = start_ns + count * 1000

    def _event(self, wire: int, at_ns: int) -> bytes:
        self._number += 1
        return encode_event(at_ns, self._lines[wire], self._number)

    def _write(self, raw: bytes) -> None:
        try:
            os.write(self._far, raw)
        except BlockingIOError:
            pass  # The kernel drops edges too when they are not read.

    def close(self) -> None:
        """The chip is gone."""
        os.close(self._far)
