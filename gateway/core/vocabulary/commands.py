"""Commands of the core, carried out in order by the engine or the simulator."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.vocabulary.events import Event
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.views import AcceptanceView, AlarmView, ChargeView, RepairView


class Command(msgspec.Struct, frozen=True, gc=False):
    """Base of all commands."""


class Append(Command, frozen=True, gc=False):
    """Write a row to the journal.

    With a `token` other than 0 the core gets exactly one answer: `JournalCommitted(token)` when the row is durable,
    or `JournalDelayed(token)` after `journal_wait_ms`.
    """

    row: Row
    token: int = 0


class PulseOutput(Command, frozen=True, gc=False):
    """Switch an output on for `duration_ms` and off again in every case.

    Electrical: `active` True means the relay is energised for the pulse. Answered by `OutputDone`/`OutputFailed`.
    """

    device: str
    output: int
    duration_ms: int
    token: int = 0
    active: bool = True


class SetOutput(Command, frozen=True, gc=False):
    """Switch an output for good (held-contact barriers, sirens, lights); ends a running pulse."""

    device: str
    output: int
    active: bool
    token: int = 0


class ShowOnDevice(Command, frozen=True, gc=False):
    """Show a decision on a display or a reader; the newest message counts, without an answer.

    `message`: `verdict` (granted, denied, referred, idle, locked, wait), `reason`, `words` (in the site's language),
    `lane`, `plate` or the last digits of the `card`, `days_left`, `time`.
    """

    device: str
    message: dict[str, Any]


class TakePicture(Command, frozen=True, gc=False):
    """Fetch a picture of this camera for the evidence, without an answer; one that sends by itself ignores it."""

    device: str


class TakeRecords(Command, frozen=True, gc=False):
    """Report the records of a controller's list behind index `after`; answers `RecordsFound`."""

    device: str
    after: int


class SetDeviceClock(Command, frozen=True, gc=False):
    """Set the clock of a device to the time of this machine, `offset_s` ahead of UTC; without an answer."""

    device: str
    offset_s: int


class StartTimer(Command, frozen=True, gc=False):
    """Send `TimerFired(timer)` after `after_ms`; replaces a running timer of that name."""

    timer: Timer
    after_ms: int


class CancelTimer(Command, frozen=True, gc=False):
    """Cancel a timer, running or not."""

    timer: Timer


class CancelTimers(Command, frozen=True, gc=False):
    """Cancel all timers of one owner."""

    kind: str
    owner: str


class Reply(Command, frozen=True, gc=False):
    """Answer a person's command: `status` is `done` or `refused`, `reason` a code.

    `alarm`, `repair`: of a command that was done, the alarm or the repair order after it, also a closed one.
    `acceptance`: of one about the acceptance of a lane, its sheet after it. `charge`: of a payment, a validation or a
    waiver, what the visit costs after it. `visit`: of a correction, the visit, or the id of
    the correction.
    """

    request: str
    status: str
    reason: str = ""
    detail: str = ""
    alarm: AlarmView | None = None
    repair: RepairView | None = None
    acceptance: AcceptanceView | None = None
    charge: ChargeView | None = None
    visit: str = ""


class Snapshot(Command, frozen=True, gc=False):
    """A shown state has changed: publish `Site.snapshot()` to screens and uplink."""


class SetAside(Command, frozen=True, gc=True):
    """Keep an event that the program failed on, in a file of that name, for support.

    Tracked by the garbage collector, unlike other commands: its error refers to frames that refer to it.
    """

    file: str
    event: Event
    error: Exception


class Log(Command, frozen=True, gc=False):
    """A line for the installer's log; `level` is debug, info, warning or error."""

    level: str
    message: str
