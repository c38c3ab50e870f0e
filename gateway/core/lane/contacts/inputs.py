"""What the contacts of one lane say: debounced by time, with *unknown* for what is lost or old.

A change counts once it has been calm for `debounce_ms`. Three exceptions keep people safe: a safety input counts as
occupied at once, the contacts that report an impact or a button wait 30 ms at most, and an input that will not calm
down counts as active after 350 ms (so nothing that is active for over 400 ms is ever missed) and is named as
chattering.
"""

from __future__ import annotations

from collections.abc import Set

from gateway.core.lane.contacts.contact import Contact
from gateway.core.settings.model import Barrier, Lane, Point
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn

Change = tuple[str, bool | None]
CALM_MS = 60_000


def points_of(barrier: Barrier, lanes: tuple[Lane, ...]) -> dict[str, Point]:
    """Every input of a barrier and its lanes by its name in the site file."""
    found = barrier.inputs()
    for lane in lanes:
        for name, point in lane.inputs().items():
            found[name if name not in found else f"{name}.{lane.id}"] = point
    return found


def _together(values: list[bool | None]) -> bool | None:
    """Active when any is, unknown when any is, else free."""
    if True in values:
        return True
    return None if None in values else False


class Inputs:
    """The inputs of one lane; every method returns the changes that people may act on."""

    def __init__(self, owner: str, points: dict[str, Point]) -> None:
        self._owner = owner
        self._contacts = {name: Contact(name, point) for name, point in points.items()}
        self._by_base: dict[str, tuple[Contact, ...]] = {}
        for contact in self._contacts.values():
            self._by_base[contact.base] = (*self._by_base.get(contact.base, ()), contact)
        self._by_device: dict[str, tuple[Contact, ...]] = {}
        for contact in self._contacts.values():
            self._by_device[contact.device] = (*self._by_device.get(contact.device, ()), contact)
        self._read: dict[str, tuple[bool, ...]] = {}
        self._stale: set[str] = set()
        self._chattering: set[str] = set()

    # ---- what is known

    def __contains__(self, name: str) -> bool:
        return name in self._contacts

    def devices(self) -> Set[str]:
        """The devices that these inputs hang on."""
        return self._by_device.keys()

    def names(self, device: str) -> tuple[str, ...]:
        """The inputs that hang on a device."""
        return tuple(contact.name for contact in self._of(device))

    def point(self, name: str) -> str:
        """The point that a name is wired to, as the site file writes it."""
        return self._contacts[name].point

    def fitted(self, base: str) -> bool:
        """Whether such an input is wired at all."""
        return base in self._by_base

    def value(self, base: str) -> bool | None:
        """Settled meaning: True when any of that name is active, None when none is and any is unknown or absent."""
        contacts = self._by_base.get(base)
        if contacts is None:
            return None
        if len(contacts) == 1:  # nearly always, and asked more often than anything else
            return self._fresh(contacts[0])
        return _together([self._fresh(contact) for contact in contacts])

    def _fresh(self, contact: Contact) -> bool | None:
        return None if contact.device in self._stale else contact.believed

    def each(self, *bases: str) -> list[Change]:
        """What every contact with one of these names says now, each for itself."""
        return [(one.name, self._fresh(one)) for one in self._contacts.values() if one.base in bases]

    def last(self, base: str) -> bool | None:
        """As `value`, but an unanswered poll does not make it unknown; for what is shown, never for a close."""
        contacts = self._by_base.get(base)
        if contacts is None:
            return None
        return contacts[0].settled if len(contacts) == 1 else _together([contact.settled for contact in contacts])

    def picture(self) -> dict[str, bool | None]:
        """What every contact says at this instant, settled or not, for the record of an incident."""
        return {name: contact.raw for name, contact in self._contacts.items()}

    def fresh(self, device: str) -> bool:
        """Whether the device's last poll was answered."""
        return device not in self._stale

    @property
    def chattering(self) -> Set[str]:
        """The inputs that do not calm down."""
        return self._chattering

    def was_glitch(self, base: str, since_ns: int) -> bool:
        """Whether what made an input active at once at that moment was shorter than its debounce time."""
        return any(contact.was_glitch(since_ns) for contact in self._by_base.get(base, ()))

    # ---- what happens

    def doubt(self, base: str) -> None:
        """A detector's power has come back: it may have tuned out what stands on it, so *free* is not believed."""
        for contact in self._by_base.get(base, ()):
            contact.doubt()

    def believe(self, base: str) -> None:
        """A person has looked: the detector is believed again."""
        for contact in self._by_base.get(base, ()):
            contact.believe()

    def read(self, turn: Turn, device: str, values: tuple[bool, ...]) -> list[Change]:
        """A reading of a device has come."""
        self._stale.discard(device)
        changes: list[Change] = []
        before = self._read.get(device, ())
        self._read[device] = values
        for contact in self._of(device):
            index = contact.index
            if index >= len(values) or (index < len(before) and before[index] == values[index]):
                continue
            settled, bounces = contact.read(values[index], turn.now.mono_ns)
            if settled:
                changes.append((contact.name, contact.settled))
            elif bounces:
                changes += self._bounces(turn, contact)
        return changes

    def _bounces(self, turn: Turn, contact: Contact) -> list[Change]:
        turn.start(self._timer(contact), contact.debounce_ms)
        at_once = contact.at_once and contact.raw
        chatters = contact.chatters(turn.now.mono_ns)
        if chatters:
            self._chattering.add(contact.name)
            turn.start(Timer("lane", self._owner, "calm", contact.name), CALM_MS)
        counts = (at_once or chatters) and contact.active_at_once()
        return [(contact.name, True)] if counts else []

    def settle(self, turn: Turn, name: str) -> list[Change]:
        """The debounce timer of an input has fired: what it says now is calm.

        What else came with the same reading settles with it, so that contacts that changed between two polls are never
        seen half changed.
        """
        settling = self._contacts.get(name)
        if settling is None:
            return []
        changes = self._settled(settling)
        for contact in self._of(settling.device):
            if contact.calm_by(turn.now.mono_ns):
                changes += self._settled(contact)
        return changes

    def _settled(self, contact: Contact) -> list[Change]:
        return [(contact.name, contact.settled)] if contact.settle() else []

    def calm(self, name: str) -> None:
        """An input that chattered has been calm for a minute."""
        self._chattering.discard(name)

    def stale(self, device: str) -> bool:
        """A poll went unanswered; True when inputs of this lane hang on that device."""
        if device not in self._by_device or device in self._stale:
            return False
        self._stale.add(device)
        return True

    def lost(self, turn: Turn, device: str) -> list[Change]:
        """A device is gone: its inputs are unknown."""
        changes: list[Change] = []
        self._read.pop(device, None)
        for contact in self._of(device):
            if contact.lose():
                turn.cancel(self._timer(contact))
                changes.append((contact.name, None))
        self._stale.discard(device)
        return changes

    def _of(self, device: str) -> tuple[Contact, ...]:
        return self._by_device.get(device, ())

    def _timer(self, contact: Contact) -> Timer:
        return Timer("lane", self._owner, "debounce", contact.name)
