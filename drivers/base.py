"""What a driver is, and what the engine may ask of one.

A driver is one object that knows one kind of device: its options, how many points it has, and how to open a bus.
A bus is everything that one thread must talk to: a serial port, a TCP link, the GPIO chip. The engine gives every
bus a thread of its own; the bus reports facts (`gateway.core.vocabulary.events`) and takes orders for outputs. Devices
fail and come back inside `run`, which ends only when `stop` was called. The shortest driver is `drivers/virtual/noop/`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from drivers.dissect.dissector import Dissector
from drivers.trace import Trace
from gateway.core.papers.paper import Outcome, Paper
from gateway.core.vocabulary.errors import FrameError, RefusedError
from gateway.core.vocabulary.events import Event

Report = Callable[[Event], None]
"""Takes the events of a bus; thread-safe and never blocks."""


class PictureTaken(Event, frozen=True):
    """A camera's picture, JPEG or PNG. It goes to the evidence; the core never gets it."""

    device: str
    data: bytes


Message = dict[str, Any]
"""Message for the people at a lane: `verdict` (idle, granted, denied, referred, wait or locked), `reason`, and where
known `words` (in the site's language), `plate`, `card` (last digits), `days_left`, `lane` and `time`. Nothing else
about a person."""

Told = Callable[[Outcome], None]
"""Takes what became of a paper, once, in the thread of the bus or of the caller; never blocks."""

PULSE_MAX_MS = 10_000
"""Longest pulse; a longer one is cut to this."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a driver takes from the site file beside `id`, `driver` and `name`."""


class DeviceConfig(msgspec.Struct, frozen=True):
    """One device of the site file; `options` is an instance of its driver's `Options`."""

    id: str
    driver: str
    name: str
    options: Any


class Health(msgspec.Struct, frozen=True):
    """State of a device; `last_error` is in words for people and says what to do.

    `round_trip_us`: from the last question to its answer; None where the device is not asked.
    """

    device: str
    state: Literal["starting", "online", "stale", "lost"]
    since_wall_ns: int
    last_ok_mono_ns: int | None = None
    last_error: str = ""
    frames: int = 0
    errors: int = 0
    round_trip_us: int | None = None


