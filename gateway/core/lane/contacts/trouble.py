"""Contacts that tell of trouble without moving anything: controller fault, open cabinet, panic button."""

from __future__ import annotations

from gateway.core.alarms.kinds import KINDS
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.parts import LaneParts
from gateway.core.settings.contacts import TROUBLES, contact_of
from gateway.core.vocabulary.turn import Turn


class TroubleContacts:
    """Raises and ends the alarms of these contacts."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def tell_standing(self, turn: Turn) -> None:
        """Take in what the contacts say that were not seen to change: at a start, and when a tag comes off."""
        for contact, value in self._lane.inputs.each(*TROUBLES):
            if value is not None:
                self.changed(turn, contact, value)

    def changed(self, turn: Turn, contact: str, value: bool) -> None:
        """A contact has changed: an alarm begins or ends.

        A controller that reports a fault is a device that does not do its work, so its alarm is `device_lost`: it ends
        with the contact and is followed until it is mended. Under a tag people work at the barrier, and only their call
        for help is an alarm.
        """
        trouble, lane = contact_of(contact).trouble, self._lane.wiring.lane_of(contact)
        if trouble is None:
            return
        key = f"lane:{lane.id}:{trouble.about}"
        if not value:
            self._lane.desk.return_(turn, key)
        elif KINDS[trouble.alarm].calls or Mode.LOCKED not in self._lane.modes:
            self._lane.desk.raise_(turn, trouble.alarm, key, lane=lane.id, detail=trouble.detail)
