"""The contacts of barriers and lanes, each declared once.

The site file, the debouncing, the order in which changes of one instant count, the alarms of contacts that only report
trouble, `gatehouse check` and the reference follow this table. A contact that only reports trouble needs nothing else;
one that means something for the arm or for a vehicle needs its case in `lane`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

QUICK_MS = 30
"""The longest that a quick contact is debounced."""
LAST = 9


class Trouble(msgspec.Struct, frozen=True):
    """The alarm that a contact raises while it is on: its kind, the thing that it is about, and the alarm's detail."""

    alarm: str
    about: str
    detail: dict[str, str] = {}


class ContactKind(msgspec.Struct, frozen=True):
    """One input. `of`: whether it is wired to a barrier or to a lane. `meaning`: what *on* says, for the reference.

    `several`: the site file takes a list of points. `of_arm`: it reports the position or the state of the arm itself.
    `quick`: waits 30 ms at most. `at_once`: *on* counts before it has settled. `urgency`: of changes of one instant,
    the lower counts first. `without`: what a lane does without it, for `gatehouse check`.
    """

    of: Literal["barrier", "lane"]
    meaning: str
    several: bool = False
    of_arm: bool = False
    quick: bool = False
    at_once: bool = False
    urgency: int = LAST
    trouble: Trouble | None = None
    without: str = ""

    def debounce_ms(self, wanted_ms: int) -> int:
        """How long a change must last; `wanted_ms` is the setting of its point."""
        return min(wanted_ms, QUICK_MS) if self.quick else wanted_ms


# In the order in which incident rows list them.
CONTACTS: dict[str, ContactKind] = {
    "at_open": ContactKind("barrier", "limit switch: the arm is open", of_arm=True),
    "at_closed": ContactKind("barrier", "limit switch: the arm is closed", of_arm=True),
    "approach_loop": ContactKind("barrier", "a vehicle is in front of the arm", urgency=2),
    "clear_loop": ContactKind("barrier", "a vehicle is beyond the arm"),
    "arm_detached": ContactKind(
        "barrier",
        "the arm was struck or torn off",
        of_arm=True,
        quick=True,
        urgency=0,
        without="no arm-detached contact: a crash is concluded from the loops and limits",
    ),
    "fault": ContactKind(
        "barrier",
        "the controller reports a fault: vehicles are referred to the guard, alarm `device_lost`",
        trouble=Trouble("device_lost", "controller", {"reason": "controller_fault"}),
    ),
    "hand": ContactKind(
        "barrier",
        "crank or cabinet: alarm `tamper` unless the lane is tagged",
        trouble=Trouble("tamper", "cabinet", {"reason": "cabinet_open"}),
    ),
    "mains": ContactKind(
        "barrier",
        "mains present",
        without="no mains contact: a power cut or the crank may be taken for force",
    ),
    "safety_loop": ContactKind(
        "barrier",
        "a vehicle is under the arm; one input, or a list of them (loop, photocell, radar)",
        several=True,
        at_once=True,
        urgency=1,
    ),
    "exit_button": ContactKind(
        "lane", "push button: lets one vehicle out, as a read would; pressed twice it is still one vehicle", quick=True
    ),
    "fire": ContactKind(
        "lane",
        "opens every lane of the site and keeps it open; when the contact is off, a person closes each lane",
        quick=True,
    ),
    "panic": ContactKind(
        "lane",
        "a button that calls for help; counts from 50 ms, under a tag too",
        quick=True,
        trouble=Trouble("panic", "panic"),
    ),
}


TROUBLES = tuple(name for name, contact in CONTACTS.items() if contact.trouble is not None)
"""The contacts that only report trouble."""


def contacts_of(owner: Literal["barrier", "lane"]) -> tuple[str, ...]:
    """The contacts that are wired to a barrier, or to a lane."""
    return tuple(name for name, contact in CONTACTS.items() if contact.of == owner)


def contact_of(name: str) -> ContactKind:
    """The declaration of an input by its name, which may end in a number or a lane's id (`safety_loop.1`)."""
    return CONTACTS[name.partition(".")[0]]