class Bus(ABC):
    """All devices that one thread must talk to.

    `run` belongs to that thread; everything else is thread-safe and never blocks. At start and at stop a bus moves
    nothing: it reads outputs back, and on stop it ends only the pulses that it times itself.
    """

    key: Hashable
    devices: tuple[str, ...]
    moves: ClassVar[bool] = True
    """False: no arm ever waits for this bus, so its thread gets no priority over others."""
    turns: int = 0
    """Rounds of `run` so far, for the watchdog; stays 0 in a bus that may rightly sleep for ever."""

    @abstractmethod
    def run(self) -> None:
        """Talk to the devices until `stop`; a device's failure is reported and never leaves this method."""

    @abstractmethod
    def stop(self) -> None:
        """Make `run` return within three seconds."""

    @abstractmethod
    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        """Switch an output for `duration_ms` (at most `PULSE_MAX_MS`) and back, also on errors and at stop."""

    @abstractmethod
    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        """Switch an output for good; ends its pulse, and drops waiting orders that would switch it the other way."""

    def level(self, device: str, output: int) -> bool | None:  # noqa: ARG002
        """What an output was last switched to for good; None: not by this bus. For any thread."""
        return None

    def expect_order(self) -> None:  # noqa: B027
        """A credential was read and an order may follow: keep the wire free for a moment.

        Thread-safe, never blocks.
        """

    def show(self, device: str, message: Message) -> None:  # noqa: B027
        """Show people what was decided, in words, colours or tones; the newest message counts.

        Thread-safe and never blocks. A bus without displays ignores it.
        """

    def print_out(self, device: str, paper: Paper, told: Told) -> None:  # noqa: ARG002
        """Print a paper soon or not at all; `told` hears what became of it within half a minute.

        Thread-safe, never blocks. RefusedError when the device prints nothing.
        """
        raise RefusedError(f"{device} prints nothing; name a printer")

    def take_picture(self, device: str) -> bool:  # noqa: ARG002
        """Fetch a picture soon and report it as `PictureTaken`; False when this device fetches none.

        Thread-safe, never blocks; asked again before it was fetched, one picture comes.
        """
        return False

    def take_records(self, device: str, after: int) -> None:  # noqa: B027
        """Report the records of the list that the device's controller keeps, behind index `after`; see `RecordsFound`.

        Thread-safe, never blocks. A bus whose devices keep no list ignores it.
        """

    def set_clock(self, device: str, offset_s: int) -> None:  # noqa: B027
        """Set the device's clock to the time of this machine, `offset_s` ahead of UTC; report `DeviceConfigured`.

        Thread-safe, never blocks. A bus whose devices have no clock ignores it.
        """

    def push(
        self,
        device: str,  # noqa: ARG002
        kind: str,  # noqa: ARG002
        value: str,  # noqa: ARG002
        confidence: float,  # noqa: ARG002
        age_ms: int | None = None,  # noqa: ARG002
        wrong: str = "",  # noqa: ARG002
    ) -> bool:
        """Take a read that arrived at another process (`confidence` in percent, an empty value is a sign of life).

        `age_ms` is its age by its sender's own time, negative when that lies ahead; None when the sender gives no time.
        `wrong` says in words why a message counts for nothing.
        False when this device takes no pushed reads. Thread-safe, never blocks.
        """
        return False

    def link(self, device: str, up: bool, words: str) -> bool:  # noqa: ARG002
        """Take the state of a link that another process keeps to a device, and what is wrong with it, in words.

        False when this device has no such link. Thread-safe, never blocks.
        """
        return False

    def trace(self, device: str) -> Trace:
        """The trace of a device's wire, the same each time; a bus without a wire never writes into it."""
        traces: dict[str, Trace] = self.__dict__.setdefault("_traces", {})
        return traces.setdefault(device, Trace())

    def install_mode(self, device: str, duration_s: int) -> None:  # noqa: ARG002
        """For `duration_s` allow a reader without its key to receive it; 0 ends that. Thread-safe, never blocks.

        RefusedError says why not. The bus reports `InstallModeEnded` at the end, with the reason.
        """
        raise RefusedError(f"{device} has no key to be given; only osdp readers have an install mode")

    def tell_anew(self, devices: Collection[str]) -> bool:  # noqa: ARG002
        """Report these devices of the bus once more, for a core or a lane that knows nothing of them: read back and
        `DeviceRestored`, or `DeviceLost`. The others say nothing: lanes that go on would take it for a return.

        Thread-safe, never blocks, moves nothing; the bus's own thread does it soon. False when this bus cannot: its
        last report then counts.
        """
        return False

    @abstractmethod
    def health(self) -> list[Health]:
        """How each device is at this moment."""


class Listener(Protocol):
    """Turns a reader's bytes into events; one per bus."""

    @property
    def rejected(self) -> int:
        """Damaged frames so far, and bytes that made none."""

    @property
    def words(self) -> str:
        """Why the last bytes did not count, for people; empty when there is nothing to say."""

    @property
    def quiet_ns(self) -> int | None:
        """After so long without a byte `quiet` is due; None when nothing has begun."""

    def quiet(self) -> None:
        """Nothing came for `quiet_ns`: what has begun will not be completed."""

    def feed(self, received: bytes) -> tuple[int, Sequence[Event]]:
        """Take bytes as they come: how many frames they completed, and the events to report."""

    def interrupted(self) -> None:
        """The wire was cut: drop the frame that has begun."""


class StandIn(msgspec.Struct, frozen=True):
    """A simulated device on a true wire; `plug` and `unplug` pull the wire, None where there is none."""

    options: Mapping[str, Any]
    """What a site file says to reach it."""
    plug: Callable[[], None] | None = None
    unplug: Callable[[], None] | None = None
    present: Callable[[str], None] | None = None
    """Hold a credential to it; None when it reads none."""


Simulate = Callable[[Path], AbstractContextManager[StandIn]]
"""Starts a stand-in; a serial port appears at the path that is given."""


