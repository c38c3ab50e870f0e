"""Events: past facts that enter the core, each with its `Now`.

Drivers report facts about devices, the engine adds the rest. Events are not stored; the core makes journal rows by
`Append`.
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
    """The moment of an event: wall time and CLOCK_MONOTONIC in nanoseconds, and the quality of the clock."""

    wall_ns: int
    mono_ns: int
    clock: ClockState = ClockState.SYNCED


class Event(msgspec.Struct, frozen=True, gc=False):
    """Base of all facts that enter the core."""


# ---- reported by drivers -------------------------------------------------------------------------------------------


class InputsRead(Event, frozen=True, gc=False):
    """The electrical state of all inputs of a device at one instant; reported at each change.

    `inputs[n]`: current flows in input n; `normally` of the point gives the meaning.
    """

    device: str
    inputs: tuple[bool, ...]


class DeviceRecord(msgspec.Struct, frozen=True, gc=False):
    """A record from the list that a controller keeps by itself, also while it is not asked.

    `index`: its place in the list of the `controller`; `what` as in the row `device.recorded`, `code` as the maker
    numbers it. `card`: as the registry has it. `clock`: what the controller's clock showed, as ISO text; empty when not
    known. `late`: recorded while the controller could not be asked, so that nothing may follow from it.
    """

    controller: str
    index: int
    what: str
    code: int
    door: int
    card: str = ""
    clock: str = ""
    late: bool = False


class CredentialRead(Event, frozen=True, gc=False):
    """One presentation of a credential. Drivers fill the first four; the engine adds what the registry knows.

    `kind` is `card`, `plate`, `qr` or `pin`; `value` as the contract writes it; `bits` the length of a card's data.
    `visits`: open visits of these passes (or of the credential), newest first. `occupancy`: places taken inside, for
    passes that need one. `after`: the last passage that the projections had applied. `single_use`: a credential for one
    entry (a QR code); `used`: it was used. `long_range`: the reader (UHF) also sees tags far from its lane, and repeats
    the read of a tag in its field about once a second with `again`, which is no new presentation. `age_ms`: age of the
    read on arrival, by the camera's clock. `fault`: the look-up raised. `expected`: visitors with this plate,
    card or code. `accounts`: what was done about the charges of these visits; `debts`: what the car owes from earlier.
    `listed`: entries of the lists of vehicles with this, or with a plate or card of its passes. `record`: of a
    controller that keeps a list, and counts once.
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
    occupancy: tuple[Occupancy, ...] = ()
    age_ms: int = 0
    fault: str = ""
    after: str = ""
    expected: tuple[ExpectedVisit, ...] = ()
    accounts: tuple[Account, ...] = ()
    debts: tuple[Debt, ...] = ()
    listed: tuple[Listed, ...] = ()
    record: DeviceRecord | None = None


class Listed(msgspec.Struct, frozen=True, gc=False):
    """An entry of a list of vehicles (`watch`, `hazardous`), until its end."""

    entry: str
    kind: str
    until_ns: int


class ExpectedVisit(msgspec.Struct, frozen=True, gc=False):
    """A visitor who was registered or announced, and has not left: lets in once from `from_ns` until `until_ns`.

    `entered`: came in, as far as the projections know. `building`: id in the settings. `shown`: where to go, for the
    display of the lane. `hazardous`: with a hazardous load, as was declared. `purpose`: what for.
    """

    visit: str
    from_ns: int
    until_ns: int
    plate: str | None = None
    entered: bool = False
    vehicle_class: str = "car"
    building: str | None = None
    goods: bool = False
    shown: str = ""
    hazardous: bool = False
    purpose: str = ""


