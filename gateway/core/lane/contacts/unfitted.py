"""Alarms about contacts that are fitted no more: nothing else would ever end them."""

from __future__ import annotations

from gateway.core.lane.parts import LaneParts
from gateway.core.settings.contacts import CONTACTS
from gateway.core.vocabulary.turn import Turn

_ABOUT = {
    "stuck_safety": ("safety_loop",),
    "stuck_approach": ("approach_loop",),
    "open_limit": ("at_open",),
    "closed_limit": ("at_closed",),
    "limits": ("at_open", "at_closed"),
    "fire": ("fire",),
    **{kind.trouble.about: (name,) for name, kind in CONTACTS.items() if kind.trouble is not None},
}
"""What an alarm is about -> the contacts that end it."""


class UnfittedContacts:
    """Ends the alarms of contacts that the settings do not name."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def end(self, turn: Turn) -> None:
        """A lane begins: what an earlier wiring has raised and this one cannot end is over."""
        lanes = {lane.id for lane in self._lane.wiring.lanes}
        for alarm in list(self._lane.desk):
            if alarm.lane in lanes and alarm.active and not self._fitted(alarm.key):
                self._lane.desk.return_(turn, alarm.key)

    def _fitted(self, key: str) -> bool:
        """Whether every contact that the alarm of this key is about is fitted."""
        about = key.split(":", 2)[2] if key.startswith("lane:") else ""
        kind, _, contact = about.partition(":")
        if kind == "chatter":
            return contact in self._lane.inputs
        return all(self._lane.inputs.fitted(name) for name in _ABOUT.get(about, ()))