class Recognised(msgspec.Struct, frozen=True):
    """A device that its bytes give away. `options` are those of its driver, without port, speed and link.

    `sure`: a checksum, or what only this model answers, leaves no doubt; else it is a guess that a person looks at.
    """

    options: Mapping[str, Any]
    words: str
    sure: bool = True


class Questions(Protocol):
    """A wire on which a driver asks which of its devices are there, with questions that move nothing."""

    over: Literal["serial", "tcp"]
    units: Sequence[int]
    """Unit numbers to try."""

    def ask(self, request: bytes, find: Callable[[bytes], bytes] | None = None) -> bytes:
        """Send a request; the answer that `find` sees in all that came since, empty when none came in time.

        Without `find`: all that came in the time of an answer, so that the line is quiet again.
        """


class Driver(ABC):
    """One kind of device. A module offers one instance named `DRIVER`, found by its entry point's name."""

    name: ClassVar[str]
    Options: ClassVar[type[msgspec.Struct]]
    reads: ClassVar[bool] = False
    """True when the device reads credentials and may stand in a lane's `readers`."""
    hears_at: ClassVar[tuple[int, ...]] = ()
    """Speeds in bits a second at which such devices send by themselves, the usual one first."""
    asks_at: ClassVar[tuple[int, ...]] = ()
    """Speeds at which they answer `ask_who`, the usual one first."""
    shows: ClassVar[bool] = False
    """True when the device shows messages and may stand in a lane's `displays`."""
    prints: ClassVar[bool] = False
    """True when the device prints papers and may be the `printer` of a lane or a station."""

    def check(self, options: Any) -> tuple[str, str] | None:  # noqa: ARG002
        """The fault in options whose types and bounds are right, as (option, message); None when there is none."""
        return None

    def points(self, options: Any) -> tuple[int, int]:  # noqa: ARG002
        """Number of inputs and of outputs of a device with these options."""
        return 0, 0

    def pins(self, options: Any) -> Sequence[int]:  # noqa: ARG002
        """The GPIO lines that only this device may use."""
        return ()

    def listener(self, device: str, options: Any, mono_ns: Callable[[], int]) -> Listener | None:  # noqa: ARG002
        """What the bytes of the wire mean, apart from any wire; `mono_ns` tells CLOCK_MONOTONIC. None: not told."""
        return None

    def encode(self, value: str, options: Any) -> bytes:  # noqa: ARG002
        """The bytes that a device with these options sends for a credential; FrameError when it cannot send it."""
        raise FrameError(f"{self.name} sends no {value!r}")

    def dissector(self, options: Any) -> Dissector:  # noqa: ARG002
        """What cuts frames out of the bytes of this device's wire, hides secrets in them, and says what they mean."""
        return Dissector()

    def recognise(self, received: bytes) -> Recognised | None:  # noqa: ARG002
        """The device that sends such bytes by itself; None when they are not of this driver."""
        return None

    def ask_who(self, line: Questions) -> Sequence[Recognised]:  # noqa: ARG002
        """Ask which devices of this driver are on a wire; only questions that move and change nothing."""
        return ()

    def call(self) -> tuple[bytes, int] | None:
        """A datagram that asks the whole network for devices of this driver, and its UDP port; it moves nothing."""
        return None

    def called(self, answer: bytes, host: str) -> Sequence[Recognised]:  # noqa: ARG002
        """The devices that have answered the call from that host, with their link."""
        return ()

    def stand_ins(self) -> Mapping[str, Simulate]:
        """How this device is simulated, by wire: `serial`, `tcp`, or `none`. The tests walk these."""
        return {}

    @abstractmethod
    def bus_key(self, options: Any) -> Hashable:
        """Devices with equal keys share one bus and one thread."""

    @abstractmethod
    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """Make the bus for devices with equal keys; touches no hardware before `run`."""

    def clash(self, options: Any, other: Any) -> tuple[str, str] | None:  # noqa: ARG002
        """Why two devices with equal bus keys cannot share a bus, as (option, message); None when they can."""
        return "port", "is used by another device already; each needs its own"

    def conflict(self, options: Any, other: Any) -> tuple[str, str] | None:  # noqa: ARG002
        """What two devices of this driver must not have in common, also on different buses, as (option, message)."""
        return None
