"""What can happen: past facts that enter the core, and the `Now` that comes with each.

Drivers report the facts about devices, the engine adds the rest. Nothing here is ever stored; the rows of the journal
are made by the core's `Append` commands.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.timers import Timer


class ClockState(StrEnum):
    """How far the wall clock can be trusted (`gateway.clock` in the site file)."""

    SYNCED = "synced"
    HOLDOVER = "holdover"
    UNSET = "unset"


class Now(msgspec.Struct, frozen=True, gc=False):
    """The moment an event is handled at: wall time and CLOCK_MONOTONIC in nanoseconds, and the clock's quality."""

    wall_ns: int
    mono_ns: int
    clock: ClockState = ClockState.SYNCED


class Event(msgspec.Struct, frozen=True, gc=False):
    """Base of all facts that enter the core."""


# ---- reported by drivers -------------------------------------------------------------------------------------------


class InputsRead(Event, frozen=True, gc=False):
    """The electrical state of all inputs of a device, read at one instant; reported when anything in it changed.

    `inputs[n]` is True while current flows in input n; what that means is the point's `normally`.
    """

    device: str
    inputs: tuple[bool, ...]


class CredentialRead(Event, frozen=True, gc=False):
    """One presentation of a credential. Drivers fill the first four; the engine adds what the registry knows.

    `kind` is `card`, `plate`, `qr` or `pin`; `value` as the contract writes it; `bits` the length of a card's data.
    `visits` are the open visits of the passes found (or of the credential itself), newest first; `rooms` what is taken
    inside, of those passes that need a place; `after` names the passage that the projections had applied by then. A
    `single_use` credential (a QR code) lets in once; `used`: it has. `long_range` readers (UHF) also see tags that are
    nowhere near their lane; they tell about once a second that a tag is still there, by the same read with `again`,
    which is no new presentation. `age_ms` is how old the read was when it came, by the camera's own clock. `fault`:
    looking it up failed in a way that nobody foresaw.
    """

    device: str
    kind: str
    value: str
    bits: int = 0
    passes: tuple[Pass, ...] = ()
    visits: tuple[OpenVisit, ...] = ()
    single_use: bool = False
    used: bool = False
    long_range: bool = False
    again: bool = False
    rooms: tuple[Room, ...] = ()
    age_ms: int = 0
    fault: str = ""
    after: str = ""


class OpenVisit(msgspec.Struct, frozen=True, gc=False):
    """A stay that has an entry and no exit yet."""

    visit: str
    pass_id: str | None
    plate: str | None
    entered_wall_ns: int
    credential: str | None = None


class Room(Event, frozen=True, gc=False):
    """What the projections know of the places for one pass's car.

    `others` are the other passes of its group, and `inside` those of them that are inside, where the group has places.
    `cars` counts the cars inside but for this one, where the car park has a capacity. `after` names the passage that
    the projections applied last, as `passage_name` does.
    """

    pass_id: str
    others: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    cars: int = 0
    after: str = ""


class DeviceStale(Event, frozen=True, gc=False):
    """A poll went unanswered: what the inputs say is old until the next `InputsRead` or `DeviceRestored`."""

    device: str


class DeviceLost(Event, frozen=True, gc=False):
    """A device has stopped answering or its port is gone; `error` is in words for people."""

    device: str
    error: str


class DeviceRestored(Event, frozen=True, gc=False):
    """A device answers, for the first time or again, with its inputs and outputs as read back."""

    device: str
    inputs: tuple[bool, ...] = ()
    outputs: tuple[bool, ...] = ()


class TamperChanged(Event, frozen=True, gc=False):
    """A device says that its housing was opened, or is closed again."""

    device: str
    tampered: bool


class InstallModeEnded(Event, frozen=True, gc=False):
    """A reader cannot be given its key any more; `outcome` is `key_set`, `has_key`, `time_over` or `stopped`."""

    device: str
    outcome: str


class OutputDone(Event, frozen=True, gc=False):
    """The device has taken an output command and it was read back or acknowledged."""

    device: str
    output: int
    token: int


class OutputFailed(Event, frozen=True, gc=False):
    """An output command was not carried out, or nobody can say whether it was; it will not be sent again."""

    device: str
    output: int
    token: int
    error: str


# ---- added by the engine -------------------------------------------------------------------------------------------


class TimerFired(Event, frozen=True, gc=False):
    """A timer started by `StartTimer` has run out."""

    timer: Timer


class JournalCommitted(Event, frozen=True, gc=False):
    """The row appended with this token is durable."""

    token: int


class JournalDelayed(Event, frozen=True, gc=False):
    """The row with this token is still only in memory after `journal_wait_ms`; the gate goes on without it."""

    token: int


class StorageDegraded(Event, frozen=True, gc=False):
    """Part of the storage does not keep up: rows of the `journal` wait in memory, or the `projections` lag behind."""

    error: str
    part: str = "journal"


class StorageRestored(Event, frozen=True, gc=False):
    """The journal takes rows again; `waited` rows have been written late, `lost` did not fit in memory."""

    waited: int
    lost: int = 0
    part: str = "journal"


class CommandReceived(Event, frozen=True, gc=False):
    """A person or a program asks something of a lane. The engine has already answered repeats of the same `request`.

    `via` is the way it came: `guard` (a booth's own screen, named by `station`), `browser` (a page elsewhere), `http`,
    `mqtt` or `cli`; `by` names the person or token. `present`: whoever asks stands at the lane. `expires_wall_ns` is
    required of `http` and `mqtt`; `expires_mono_ns` is when an order from a screen of this machine is too old to be
    carried out. 0 is never. `case` is the car that the person looked at; empty: whichever is there.
    """

    request: str
    lane: str
    command: str
    by: str
    via: str
    reason: str = ""
    expires_wall_ns: int = 0
    detail: dict[str, Any] = {}
    station: str = ""
    present: bool = False
    expires_mono_ns: int = 0
    case: str = ""


class AlarmCommandReceived(Event, frozen=True, gc=False):
    """Somebody acts on an alarm: `verb` is acknowledge, verify, shelve, unshelve or close."""

    request: str
    alarm: str
    verb: str
    by: str
    reason: str = ""
    finding: str = ""
    until_wall_ns: int = 0
    via: str = ""
    station: str = ""


class LaneChosen(Event, frozen=True, gc=False):
    """A booth's screen shows this lane as the chosen one; told again for as long as it does."""

    station: str
    lane: str


class UplinkChanged(Event, frozen=True, gc=False):
    """The uplink process reports that central can or cannot be reached."""

    up: bool
    reason: str = ""


class ClockChanged(Event, frozen=True, gc=False):
    """The clock's quality changed or it was stepped; `offset_ns` is the step of the wall clock in this boot."""

    state: ClockState
    offset_ns: int


class Started(Event, frozen=True, gc=False):
    """The engine begins; always the first event of a run. `previous_clean` tells whether the last run ended well.

    `reason` is `started`, or `rebuilt` when the core failed and begins anew within the same process. Then `degraded`
    says which part of the storage does not keep up, and why, and `uplink` whether central can be reached, if known.
    """

    run: str
    version: str
    previous_clean: bool = True
    reason: str = "started"
    degraded: dict[str, str] = {}
    uplink: bool | None = None


class FaultContained(Event, frozen=True, gc=False):
    """The program failed on an `event` (its type, or the part that failed), and the gate goes on.

    `error` is the kind of error and where it was raised, nothing personal; `file` is what was set aside.
    """

    event: str
    error: str
    file: str = ""


class Stopping(Event, frozen=True, gc=False):
    """The engine is about to end in good order; always the last event."""

    reason: str
