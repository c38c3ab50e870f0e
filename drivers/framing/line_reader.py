"""A line of text is a credential, read once per presentation, whether it came by wire or was typed; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from drivers.framing.presentation import Presentations
from drivers.framing.text_lines import LinePattern, as_printed, card_number, printed_number
from gateway.core.plates.plates import is_none, normalise
from gateway.core.vocabulary.errors import FrameError
from gateway.core.vocabulary.events import CredentialRead

Kind = Literal["card", "qr", "plate", "pin"]
Written = Literal["decimal", "facility,number", "3+5"]
SHOWN_CHARACTERS = 40
NOISE = "what came was no line of plain text: check `baudrate`, the ground and the cable"
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


def line_of(value: str, options: LineReading, written: Written = "decimal") -> str:
    """The line that is this credential and nothing else: a card number as the options write it."""
    if options.kind != "card":
        return value
    if written != "decimal":
        return as_printed(value, written)
    return f"{int(value):08X}" if options.radix == 16 else value


class Lines(Protocol):
    """What cuts that which comes into lines."""

    rejected: int

    @property
    def begun(self) -> bool:
        """True while a line has begun."""

    def feed(self, received: bytes) -> Iterable[str]:
        """Take bytes as they come and return the lines that they complete."""

    def quiet(self) -> None:
        """Nothing came for too long: a line that has begun is none."""

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

    def __init__(
        self,
        device: str,
        lines: Lines,
        options: LineReading,
        mono_ns: Callable[[], int],
        *,
        written: Written = "decimal",
        idle_ms: int = 0,
        noise: str = NOISE,
    ) -> None:
        """`mono_ns` tells CLOCK_MONOTONIC; `written`: how a card's number is; `idle_ms` 0: a line may take for ever;
        `noise`: what is said of bytes that make no line."""
        self._device = device
        self._options = options
        self._written = written
        self._lines = lines
        self._mono_ns = mono_ns
        self._pattern = LinePattern(options.pattern)
        self._presentations = Presentations(options.repeat_ms)
        self._misfits = 0
        self._idle_ns = idle_ms * 1_000_000
        self._last_ns = 0
        self._waited_for = False
        self._words = self._noise = noise

    @property
    def rejected(self) -> int:
        """Damaged lines, lines without a credential, and plates that say there is none, so far."""
        return self._lines.rejected + self._misfits

    @property
    def words(self) -> str:
        """Why the last line did not count."""
        return self._words

    @property
    def quiet_ns(self) -> int | None:
        """After this silence `quiet` is due; once asked for, silence is what the caller says, and no clock.

        A process that was held up would take its own delay for a silence, and the rest of a line for another number.
        """
        self._waited_for = True
        return self._idle_ns if self._idle_ns and self._lines.begun else None

    def quiet(self) -> None:
        """Nothing came for `idle_ms`: a line that has begun is dropped."""
        self._words = f"a line stopped halfway for {self._idle_ns // 1_000_000} ms: check the cable, or raise `idle_ms`"
        self._lines.quiet()

    def feed(self, received: bytes) -> tuple[int, list[CredentialRead]]:
        """Take bytes as they come: how many good lines they completed, and the presentations that began."""
        now_ns = self._mono_ns()
        if self._idle_ns and not self._waited_for and self._lines.begun and now_ns - self._last_ns >= self._idle_ns:
            self.quiet()
        self._last_ns = now_ns
        rejected = self._lines.rejected
        lines = list(self._lines.feed(received))
        if self._lines.rejected > rejected:
            self._words = self._noise
        reads = [read for line in lines if (read := self._read(line))]
        return len(reads), [read for read in reads if self._begins(read, now_ns)]

    def interrupted(self) -> None:
        self._lines.interrupted()

    def _read(self, line: str) -> CredentialRead | None:
        value = self._pattern.value(line)
        try:
            if value:
                return self._credential(value)
            self._words = f"the line {self._shown(line)} does not fit `pattern`"
        except FrameError as error:
            self._words = str(error)
        self._misfits += 1
        return None

    def _shown(self, line: str) -> str:
        """A line as an error may show it: a PIN or a QR code would open."""
        if self._options.kind in ("pin", "qr"):
            return f"of {len(line)} characters"
        return repr(line[:SHOWN_CHARACTERS])

    def _credential(self, value: str) -> CredentialRead:
        kind = self._options.kind
        if kind == "card":
            number, bits = self._card(value)
            return CredentialRead(self._device, kind, number, bits)
        if kind == "plate":
            value = value.upper()
            if is_none(normalise(value)):
                raise FrameError(f"{value[:40]!r} says that there is no plate")
        return CredentialRead(self._device, kind, value)

    def _card(self, value: str) -> tuple[str, int]:
        if self._written != "decimal":
            return printed_number(value, self._written)
        return card_number(value, self._options.radix)

    def _begins(self, read: CredentialRead, now_ns: int) -> bool:
        """A PIN that is typed again is a new one; everything else must have been away."""
        return read.kind == "pin" or self._presentations.begins(read.value, now_ns)
