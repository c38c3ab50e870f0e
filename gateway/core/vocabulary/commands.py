"""What the core asks of the world: imperatives, carried out by the engine (or by the simulator's world) in order."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.vocabulary.events import Event
from gateway.core.vocabulary.timers import Timer


class Command(msgspec.Struct, frozen=True, gc=False):
    """Base of all commands."""


class Append(Command, frozen=True, gc=False):
    """Write a row to the journal. `type` without the `gatehouse.` prefix; `data` as the contract lists it.

    With a `token` other than 0 the core waits: it gets `JournalCommitted(token)` once the row is durable, or
    `JournalDelayed(token)` after `journal_wait_ms`, whichever is first, and exactly one of the two.
    """

    type: str
    subject: str
    data: dict[str, Any]
    token: int = 0


class PulseOutput(Command, frozen=True, gc=False):
    """Switch an output on for `duration_ms` and off again, whatever happens meanwhile.

    Electrical: `active` True means the relay is energised for the pulse. Answered by `OutputDone`/`OutputFailed`.
    """

    device: str
    output: int
    duration_ms: int
    token: int = 0
    active: bool = True


class SetOutput(Command, frozen=True, gc=False):
    """Switch an output and leave it so (held-contact barriers, sirens, lights); also ends a pulse that runs."""

    device: str
    output: int
    active: bool
    token: int = 0


class ShowOnDevice(Command, frozen=True, gc=False):
    """Show people at a lane what was decided, on a display or a reader; the newest message counts, nothing answers.

    `message`: `verdict` (granted, denied, referred, idle, locked, wait), `reason`, `words` (in the site's language),
    `lane`, `plate` or the last digits of the `card`, `days_left`, `time`.
    """

    device: str
    message: dict[str, Any]


class StartTimer(Command, frozen=True, gc=False):
    """Send `TimerFired(timer)` after `after_ms`; a timer of that name that runs already is replaced."""

    timer: Timer
    after_ms: int


class CancelTimer(Command, frozen=True, gc=False):
    """Forget a timer, running or not."""

    timer: Timer


class Reply(Command, frozen=True, gc=False):
    """Answer a `CommandReceived` or `AlarmCommandReceived`: `status` is `done` or `refused`, `reason` a code."""

    request: str
    status: str
    reason: str = ""
    detail: str = ""


class Snapshot(Command, frozen=True, gc=False):
    """Something that people look at has changed: publish `Site.snapshot(now)` to screens and uplink."""


class SetAside(Command, frozen=True, gc=True):
    """Keep an event in which the program failed, under the file's name, for whoever mends the program.

    The collector follows it, unlike other commands: its error holds the frames that hold it.
    """

    file: str
    event: Event
    error: Exception


class Log(Command, frozen=True, gc=False):
    """A line for the installer's log; `level` is debug, info, warning or error."""

    level: str
    message: str
