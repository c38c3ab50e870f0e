"""What a lane does without, for want of a contact, a reader or an output: one sentence each, declared once.

`gateway check`, the installer's page and the guide take the sentences from `WITHOUT`; `lacks` says which hold.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.model import Barrier, Lane


class Lack(msgspec.Struct, frozen=True):
    """One thing that a lane does without: its code, and the terminal that would end it (empty: none)."""

    code: str
    terminal: str = ""

    @property
    def words(self) -> str:
        """The sentence in English."""
        return WITHOUT[self.code]


WITHOUT: dict[str, str] = {
    "close_by_barrier": "close_by is barrier: the gateway never closes by itself",
    "close_by_guard": "close_by is guard: the gateway never closes by itself",
    "no_safety_loop": "no safety loop: never closes by itself; the barrier or the guard closes",
    "no_close": "no close output: the barrier or the guard closes",
    "no_limits": "no limit switches: the arm's position is presumed; 'forced' and 'obstructed' are not seen",
    "no_at_open": "no open limit: open is presumed after the travel time",
    "no_at_closed": "no closed limit: closed is presumed after the travel time; 'forced' is not seen",
    **{f"no_{name}": contact.without for name, contact in CONTACTS.items() if contact.without},
    "no_approach_loop": "no approach loop: a car that reads and backs off is recorded late; passages are inferred",
    "approach_only": "approach loop only: a passage is inferred when it clears while the arm is open",
    "no_loop": "no loop: a passage is inferred from each granted opening",
    "no_reader": "no reader: opens by the guard and by remote command only",
    "no_stop": "no stop output: stop the arm at the barrier itself",
    "no_siren": "no siren: a crash sounds at the control room and on the screen only",
}
"""All sentences by code."""


def lacks(lane: Lane, barrier: Barrier) -> tuple[Lack, ...]:
    """What the lane does without, in the order of their weight."""
    return (*_closing(barrier), *_measuring(barrier), *_contacts(barrier), *_seeing(barrier), *_besides(lane, barrier))


def _closing(barrier: Barrier) -> Iterator[Lack]:
    if barrier.close_by != "gateway":
        yield Lack(f"close_by_{barrier.close_by}")
    elif barrier.safety_by == "gateway" and not barrier.safety:
        yield Lack("no_safety_loop", "barrier.safety_loop")
    elif barrier.close is None and barrier.control == "pulse":
        yield Lack("no_close", "barrier.close")


def _measuring(barrier: Barrier) -> Iterator[Lack]:
    if barrier.at_open is None and barrier.at_closed is None:
        yield Lack("no_limits", "barrier.at_closed")
    elif barrier.at_open is None:
        yield Lack("no_at_open", "barrier.at_open")
    elif barrier.at_closed is None:
        yield Lack("no_at_closed", "barrier.at_closed")


def _contacts(barrier: Barrier) -> Iterator[Lack]:
    for name, contact in CONTACTS.items():
        if contact.without and name not in barrier.contacts:
            yield Lack(f"no_{name}", f"barrier.{name}")


def _seeing(barrier: Barrier) -> Iterator[Lack]:
    if barrier.safety and barrier.approach_loop is None:
        yield Lack("no_approach_loop", "barrier.approach_loop")
    elif not barrier.safety:
        yield Lack("no_loop" if barrier.approach_loop is None else "approach_only", "barrier.safety_loop")


def _besides(lane: Lane, barrier: Barrier) -> Iterator[Lack]:
    if not lane.readers:
        yield Lack("no_reader", "readers")
    if barrier.stop is None and barrier.control != "hold":
        yield Lack("no_stop", "barrier.stop")
    if lane.siren is None:
        yield Lack("no_siren", "siren")
