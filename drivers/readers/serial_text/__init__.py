"""Devices that send lines of text on a serial port: Wiegand-to-serial converters, scanners, keypads, plate cameras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from drivers.base import Listener, Recognised
from drivers.dissect.dissector import SECRET_KINDS, Dissector, HidingDissector
from drivers.dissect.lines import LineDissector
from drivers.framing.line_reader import WHOLE_LINE, LineReader, Written, line_of, wrong_pattern
from drivers.framing.text_lines import LineDecoder, guess_of
from drivers.listening import SerialReaderDriver
from drivers.options import Kind, Pattern, Radix, RepeatMs, SerialPortOptions


class SerialTextOptions(SerialPortOptions, frozen=True):
    """Options of `serial-text`."""

    pattern: Pattern = WHOLE_LINE
    kind: Kind = "card"
    radix: Radix = 10
    format: Annotated[
        Written,
        Meta(
            description="how a card number is written: `decimal` (in `radix`), or as printed on 26-bit cards,"
            " `facility,number` (077,30211) or `3+5` (07730211)"
        ),
    ] = "decimal"
    idle_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=60_000,
            description="a line that stops for so long is dropped; more for keypads that send each key at once, 0:"
            " never",
        ),
    ] = 1000
    repeat_ms: RepeatMs = 5000


class SerialTextDriver(SerialReaderDriver):
    """Anything that sends lines of text: Wiegand-to-serial converters, QR scanners, keypads, plate cameras."""

    name = "serial-text"
    Options = SerialTextOptions
    hears_at = (9_600, 115_200, 19_200, 38_400)

    def check(self, options: SerialTextOptions) -> tuple[str, str] | None:
        """The pattern must be one, and safe to run on what strangers show; a printed number is decimal."""
        if options.format != "decimal" and (options.radix != 10 or options.kind != "card"):
            return "format", f"is {options.format!r}, which is for a card in decimal; remove it, or `radix` and `kind`"
        return wrong_pattern(options.pattern)

    def listener(self, device: str, options: SerialTextOptions, mono_ns: Callable[[], int]) -> Listener:
        """One line for each sighting."""
        return LineReader(device, LineDecoder(), options, mono_ns, written=options.format, idle_ms=options.idle_ms)

    def dissector(self, options: SerialTextOptions) -> Dissector:
        return HidingDissector() if options.kind in SECRET_KINDS else LineDissector(options.pattern)

    def recognise(self, received: bytes) -> Recognised | None:
        """A whole line of plain text; a line has no checksum, so it is sure only as far as its kind is."""
        decoder = LineDecoder()
        lines = decoder.feed(received)
        found = guess_of(lines[-1]) if lines else None
        if found is None:
            return None
        options, sure = found
        framed = b"\x02" in received or b"\x03" in received  # of a reader that has a checksum, which was wrong
        return Recognised(options, f"the line {lines[-1][:60]!r}", sure and not framed and not decoder.rejected)

    def encode(self, value: str, options: SerialTextOptions) -> bytes:
        """See `Driver.encode`; the line is the credential alone."""
        return line_of(value, options, options.format).encode() + b"\r\n"


DRIVER = SerialTextDriver()
