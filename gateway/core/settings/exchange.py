"""New settings for a core that runs: the event, and what of the old settings it keeps."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from gateway.core.settings.model import Settings
from gateway.core.subsystem import Memory
from gateway.core.vocabulary.events import Event

Kept = TypeVar("Kept")


class SettingsChanged(Event, frozen=True, gc=False):
    """From now on other settings hold; made by `kept`.

    `touched`: the barriers to be made anew, from this memory; the others go on. `devices`: those whose bus begins anew,
    so that what they last reported is void. `by`, `via`: whose change it is.
    """

    settings: Settings
    touched: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    memory: Memory = Memory()
    by: str = "gateway"
    via: str | None = None


class Unrest(msgspec.Struct, frozen=True):
    """Why a lane cannot be made anew now; `reason` is a key of `UNREST`."""

    lane: str
    name: str
    reason: str

    @property
    def words(self) -> str:
        """For people."""
        name = self.lane if self.name == self.lane else f"{self.name} ({self.lane})"
        return f"lane {name}: {UNREST[self.reason]}"


UNREST = {
    "moving": "the arm moves, or was asked to move",
    "open": "the arm is up",
    "grant": "a vehicle that was let pass has not passed",
    "vehicle": "a vehicle is under the arm",
    "car": "a vehicle is in front of the arm",
    "question": "a person must say whether the arm is whole",
    "paused": "it pauses after a stop",
    "siren": "the siren sounds",
}
"""What is waited for before a lane is made anew, in words."""


def kept(old: Settings, new: Settings) -> Settings:
    """The new settings with the very barriers and lanes of the old ones where they are equal: a lane that goes on is
    known by its object.
    """
    barriers, lanes = {one.id: one for one in old.barriers}, {one.id: one for one in old.lanes}

    def same(known: Kept | None, one: Kept) -> Kept:
        return known if known is not None and known == one else one

    return msgspec.structs.replace(
        new,
        barriers=tuple([same(barriers.get(one.id), one) for one in new.barriers]),
        lanes=tuple([same(lanes.get(one.id), one) for one in new.lanes]),
    )
