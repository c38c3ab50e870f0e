"""Contacts that have changed: each goes where something follows from it."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.access.pending import GONE_MS, TOGETHER_MS
from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.contacts.fire_contact import FireContact
from gateway.core.lane.contacts.trouble import TroubleContacts
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.crash import Crashes
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.motion.failures import ArmFailures
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.loops import Loops
from gateway.core.settings.contacts import contact_of
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.rows import BarrierStuck
from gateway.core.vocabulary.turn import NS_PER_MS, Turn


def _urgency(change: tuple[str, bool | None]) -> tuple[int, bool]:
    """The order of changes of one instant: an impact, loops, limits; what is lost before what comes."""
    return contact_of(change[0]).urgency, bool(change[1])


class ContactChanges:
    """Takes readings, and hands on what has changed."""

    def __init__(
        self,
        lane: LaneParts,
        keeper: GrantKeeper,
        orders: ArmOrders,
        loops: Loops,
        crashes: Crashes,
        failures: ArmFailures,
        trouble: TroubleContacts,
        fire: FireContact,
        pressed: Callable[[Turn, Lane], None],
        events: ArmEvents,
    ) -> None:
        self._lane = lane
        self._keeper = keeper
        self._orders = orders
        self._loops = loops
        self._crashes = crashes
        self._failures = failures
        self._trouble = trouble
        self._fire = fire
        self._pressed = pressed
        self._events = events

    def read(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A reading of a board has come."""
        lane = self._lane
        if device not in lane.inputs.devices() or lane.boards.is_away(device):
            return
        was_stale = not lane.inputs.fresh(device)
        self._changed(turn, lane.inputs.read(turn, device, values))
        if lane.inputs.chattering:
            self._report_chatter(turn)
        if was_stale:
            self._fresh_again(turn)

    def settle(self, turn: Turn, contact: str) -> None:
        """The debounce time of a contact is over."""
        self._changed(turn, self._lane.inputs.settle(turn, contact))

    def calm(self, turn: Turn, contact: str) -> None:
        """A contact that chattered has been calm for a minute."""
        self._lane.inputs.calm(contact)
        self._lane.alarms.end(turn, f"chatter:{contact}")

    def _report_chatter(self, turn: Turn) -> None:
        """An input that does not calm down is a fault with a name."""
        lane = self._lane
        for name in lane.inputs.chattering:
            if not lane.alarms.lasts(f"chatter:{name}"):
                detail = {"reason": "chatters", "point": lane.inputs.point(name), "input": name}
                lane.records.incident(turn, BarrierStuck, **detail)
                lane.alarms.raise_(turn, "stuck", f"chatter:{name}", detail)

    def _fresh_again(self, turn: Turn) -> None:
        """The close that stale inputs held up may come after all."""
        lane = self._lane
        free = lane.detectors.safety is False and lane.crossing.vehicle is None
        if lane.closing.due and free and lane.arm.open:
            lane.closing.start(turn)
        turn.show()

    def _changed(self, turn: Turn, changes: list[tuple[str, bool | None]]) -> None:
        for name, value in sorted(changes, key=_urgency):
            self._contact(turn, name, bool(value))
        if changes:
            turn.show()

    def _contact(self, turn: Turn, contact: str, value: bool) -> None:
        wiring = self._lane.wiring
        name = contact.split(".")[0]
        match name:
            case "safety_loop":
                self._loops.safety_changed(turn, value)
            case "approach_loop":
                self._loops.approach_changed(turn, value)
                self._front_changed(turn, wiring.home, value)
            case "at_open" | "at_closed":
                self._limit_changed(turn, name, value)
            case "arm_detached" if value:
                self._crashes.crash(turn, "arm_detached")
            case "clear_loop":
                self._loops.beyond_changed(turn, value)
                self._front_changed(turn, wiring.other, value)
            case "mains":
                self._mains_changed(turn, value)
            case "fire":
                self._fire.changed(turn, value)
            case "exit_button" if value:
                self._pressed(turn, wiring.lane_of(contact))
            case _ if contact_of(name).trouble is not None:
                self._trouble.changed(turn, contact, value)

    def _front_changed(self, turn: Turn, at: Lane, occupied: bool) -> None:
        """The loop in front of a lane has changed: another vehicle is another case."""
        lane, now_ns = self._lane, turn.now.mono_ns
        if occupied:
            lane.arrivals.comes(at, now_ns)
            self._keeper.note_gone(turn, at)
            lane.cases.end_unless_seen_since(at, now_ns - TOGETHER_MS * NS_PER_MS)
        else:
            lane.cases.leaves(at, now_ns)
            turn.start(lane.wiring.timer("left", at.id), GONE_MS)

    def _limit_changed(self, turn: Turn, name: str, made: bool) -> None:
        """A limit switch has changed; two that contradict each other are not believed."""
        if self._lane.limits.contradict:
            self._events.happens(turn, ArmEvent.CONTRADICTION)
            return
        self._failures.limits_believed(turn)
        if name == "at_open":
            self._events.happens(turn, ArmEvent.OPEN_LIMIT if made else ArmEvent.OPEN_LOST)
        else:
            self._events.happens(turn, ArmEvent.CLOSED_LIMIT if made else ArmEvent.CLOSED_LOST)

    def _mains_changed(self, turn: Turn, on: bool) -> None:
        """The controller may home its arm after mains came or went: nothing that moves now was ordered."""
        lane = self._lane
        if on:
            lane.inputs.doubt("safety_loop")
        lane.search.power_changed(turn.now.mono_ns)
        lane.grants.drop_all(turn, "mains")
        self._orders.void(turn)