class OpenVisit(msgspec.Struct, frozen=True, gc=False):
    """A visit with an entry and without an exit; `goods`: its vehicle brings or fetches goods, as was registered."""

    visit: str
    pass_id: str | None
    plate: str | None
    entered_wall_ns: int
    credential: str | None = None
    goods: bool = False


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One act in the account of a visit; `id` names it for ever, so that it counts once.

    `kind`: `paid`, `waived`, `owed`, `validated`, `quoted` (asked for at an exit) or `charged` (the visit is over).
    `amount`: of the act; `due` and `paid`: what was due and paid behind it; `charge`: the whole charge, worked out up
    to `until_ns`. `said`: what tells a repeated request from another one. Amounts are in minor units.
    """

    id: str
    visit: str
    kind: str
    wall_ns: int
    amount: int = 0
    due: int = 0
    charge: int = 0
    until_ns: int = 0
    paid: int = 0
    minutes: int | None = None
    percent: int | None = None
    said: str = ""


class EarlierStay(msgspec.Struct, frozen=True, gc=False):
    """The stay of the same car before this one, with what was done about its charge."""

    visit: str
    entered_wall_ns: int
    exited_wall_ns: int
    entries: tuple[Entry, ...] = ()


class Account(msgspec.Struct, frozen=True, gc=False):
    """What was done about the charge of a visit, as far as the projections know; `earlier`: newest first."""

    visit: str
    pass_id: str | None
    entered_wall_ns: int
    vehicle_class: str = "car"
    entries: tuple[Entry, ...] = ()
    earlier: tuple[EarlierStay, ...] = ()
    exited_wall_ns: int | None = None
    purpose: str = ""


class Debt(msgspec.Struct, frozen=True, gc=False):
    """A sum that a car was released with as owed; `plate` and `credential` recall it."""

    visit: str
    amount: int
    currency: str
    since_ns: int
    plate: str | None = None
    credential: str | None = None


class Occupancy(Event, frozen=True, gc=False):
    """The places for the car of one pass, from the projections.

    `others`: the other passes of its group; `inside`: those of them that are inside (groups with places). `cars`: the
    other cars inside (car park with a capacity). `after`: the last applied passage, named by `passage_name`.
    """

    pass_id: str
    others: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    cars: int = 0
    after: str = ""


class DeviceStale(Event, frozen=True, gc=False):
    """A poll was not answered: the inputs are old until the next `InputsRead` or `DeviceRestored`."""

    device: str


class DeviceLost(Event, frozen=True, gc=False):
    """A device does not answer or its port is gone; `error` is text for people."""

    device: str
    error: str


class DeviceRestored(Event, frozen=True, gc=False):
    """A device answers, for the first time or again; with its inputs and outputs as read back."""

    device: str
    inputs: tuple[bool, ...] = ()
    outputs: tuple[bool, ...] = ()


class TamperChanged(Event, frozen=True, gc=False):
    """The housing of a device was opened, or closed again."""

    device: str
    tampered: bool


class RecordsFound(Event, frozen=True, gc=False):
    """A controller that keeps a list of records is in contact; `last`: the newest, 0 for none.

    The core answers with `TakeRecords`.
    """

    device: str
    controller: str
    last: int


class DeviceRecorded(Event, frozen=True, gc=False):
    """A record that is no presentation to decide on."""

    device: str
    record: DeviceRecord


class RecordsMissed(Event, frozen=True, gc=False):
    """Records that are lost; `reason` as in the row `device.records_missed`."""

    device: str
    controller: str
    first: int
    last: int
    reason: str


class ClockShown(Event, frozen=True, gc=False):
    """What the clock of a device shows in its local time, as ISO text; empty when it shows no time at all."""

    device: str
    shows: str


class DeviceConfigured(Event, frozen=True, gc=False):
    """The gateway has changed what a device is set to, as the settings of the site say; `what` as in the row."""

    device: str
    what: str
    value: str
    before: str = ""


class InstallModeEnded(Event, frozen=True, gc=False):
    """Install mode of a reader is over; `outcome` is `key_set`, `has_key`, `time_over` or `stopped`."""

    device: str
    outcome: str


class OutputDone(Event, frozen=True, gc=False):
    """An output command was acknowledged or read back."""

    device: str
    output: int
    token: int


class OutputFailed(Event, frozen=True, gc=False):
    """An output command was not carried out, or perhaps not; it is not sent again."""

    device: str
    output: int
    token: int
    error: str


# ---- added by the engine -------------------------------------------------------------------------------------------


class TimerFired(Event, frozen=True, gc=False):
    """A timer of `StartTimer` has fired."""

    timer: Timer


class JournalCommitted(Event, frozen=True, gc=False):
    """The row with this token is durable."""

    token: int


class JournalDelayed(Event, frozen=True, gc=False):
    """The row with this token is only in memory after `journal_wait_ms`; the gate works on."""

    token: int


class StorageDegraded(Event, frozen=True, gc=False):
    """Part of the storage does not keep up: rows of the `journal` wait in memory, or the `projections` lag."""

    error: str
    part: str = "journal"


class StorageRestored(Event, frozen=True, gc=False):
    """The journal takes rows again; `waited` rows were written late, `lost` did not fit in memory."""

    waited: int
    lost: int = 0
    part: str = "journal"


class CommandReceived(Event, frozen=True, gc=False):
    """A command to a lane. The engine has already answered repeats of the same `request`.

    `via`: `guard` (a booth's own screen, named by `station`), `browser` (a page elsewhere), `http`, `mqtt` or `cli`.
    `by`: the person or token. `present`: the person is at the lane. `expires_wall_ns`: required for `http` and `mqtt`.
    `expires_mono_ns`: expiry of an order from a screen of this machine. 0: never. `case`: the car that the command is
    for; empty: the car in front.
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


class StayCommandReceived(Event, frozen=True, gc=False):
    """A person decides on a car at an exit that has shown no card, and says which stay it is of.

    `verb` is `release` or `refuse`; `visit`: the stay, empty when none was found; `person`: the driver whose identity
    was checked. The engine adds `stays` (the open visit, if it is one), its `passes` and `accounts`, and `after`, the
    last passage that the projections had applied. The other fields are as in `CommandReceived`.
    """

    request: str
    lane: str
    verb: str
    by: str
    via: str
    reason: str
    person: str
    visit: str = ""
    station: str = ""
    present: bool = False
    expires_mono_ns: int = 0
    stays: tuple[OpenVisit, ...] = ()
    passes: tuple[Pass, ...] = ()
    accounts: tuple[Account, ...] = ()
    after: str = ""


class AlarmCommandReceived(Event, frozen=True, gc=False):
    """A person acts on an alarm: `verb` is acknowledge, verify, shelve, unshelve or close."""

    request: str
    alarm: str
    verb: str
    by: str
    reason: str = ""
    finding: str = ""
    until_wall_ns: int = 0
    via: str = ""
    station: str = ""


class RepairCommandReceived(Event, frozen=True, gc=False):
    """A person acts on a repair order: `verb` is open, assign, arrive, report, reject, confirm or acknowledge_limit.

    `lane`, `device` and `urgency` are of one that is opened by hand; `to`: the operator whom it is assigned to.
    """

    request: str
    repair: str
    verb: str
    by: str
    note: str = ""
    lane: str = ""
    device: str = ""
    urgency: str = ""
    to: str = ""
    via: str = ""
    station: str = ""


class InsideFacts(msgspec.Struct, frozen=True, gc=False):
    """What the projections know of a correction, as of the row `after`.

    `stay`: the visit that is named, while its car is inside; `known`: whether there is such a visit; `ended_by`: who
    has ended it by hand; `earlier`: it began before the number of cars was set last. `stays`, `passes`: of the car that
    is declared; `expected`: the visitor that is named. `cars`: how many are inside; `offset`: by how much that differs
    from the open visits; `set_id`, `set_by`, `set_wall_ns`: of the last person who set it.
    """

    after: str = ""
    known: bool = False
    stay: OpenVisit | None = None
    ended_by: str = ""
    earlier: bool = False
    stays: tuple[OpenVisit, ...] = ()
    passes: tuple[Pass, ...] = ()
    expected: ExpectedVisit | None = None
    cars: int = 0
    offset: int = 0
    set_id: str = ""
    set_by: str = ""
    set_wall_ns: int = 0


class VisitCommandReceived(Event, frozen=True, gc=False):
    """A person corrects who is inside: `verb` is left (a `visit`), came (a `plate` or an expected `visit`) or count.

    `entered_wall_ns`: when the car came in, 0 for now. `seen`: the last correction of the number that the person saw.
    The engine adds the facts.
    """

    request: str
    verb: str
    by: str
    via: str
    reason: str
    visit: str = ""
    plate: str = ""
    entered_wall_ns: int = 0
    count: int = 0
    seen: str | None = None
    station: str = ""
    facts: InsideFacts = InsideFacts()


class PictureAsked(Event, frozen=True, gc=False):
    """A person asks the cameras of a lane for a picture of the vehicle there, for its `visit`."""

    request: str
    visit: str
    lane: str
    by: str
    via: str
    station: str = ""


class AcceptanceReceived(Event, frozen=True, gc=False):
    """A person at one `end` (`installer`, `control_room`) acts on the sheet of a lane.

    `what`: `tick` a `point`, `withdraw` its tick, or `sign` the sheet; `media`: id of the drawn signature, empty for
    none.
    """

    request: str
    lane: str
    what: str
    end: str
    by: str
    via: str
    point: str = ""
    media: str = ""
    station: str = ""


class AcceptanceAsked(Event, frozen=True, gc=False):
    """A page asks for the sheet of a lane, with what is measured now."""

    request: str
    lane: str


class CardAwaited(Event, frozen=True, gc=False):
    """A booth's screen waits for a card from the pile at this lane; an empty lane: it waits no more."""

    station: str
    lane: str
    by: str


class PaymentReceived(Event, frozen=True, gc=False):
    """A payment for a visit; `payment` names it, so that a repeat counts once. `made_wall_ns`: when, 0 for now.

    The engine adds what the stores know: the `account` of the visit (None: there is no such visit that has begun), its
    pass, and the entry of that name if it was booked `before`.
    """

    request: str
    payment: str
    visit: str
    amount: int
    method: str
    by: str
    via: str
    reference: str | None = None
    made_wall_ns: int = 0
    station: str = ""
    account: Account | None = None
    pass_: Pass | None = None
    before: Entry | None = None


class ReductionReceived(Event, frozen=True, gc=False):
    """A validation (one of `minutes`, `percent` and `amount`) or a waiver (`waives`; `amount` None: all that is due; by
    the word of `leader`).

    `name` as `PaymentReceived.payment`; so are the facts that the engine adds.
    """

    request: str
    name: str
    visit: str
    by: str
    via: str
    reason: str = ""
    waives: bool = False
    minutes: int | None = None
    percent: int | None = None
    amount: int | None = None
    station: str = ""
    account: Account | None = None
    pass_: Pass | None = None
    before: Entry | None = None
    leader: str = ""


class HolidaysKnown(Event, frozen=True, gc=False):
    """The holidays and make-up workdays of the site's country are known, as days (`2026-10-01`)."""

    holidays: tuple[str, ...] = ()
    workdays: tuple[str, ...] = ()


class LaneChosen(Event, frozen=True, gc=False):
    """A lane is chosen on a booth's screen; repeated while it is."""

    station: str
    lane: str


class UplinkChanged(Event, frozen=True, gc=False):
    """Central can or cannot be reached, as the uplink process reports."""

    up: bool
    reason: str = ""


class ClockChanged(Event, frozen=True, gc=False):
    """The clock's quality changed or it was stepped; `offset_ns` is the step of the wall clock in this boot."""

    state: ClockState
    offset_ns: int


class Started(Event, frozen=True, gc=False):
    """The engine starts; the first event of a run. `previous_clean`: the last run ended in good order.

    `reason` is `started`, or `rebuilt` after a fault of the core in the same process. Then `degraded` has the parts of
    the storage that do not keep up, with their errors, and `uplink` whether central can be reached, if known.
    `settings_by`: the author of the settings that the run begins with.
    """

    run: str
    version: str
    previous_clean: bool = True
    reason: str = "started"
    degraded: dict[str, str] = {}
    uplink: bool | None = None
    settings_by: str = ""


class FaultContained(Event, frozen=True, gc=False):
    """The program failed on an `event` (its type, or the part that failed), and the gate works on.

    `error`: kind and place of the error, nothing personal; `file`: the kept event.
    """

    event: str
    error: str
    file: str = ""


class Stopping(Event, frozen=True, gc=False):
    """The engine ends in good order; the last event."""

    reason: str
