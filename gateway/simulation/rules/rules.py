"""All rules together: each step of the product, and what truly happens, goes to the rules that it concerns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.rows.barrier import BarrierCommanded
from gateway.core.vocabulary.rows.base import Row
from gateway.core.vocabulary.rows.health import StorageDegraded
from gateway.core.vocabulary.rows.repairs import RepairRow
from gateway.simulation.rules.accepted import AcceptanceRules
from gateway.simulation.rules.cars.money import MoneyRules
from gateway.simulation.rules.cars.rules import CarRules
from gateway.simulation.rules.crashes import CrashRules
from gateway.simulation.rules.crossings import CrossingRules
from gateway.simulation.rules.decisions import DecisionRules
from gateway.simulation.rules.known import Barrier, Known, OnRow
from gateway.simulation.rules.office.identities import IdentityRules
from gateway.simulation.rules.office.slips import SlipRules
from gateway.simulation.rules.office.watched import WatchRules
from gateway.simulation.rules.orders import AT_OPEN, SAFETY, OrderRules
from gateway.simulation.rules.repairs import RepairRules
from gateway.simulation.rules.rests import RestRules
from gateway.simulation.rules.storage import Storage
from gateway.simulation.rules.table import Broken
from gateway.simulation.world.clock import World
from gateway.simulation.world.gate import Gate
from gateway.simulation.world.side import Side

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box

BOUNDS_EVERY = 512


class Rules:
    """What the product could not know (a board that is silent, a stuck contact, an engine that is down) excuses it."""

    def __init__(self, world: World, gates: list[Gate], sides: list[Side]) -> None:
        self.known = known = Known(world, gates, sides)
        self.storage = Storage(known)
        self.cars = CarRules(known)
        self.crossings = CrossingRules(known, self.cars)
        self.crashes = CrashRules(known)
        self.rests = RestRules(known)
        self.repairs = RepairRules(known)
        self.orders = OrderRules(known, self.storage)
        self.accepted = AcceptanceRules(known)
        self.money = MoneyRules(known)
        self.slips = SlipRules(known)
        self.watched = WatchRules(known)
        self.identities = IdentityRules(known, self.cars.known)
        self.steps = 0
        self._on_row: dict[type[Row], list[OnRow]] = {}
        for part in (
            self.cars,
            DecisionRules(known),
            self.orders,
            self.crossings,
            self.crashes,
            self.accepted,
            self.money,
            self.slips,
            self.watched,
            self.identities,
        ):
            for row, look in part.rows().items():
                self._on_row.setdefault(row, []).append(look)
        self._on_event: dict[type[e.Event], Callable[[Any], None]] = {
            e.InputsRead: self._inputs_read,
            e.DeviceRestored: self._device_restored,
            e.DeviceStale: self._device_away,
            e.DeviceLost: self._device_away,
            e.JournalCommitted: lambda event: self.orders.permit(event.token, delayed=False),
            e.JournalDelayed: lambda event: self.orders.permit(event.token, delayed=True),
            e.CommandReceived: self._command_received,
            e.StayCommandReceived: self._stay_command_received,
            e.StorageDegraded: lambda _event: self.storage.degraded(),
        }

    def broken(self, rule: str, what: str) -> Broken:
        """The error to raise."""
        return self.known.broken(rule, what)

    # ---- life of the engine

    def starts(self, last_sequence: int, box: Box) -> None:
        """A run begins with what is on the disk."""
        self.known.box = box
        self.storage.starts(last_sequence, box)
        self.accepted.starts(box.reader)
        self.repairs.starts(box)
        for barrier in self.known.barriers:
            barrier.gate.trouble()
        self._begin()

    def core_replaced(self) -> None:
        """Another core begins within the run, and knows what is measured only when the boards have told."""
        self.cars.replaced()
        self.accepted.core_replaced()
        self._begin()

    def _begin(self) -> None:
        self.known.up_since_ns = self.known.world.now_ns
        self.known.forget()
        self.orders.forget()

    def made_anew(self, barriers: Collection[str]) -> None:
        """These barriers begin anew within the run, as at a start; no other one may notice."""
        for barrier in self.known.barriers:
            if f"barrier{barrier.gate.number}" in barriers:
                barrier.gate.trouble()
                barrier.begin()

    def died(self) -> None:
        """The engine is gone."""
        self.known.up_since_ns = None
        self.cars.died()
        for barrier in self.known.barriers:
            barrier.gate.trouble()

    def acknowledged(self, sequence: int, last_hash: str) -> None:
        """The recorder has said that rows up to here are durable."""
        self.storage.acknowledged(sequence, last_hash)
        box = self.known.box
        if box is not None and box.recorder is not None and not box.recorder.waiting:
            self.cars.durable()

    # ---- every step of the core

    def handled(self, event: e.Event, now: e.Now, todo: list[c.Command]) -> None:
        """The core has taken an event: look at what it asks for."""
        self.steps += 1
        self.known.settles = isinstance(event, e.PaymentReceived | e.ReductionReceived)
        learn = self._on_event.get(type(event))
        if learn is not None:
            learn(event)
        for command in todo:
            if type(command) is c.Append:
                self._appended(command, now.mono_ns)
            elif type(command) is c.PulseOutput:
                self.orders.pulsed(event, command)
            elif type(command) is c.SetOutput:
                self.orders.switched(event, command)
        self.cars.handled(event)
        self.accepted.handled(event, todo)
        self.watched.handled(todo)
        if self.steps % BOUNDS_EVERY == 0:
            self.storage.bounds()
            if self.known.box is not None:
                self.repairs.looks(self.known.box)

    def told(self, row: Row) -> None:
        """The clerk has written a row."""
        self.identities.told(row)

    def _appended(self, command: c.Append, now_ns: int) -> None:
        row = command.row
        looks = self._on_row.get(type(row), ())
        if looks and (barrier := self.known.barrier_of(row)) is not None:
            for look in looks:
                look(barrier, row, now_ns)
        elif isinstance(row, BarrierCommanded):
            self.orders.commanded(self.known.lanes[row.lane], row, command.token)
        elif isinstance(row, StorageDegraded):
            self.storage.degraded_row()
        elif isinstance(row, RepairRow):
            self.repairs.appended(row)

    def _inputs_read(self, event: e.InputsRead) -> None:
        barrier = self.known.by_device.get(event.device)
        if barrier is not None:
            before = barrier.known
            if before is not None:
                barrier.stimulus |= before[SAFETY] != event.inputs[SAFETY]
                barrier.comes_down |= before[AT_OPEN] and not event.inputs[AT_OPEN]
            barrier.known, barrier.fresh = event.inputs, True

    def _device_restored(self, event: e.DeviceRestored) -> None:
        barrier = self.known.by_device.get(event.device)
        if barrier is not None:
            barrier.known, barrier.fresh = event.inputs, True

    def _device_away(self, event: e.DeviceStale | e.DeviceLost) -> None:
        barrier = self.known.by_device.get(event.device)
        if barrier is not None:
            barrier.fresh = False

    def _command_received(self, event: e.CommandReceived) -> None:
        barrier = self._asked(event.lane)
        if barrier is not None:
            barrier.stimulus |= event.command == "look"

    def _stay_command_received(self, event: e.StayCommandReceived) -> None:
        self._asked(event.lane)

    def _asked(self, lane: str) -> Barrier | None:
        """A person asks something of a lane; its barrier."""
        barrier = self.known.lanes.get(lane)
        if barrier is not None:
            barrier.asked_ns, barrier.paused_until_ns = self.known.world.now_ns, 0
        return barrier

    # ---- the end

    def ends(self, box: Box) -> None:
        """The story is over and everything has been written: compare what is left with the truth."""
        self.storage.ends(box)
        self.repairs.looks(box)
        self.money.ends(box)
        self.slips.ends(box)
        self.crossings.ends()
