"""The bus of one controller: its state is polled, its doors are unlocked by order, its records are taken in turn.

A door is unlocked by one message, for the delay that is set in the controller, which locks it again also without the
gateway. The message is sent once; its success is what the controller then says of its relay. `switch` sets the door to
*always open* and back to *controlled*; the controller keeps that, so it is what a held barrier needs.

At a contact the controller is only read. It is set up once the core has asked for its records, so that a trial of the
device (`gatehouse check`) changes nothing.

Records are taken by their index. One that appears while the controller is in contact is fresh, and a card in it may
open; all others are late: they are reported, and nothing may follow from them. The moment at which a record
appeared counts, and not its time, since clocks of controllers go wrong.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from drivers.base import Health, Report
from drivers.boards.uhppote import frames
from drivers.framing.presentation import Presentations
from drivers.links import backoff
from drivers.links.uhppote import messages
from drivers.links.uhppote.messages import Record, Status
from drivers.links.uhppote.wire import ControllerLink
from drivers.orders import Order, OrderedBus
from drivers.trace import Trace
from drivers.watch import AskedAnew, Watch
from gateway.core.vocabulary.errors import BusSilentError, DeviceError, FrameError
from gateway.core.vocabulary.events import (
    ClockShown,
    CredentialRead,
    DeviceConfigured,
    DeviceRecord,
    DeviceRecorded,
    InputsRead,
    RecordsFound,
    RecordsMissed,
)

MS = 1_000_000
IDLE_MAX_S = 1.0
"""The thread looks round this often, for the watchdog."""
FRESH_MS = 2_000
"""A record that waited longer to be taken is late, and so is one that appeared after such a pause of the polls."""
RECORDS_MAX = 10_000
"""Older records than so many are not fetched, and said to be missed."""
RECORDS_PER_POLL_MAX = 8
CLOCK_EVERY_MS = 3_600_000
FOLLOWS_MS = 600
"""How long a relay may take to be seen unlocked behind the order."""
FOLLOWS_EVERY_MS = 50
CONTROL_LOST = ("power_on", "reset")
"""Records after which the controller is set up anew."""
Reader = Literal["both", "in", "out"]
OUT = 2
"""Direction of a record at the reader for leaving."""
NOT_TAKEN = "the controller does not take who decides on cards, so that its own list decides; update its firmware"
NOT_CONTROLLED = (
    "the door is set to {mode} in the controller, so that cards and the gateway do not decide; set it to `controlled`"
)
MODES = {1: "always open", 2: "always closed", 4: "first card only"}


class Door(msgspec.Struct):
    """One device: a door, what it is set to, and what the bus remembers of it."""

    device: str
    door: int
    reader: Reader
    form: frames.Format
    delay_s: int | None
    presentations: Presentations
    watch: Watch
    trace: Trace
    inputs: tuple[bool, ...] | None = None
    anew: bool = False


class ControllerBus(OrderedBus):
    """One controller with its doors; `decides`: the gateway decides on cards while it is there."""

    def __init__(
        self,
        key: Hashable,
        link: ControllerLink,
        doors: Sequence[tuple[str, int, Reader, frames.Format, int | None, int]],
        report: Report,
        *,
        poll_ms: int,
        decides: bool,
    ) -> None:
        """`doors`: device, door, its reader, how cards are written, delay in seconds, when a presentation ends (ms)."""
        super().__init__(report)
        self.key = key
        self.devices = tuple(door[0] for door in doors)
        self._doors = [
            Door(
                device,
                door,
                reader,
                form,
                delay_s,
                Presentations(repeat_ms),
                Watch(device, report),
                self.trace(device),
            )
            for device, door, reader, form, delay_s, repeat_ms in doors
        ]
        self._by_device = {door.device: door for door in self._doors}
        self._link = link
        self._controller = str(link.serial)
        self._decides = decides
        self._period_ns = poll_ms * MS
        self._due_ns = 0
        self._retry = backoff.for_wire()
        self._controls: dict[int, messages.DoorControl] = {}
        self._met = False
        self._set_up = False
        self._told_control = False
        self._clock_due_ns = 0
        self._set_clock: deque[int] = deque(maxlen=1)
        self._wanted: deque[int] = deque(maxlen=1)
        self._after: int | None = None
        self._late_to = 0
        self._appeared_ns: int | None = None
        self._polled_ns = 0
        self._strays = 0
        self._anew = AskedAnew()
        self._stopping = False
        link.tap = self._tapped

    def health(self) -> list[Health]:
        return [door.watch.health for door in self._doors]

    def stop(self) -> None:
        self._stopping = True
        self._wake()

    def tell_anew(self, devices: Collection[str]) -> bool:
        self._anew.add(devices)
        self._wake()
        return True

    def take_records(self, device: str, after: int) -> None:  # noqa: ARG002
        self._wanted.append(after)
        self._wake()

    def set_clock(self, device: str, offset_s: int) -> None:  # noqa: ARG002
        self._set_clock.append(offset_s)
        self._wake()

    def _wake(self) -> None:
        self._link.wake()

    # ---- the bus's own thread --------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            while not self._stopping:
                self.turns += 1
                try:
                    self._step()
                except DeviceError as error:
                    self._failed_to_ask(error)
        finally:
            self._refuse_all("the gateway is stopping")
            self._link.dispose()

    def _step(self) -> None:
        if self._anew:
            self._report_anew(self._anew.take())
        if self._lost:
            self._refuse_all(self._doors[0].watch.health.last_error)
        elif (order := self._next_order()) is not None:
            self._carry_out(order)
            return
        now_ns = time.monotonic_ns()
        if self._due_ns <= now_ns:
            self._poll()
            self._due_ns = max(self._due_ns + self._period_ns, now_ns)
        else:
            self._link.wait(min((self._due_ns - now_ns) / 1e9, IDLE_MAX_S))

    @property
    def _lost(self) -> bool:
        return self._doors[0].watch.lost

    def _failed_to_ask(self, error: DeviceError) -> None:
        """No answer, or the way to the controller is gone."""
        silent = isinstance(error, BusSilentError | FrameError)
        for door in self._doors:
            (door.watch.missed if silent else door.watch.gone)(str(error))
        if self._lost:
            self._met = self._set_up = False
            self._refuse_all(str(error))
        pause_ms = self._retry.pause_ms() if self._lost else self._period_ns // MS
        self._due_ns = time.monotonic_ns() + pause_ms * MS

    def _report_anew(self, devices: Collection[str]) -> None:
        for door in self._doors:
            if door.device in devices and self._lost:
                door.watch.tell_anew()
            elif door.device in devices:
                door.anew = True
                self._due_ns = 0

    def _tapped(self, way: Literal["in", "out"], data: bytes) -> None:
        for door in self._doors:
            (door.trace.sent if way == "out" else door.trace.heard)(data)

    # ---- polls -----------------------------------------------------------------------------------------------------

    def _poll(self) -> None:
        started_ns = time.monotonic_ns()
        status = self._status()
        took_us = (time.monotonic_ns() - started_ns) // 1_000
        paused = started_ns - self._polled_ns > FRESH_MS * MS
        self._polled_ns = started_ns
        if paused:
            self._late_to = status.last
        if not self._met:
            self._meet(status)
        self._retry.reset()
        anew = False
        for door in self._doors:
            door.watch.round_trip_us = took_us
            anew |= self._tell(door, status)
        if anew:
            self._after = None
            self._report(RecordsFound(self._doors[0].device, self._controller, status.last))
        self._note_strays()
        self._look_at_clock(status)
        self._take_records(status)

    def _status(self) -> Status:
        return messages.status(self._link.ask(messages.ask_status(self._link.serial)))

    def _tell(self, door: Door, status: Status) -> bool:
        """Report a door; True when it was a contact made anew, or asked for."""
        number = door.door - 1
        inputs = (status.open[number], status.pressed[number], status.fire, status.locked_by_force)
        if not door.watch.known or door.anew:
            door.inputs, door.anew = inputs, False
            door.watch.restored(inputs, (status.unlocked[number],))
            return True
        was_stale = door.watch.answered()
        if was_stale or inputs != door.inputs:
            door.inputs = inputs
            self._report(InputsRead(door.device, inputs))
        return False

    def _note_strays(self) -> None:
        more, self._strays = self._link.strays - self._strays, self._link.strays
        for door in self._doors:
            door.watch.noise(more)

    def _meet(self, status: Status) -> None:
        """A contact begins: what was recorded until now is late. Nothing is changed."""
        self._late_to = status.last
        for door in self._doors:
            control = self._ask_door(door.door)
            if control.mode in MODES and self.level(door.device, 0) is None:
                door.watch.noise(1, NOT_CONTROLLED.format(mode=MODES[control.mode]))
        self._clock_due_ns = 0
        self._met = True

    def _set_it_up(self) -> None:
        """Each door's delay and who decides become as the site says; what fails is named, and the doors work on."""
        for door in self._doors:
            known = self._ask_door(door.door)
            if door.delay_s is not None and door.delay_s != known.delay_s:
                self._set_door(msgspec.structs.replace(known, delay_s=door.delay_s))
                self._report(DeviceConfigured(door.device, "delay", str(door.delay_s), str(known.delay_s)))
        try:
            taken = messages.host_controls(self._link.ask(messages.set_host_control(self._link.serial, self._decides)))
        except BusSilentError:
            taken = False
        if not taken:
            for door in self._doors:
                door.watch.noise(1, NOT_TAKEN)
        elif not self._told_control:
            self._told_control = True
            decides = "gateway" if self._decides else "controller"
            self._report(DeviceConfigured(self._doors[0].device, "decides", decides))
        self._set_up = True

    def _ask_door(self, number: int) -> messages.DoorControl:
        found = messages.door_is(self._link.ask(messages.ask_door(self._link.serial, number)))
        return self._checked(number, found)

    def _set_door(self, wanted: messages.DoorControl) -> messages.DoorControl:
        found = messages.door_set(self._link.ask(messages.set_door(self._link.serial, wanted)))
        return self._checked(wanted.door, found)

    def _checked(self, number: int, found: messages.DoorControl) -> messages.DoorControl:
        if found.door != number:
            raise FrameError(f"the controller answers for door {found.door} and not {number}; check `door`")
        self._controls[number] = found
        return found

    # ---- clock -----------------------------------------------------------------------------------------------------

    def _look_at_clock(self, status: Status) -> None:
        now_ns = time.monotonic_ns()
        shows = status.clock.isoformat() if status.clock else ""
        if self._set_clock:
            local = datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=self._set_clock.pop())
            wanted = local.replace(tzinfo=None, microsecond=0)
            messages.clock_is(self._link.ask(messages.set_clock(self._link.serial, wanted)))
            self._report(DeviceConfigured(self._doors[0].device, "clock", wanted.isoformat(), shows))
        elif now_ns >= self._clock_due_ns:
            self._clock_due_ns = now_ns + CLOCK_EVERY_MS * MS
            self._report(ClockShown(self._doors[0].device, shows))

    # ---- records ---------------------------------------------------------------------------------------------------

    def _take_records(self, status: Status) -> None:
        """Take what is new in the list, oldest first; orders come between."""
        while self._wanted:
            self._after = self._wanted.popleft()
        if self._after is None:
            return
        if not self._set_up:
            self._set_it_up()
        if status.last < self._after:
            self._after, self._late_to = None, status.last
            self._report(RecordsFound(self._doors[0].device, self._controller, status.last))
            return
        if status.last - self._after > RECORDS_MAX:
            self._miss(self._after + 1, status.last - RECORDS_MAX, "too_many")
        for _ in range(RECORDS_PER_POLL_MAX):
            if self._after >= status.last or self._orders or self._stopping:
                break
            self._take_one(self._after + 1, status)
        if self._after >= status.last:
            self._appeared_ns = None
        else:
            self._due_ns = 0

    def _take_one(self, index: int, status: Status) -> None:
        now_ns = time.monotonic_ns()
        if self._appeared_ns is None:
            self._appeared_ns = now_ns
        elif now_ns - self._appeared_ns > FRESH_MS * MS:
            self._late_to = max(self._late_to, index)
        newest = status.record
        if newest is not None and newest.index == index and newest.kind != messages.OVERWRITTEN:
            self._taken(newest)
            return
        found = self._read(index)
        if found.kind == messages.OVERWRITTEN:
            oldest = self._read(messages.OLDEST).index
            self._miss(index, oldest - 1 if index < oldest <= status.last else status.last, "overwritten")
        elif found.index == index:
            self._taken(found)
        elif found.index == 0:
            self._miss(index, index, "unreadable")
        else:
            raise FrameError(f"the controller answers with record {found.index} and not {index}; it is asked again")

    def _read(self, index: int) -> Record:
        return messages.record(self._link.ask(messages.ask_record(self._link.serial, index)))

    def _miss(self, first: int, last: int, reason: str) -> None:
        self._after = last
        self._report(RecordsMissed(self._doors[0].device, self._controller, first, last, reason))

    def _taken(self, found: Record) -> None:
        """Report a record, once: as a presentation that is decided on, or as what happened."""
        self._after = found.index
        late = found.index <= self._late_to
        what = frames.what(found.reason)
        swiped = what in frames.CARD_SWIPES
        door = next((one for one in self._doors if self._is_of(one, found)), None)
        number = frames.card_number(found.card, (door or self._doors[0]).form) if swiped else frames.CardNumber("")
        record = DeviceRecord(
            self._controller,
            found.index,
            what,
            found.reason,
            found.door,
            number.value,
            found.at.isoformat() if found.at else "",
            late,
        )
        if what in CONTROL_LOST:
            self._set_up = False
        device = (door or self._doors[0]).device
        if door is not None and swiped and self._decides:
            self._note_rule(door, found)
            ours = not late and found.reason in frames.LEFT_TO_US
            if ours and door.presentations.begins(number.value, time.monotonic_ns()):
                self._report(CredentialRead(device, "card", number.value, number.bits, record=record))
                return
        self._report(DeviceRecorded(device, record))

    @staticmethod
    def _is_of(door: Door, found: Record) -> bool:
        return door.door == found.door and door.reader in ("both", "out" if found.direction == OUT else "in")

    @staticmethod
    def _note_rule(door: Door, found: Record) -> None:
        """What is set up in the controller that takes a decision from the gateway."""
        if found.granted:
            door.watch.noise(1, "the controller let a card in by its own list; delete the cards in the controller")
        elif found.reason not in frames.LEFT_TO_US:
            words = f"the controller refused a card by a rule of its own (reason {found.reason}); remove it there"
            door.watch.noise(1, words)

    # ---- orders ----------------------------------------------------------------------------------------------------

    def _carry_out(self, order: Order) -> None:
        door = self._by_device.get(order.device)
        refusal = self._refusal(order, door)
        if door is None or refusal:
            self._failed(order, refusal)
            return
        try:
            failure = self._unlock(door) if order.duration_ms is not None else self._keep(door, order.active)
        except DeviceError as error:
            failure = str(error)
            self._failed_to_ask(error)
        if failure and order.active and self._is_unlocked(door):
            failure = ""  # the answer was lost, and the door follows
        if failure:
            self._failed(order, failure)
        else:
            self._done(order)

    def _refusal(self, order: Order, door: Door | None) -> str:
        if door is None:
            return f"there is no device {order.device!r} on this bus"
        if order.output != 0:
            return f"{order.device} has no output {order.output}"
        if order.duration_ms is not None and not order.active:
            return "the lock of a door takes no pulse that locks; wire it without `normally`"
        if order.too_old(time.monotonic_ns()):
            return "the order waited too long for the controller and was not carried out"
        return ""

    def _unlock(self, door: Door) -> str:
        """Unlock a door for its delay; what is wrong, empty when it follows."""
        if not messages.opened(self._link.ask(messages.open_door(self._link.serial, door.door))):
            return "the controller refuses to unlock the door; look at its doors and interlocks"
        return "" if self._is_unlocked(door) is not False else self._not_followed(door)

    def _keep(self, door: Door, active: bool) -> str:
        """Keep a door unlocked, or end that; what is wrong, empty when it is so."""
        mode = messages.ALWAYS_OPEN if active else messages.CONTROLLED
        known = self._controls.get(door.door) or self._ask_door(door.door)
        if self._set_door(msgspec.structs.replace(known, mode=mode)).mode != mode:
            return "the controller did not take the state of the door; look at the controller"
        return "" if not active or self._is_unlocked(door) is not False else self._not_followed(door)

    def _not_followed(self, door: Door) -> str:
        mode = MODES.get(self._ask_door(door.door).mode)
        why = f"it is set to {mode}" if mode else "look at interlocks, tasks and the fire contact of the controller"
        return f"the controller took the order, but door {door.door} stayed locked; {why}"

    def _is_unlocked(self, door: Door) -> bool | None:
        """Whether the relay is seen unlocked in a moment; None when the controller does not say."""
        until_ns = time.monotonic_ns() + FOLLOWS_MS * MS
        while True:
            try:
                if self._status().unlocked[door.door - 1]:
                    return True
            except DeviceError:
                return None
            if time.monotonic_ns() >= until_ns or self._stopping:
                return False
            self._link.wait(FOLLOWS_EVERY_MS / 1000)
