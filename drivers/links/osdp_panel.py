"""The control panel's side of an OSDP line; the one user of libosdp.

The compiled module `osdp_sys` is used and not the Python package `osdp` around it: another package on PyPI has that
name too, and the wrapper keeps every event in a queue that is never emptied. Three habits of libosdp 3.2.9 are dealt
with here. An exception in one of its callbacks leaves the interpreter in disorder, so none of ours raises. The
dictionary of each event is never freed, so it is emptied. A reader that fails is left alone for 300 s, so the bus calls
`restart` when it knows better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from gateway.core.vocabulary.errors import DeviceError

_START, _MARK = 0x53, b"\xff"
_BUFFER_BYTES = 4096
_LINE_ID = 1
"""Readers with an equal id other than 0 share a line: libosdp then asks them one after the other."""


class CardSeen(msgspec.Struct, frozen=True):
    """A reader reports a card: so many bits, the first one uppermost in `data`."""

    data: bytes
    length: int


class KeysPressed(msgspec.Struct, frozen=True):
    """A reader reports key codes."""

    data: bytes


class StatusTold(msgspec.Struct, frozen=True):
    """A reader reports its own state: tamper and power, each 0 when all is well."""

    report: bytes


class ChannelChanged(msgspec.Struct, frozen=True):
    """The secure channel stands or has fallen; `default_key`: with the key that every reader is made with."""

    active: bool
    default_key: bool


class LinkChanged(msgspec.Struct, frozen=True):
    """libosdp takes the reader for present, or has given it up until `restart`."""

    online: bool


class CommandAnswered(msgspec.Struct, frozen=True):
    """The reader has taken a command (`led`, `buzzer`, `status`), or refused it."""

    command: str
    taken: bool


Fact = CardSeen | KeysPressed | StatusTold | ChannelChanged | LinkChanged | CommandAnswered


class Led(msgspec.Struct, frozen=True):
    """A light for `for_ds` tenths of a second (at most 255), on and off by turns; on and off are never both 0."""

    color: Literal["red", "green", "amber"]
    on_ds: int
    off_ds: int
    for_ds: int


class Buzzer(msgspec.Struct, frozen=True):
    """So many beeps; times in tenths of a second, `on_ds` never 0."""

    on_ds: int
    off_ds: int
    times: int


class LineReader(msgspec.Struct, frozen=True):
    """One reader on the line; without a `key` it is spoken to in plain text."""

    name: str
    address: int
    key: bytes | None


Send = Callable[[bytes], bool]
"""Puts a packet on the line; False when it cannot or shall not go. Never raises."""
Heard = Callable[[int, Fact], None]
"""Takes what a reader (by its place in the list) told; never raises."""


class Panel:
    """All readers of one line. Everything belongs to the thread of the line; DeviceError when libosdp is missing."""

    def __init__(self, readers: Sequence[LineReader], send: Send, heard: Heard) -> None:
        self._lib = lib = load()
        self._heard = heard
        self._line = _Line(send)
        self._restarting: set[int] = set()
        self._kinds = {lib.CMD_LED: "led", lib.CMD_BUZZER: "buzzer", lib.CMD_STATUS: "status"}
        lib.set_loglevel(lib.LOG_EMERG)
        try:
            self._panel = lib.ControlPanel([self._info(reader) for reader in readers])
        except Exception as error:  # The module raises a bare Exception.
            raise DeviceError(f"libosdp does not take these readers ({error}); check `address` and `key`") from error
        self._panel.set_event_callback(self._event)

    def _info(self, reader: LineReader) -> dict[str, Any]:
        flags = self._lib.FLAG_ENABLE_NOTIFICATION | self._lib.FLAG_IGN_UNSOLICITED
        info = {"name": reader.name[:15], "address": reader.address, "flags": flags, "channel": self._line}
        if reader.key is not None:
            info |= {"scbk": reader.key, "flags": flags | self._lib.FLAG_ENFORCE_SECURE}
        return info

    def take(self, received: bytes) -> None:
        """Bytes from the line, for the next `refresh`."""
        self._line.take(received)

    def refresh(self) -> None:
        """Let libosdp do what is due; its facts come while this runs. To be called every 50 ms or more often."""
        self._panel.refresh()
        for index in [one for one in self._restarting if not self._panel.is_pd_enabled(one)]:
            self._panel.enable_pd(index)
            self._restarting.discard(index)

    def restart(self, index: int) -> None:
        """Forget what was with this reader and greet it anew, at once."""
        if self._panel.disable_pd(index):
            self._restarting.add(index)

    def restarting(self, index: int) -> bool:
        """True while reports about this reader are from before its restart."""
        return index in self._restarting

    def allow_default_key(self, index: int, allowed: bool) -> None:
        """Whether a reader that does not know its key may be given it under the key it was made with."""
        change = self._panel.clear_flag if allowed else self._panel.set_flag
        change(index, self._lib.FLAG_ENFORCE_SECURE)

    def secure_capable(self, index: int) -> bool:
        """Whether the reader says that it can do secure channel; False before it was asked."""
        return self._can(index, self._lib.CAP_COMMUNICATION_SECURITY)

    def show(self, index: int, led: Led) -> bool:
        """Light the reader's first LED; False when it has none or is busy."""
        command = {
            "command": self._lib.CMD_LED,
            "reader": 0,
            "led_number": 0,
            "temporary": True,
            "control_code": 2,
            "on_count": led.on_ds,
            "off_count": led.off_ds,
            "on_color": getattr(self._lib, f"LED_COLOR_{led.color.upper()}"),
            "off_color": self._lib.LED_COLOR_NONE,
            "timer_count": led.for_ds,
        }
        return self._can(index, self._lib.CAP_READER_LED_CONTROL) and self._submit(index, command)

    def sound(self, index: int, buzzer: Buzzer) -> bool:
        """Sound the reader's buzzer; False when it has none or is busy."""
        command = {
            "command": self._lib.CMD_BUZZER,
            "reader": 0,
            "control_code": 2,
            "on_count": buzzer.on_ds,
            "off_count": buzzer.off_ds,
            "rep_count": buzzer.times,
        }
        return self._can(index, self._lib.CAP_READER_AUDIBLE_OUTPUT) and self._submit(index, command)

    def ask_status(self, index: int) -> bool:
        """Ask for tamper and power; the answer is a `StatusTold`."""
        kind = self._lib.STATUS_REPORT_LOCAL
        return self._submit(index, {"command": self._lib.CMD_STATUS, "type": kind, "report": b""})

    def _can(self, index: int, capability: int) -> bool:
        return bool(self._panel.check_capability(index, capability)[0])

    def _submit(self, index: int, command: dict[str, Any]) -> bool:
        return bool(self._panel.submit_command(index, command))

    # ---- libosdp's callback ----------------------------------------------------------------------------------------

    def _event(self, index: int, event: dict[str, Any]) -> int:
        fact = self._fact(event)
        event.clear()
        if fact is not None:
            self._heard(index, fact)
        return 0

    def _fact(self, event: dict[str, Any]) -> Fact | None:
        lib, kind = self._lib, event.get("event")
        if kind == lib.EVENT_CARDREAD and event.get("format") != lib.CARD_FMT_ASCII:
            return CardSeen(event["data"], event["length"])
        if kind == lib.EVENT_KEYPRESS:
            return KeysPressed(event["data"])
        if kind == lib.EVENT_STATUS and event.get("type") == lib.STATUS_REPORT_LOCAL:
            return StatusTold(event["report"])
        return self._notice(event) if kind == lib.EVENT_NOTIFICATION else None

    def _notice(self, event: dict[str, Any]) -> Fact | None:
        lib, kind, first, second = self._lib, event["type"], event["arg0"], event["arg1"]
        if kind == lib.EVENT_NOTIFICATION_PD_STATUS:
            return LinkChanged(bool(first))
        if kind == lib.EVENT_NOTIFICATION_SC_STATUS:
            return ChannelChanged(bool(first), bool(second))
        name = self._kinds.get(first)
        return CommandAnswered(name, bool(second)) if name else None


class _Line:
    """What libosdp reads and writes by; it calls these three and looks at `id`."""

    id = _LINE_ID

    def __init__(self, send: Send) -> None:
        self._send = send
        self._received = bytearray()

    def take(self, received: bytes) -> None:
        self._received += received
        del self._received[:-_BUFFER_BYTES]

    def read(self, most: int) -> bytes:
        taken = bytes(self._received[:most])
        del self._received[:most]
        return taken

    def write(self, packet: bytes) -> int:
        return len(packet) if self._send(packet) else -1

    def flush(self) -> None:
        self._received.clear()


def address_of(packet: bytes) -> int | None:
    """The reader that a packet is for; None when it is no packet. A mark byte may stand before it."""
    head = packet[1:3] if packet[:1] == _MARK else packet[:2]
    return head[1] & 0x7F if len(head) == 2 and head[0] == _START else None


def load() -> Any:
    """The compiled module of libosdp; DeviceError says what to install."""
    try:
        import osdp_sys
    except ImportError as error:
        raise DeviceError("libosdp is missing; install it with: pip install libosdp") from error
    return osdp_sys
