"""A line of text is a credential, read once per presentation, whether it came by wire or was typed; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from drivers.framing.presentation import Presentations
from drivers.framing.text_lines import LinePattern, card_number
from gateway.core.plates.plates import is_none, normalise
from gateway.core.vocabulary.errors import FrameError
from gateway.core.vocabulary.events import CredentialRead

Kind = Literal["card", "qr", "plate", "pin"]
WHOLE_LINE = "(?P<value>.+)"


class LineReading(Protocol):
    """Options of what sends lines: which part of a line is the credential, of what kind, and in which radix a card."""

    @property
    def pattern(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def radix(self) -> int: ...
    @property
    def repeat_ms(self) -> int: ...


def line_of(value: str, options: LineReading) -> str:
    """The line that is this credential and nothing else: a card number in the radix of the options."""
    return f"{int(value):08X}" if options.kind == "card" and options.radix == 16 else value


class Lines(Protocol):
    """What cuts that which comes into lines."""

    rejected: int

    def feed(self, received: bytes) -> Iterable[str]:
        """Take bytes as they come and return the lines that they complete."""

    def interrupted(self) -> None:
        """The wire was cut: a line that has begun is dropped."""


def wrong_pattern(pattern: str) -> tuple[str, str] | None:
    """Why an option `pattern` is none, or not safe to run on what strangers show; see `Driver.check`."""
    try:
        LinePattern(pattern)
    except FrameError as error:
        return "pattern", f"is {pattern!r}; it {error}"
    return None


class LineReader:
    """Turns a device's bytes into one credential per presentation; the `Listener` of its bus."""

    def __init__(self, device: str, lines: Lines, options: LineReading, mono_ns: Callable[[], int]) -> None:
        """`mono_ns` tells CLOCK_MONOTONIC."""
        self._device = device
        self._options = options
        self._lines = lines
        self._mono_ns = mono_ns
        self._pattern = LinePattern(options.pattern)
        self._presentations = Presentations(options.repeat_ms)
        self._misfits = 0

    @property
    def rejected(self) -> int:
        """Damaged lines, lines without a credential, and plates that say there is none, so far."""
        return self._lines.rejected + self._misfits

    def feed(self, received: bytes) -> tuple[int, list[CredentialRead]]:
        """Take bytes as they come: how many good lines they completed, and the presentations that began."""
        reads = [read for line in self._lines.feed(received) if (read := self._read(line))]
        now_ns = self._mono_ns()
        return len(reads), [read for read in reads if self._begins(read, now_ns)]

    def interrupted(self) -> None:
        self._lines.interrupted()

    def _read(self, line: str) -> CredentialRead | None:
        value = self._pattern.value(line)
        try:
            if value:
                return self._credential(value)
        except FrameError:
            pass
        self._misfits += 1
        return None

    def _credential(self, value: str) -> CredentialRead:
        kind = self._options.kind
        if kind == "card":
            number, bits = card_number(value, self._options.radix)
            return CredentialRead(self._device, kind, number, bits)
        if kind == "plate":
            value = value.upper()
            if is_none(normalise(value)):
                raise FrameError(f"{value[:40]!r} says that there is no plate")
        return CredentialRead(self._device, kind, value)

    def _begins(self, read: CredentialRead, now_ns: int) -> bool:
        """A PIN that is typed again is a new one; everything else must have been away."""
        return read.kind == "pin" or self._presentations.begins(read.value, now_ns)
