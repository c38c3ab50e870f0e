"""Places: whether there is one left inside for a car.

A group (a household, a firm) has as many places as the site file says, and each of its passes that is inside takes one.
The car park holds `site.capacity` cars. Whoever has a place of their own is not asked about that: a monthly or staff
pass with a bay, and every pass of a group with places, which are counted apart.

Who is inside, the projections know; what they say comes with the read, as of the passage that they applied last. They
follow the journal by a moment, and by more while the disk fails, and a read may wait for its loop. So the last passages
of this run are kept here, and those behind that one are added. A grant that nobody has used yet has its place already:
of two cars nose to tail only one gets the last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from gateway.core.access import Reason, Space
from gateway.core.commands import Append, Command
from gateway.core.events import Room
from gateway.core.grants import Grant
from gateway.core.passes import Pass, PassKind
from gateway.core.settings import Settings

PASSAGES_MAX = 64
"""More than cross in the time that the projections are ever behind, and a bound where they stay behind for good."""
_CHANGE = {"passage.entered": 1, "passage.exited": -1}


def passage_name(type_: str, visit: str) -> str:
    """What tells one passage from all others."""
    return f"{type_}:{visit}"


def has_bay(found: Pass) -> bool:
    """Whether a pass has a place of its own in the car park; a visitor's bay is anybody's when they are late."""
    return bool(found.bay) and found.kind in (PassKind.MONTHLY, PassKind.STAFF)


class _Passage(msgspec.Struct):
    """A passage of this run; `change` is what it does to the number of cars inside."""

    name: str
    visit: str
    pass_id: str | None
    credential: str | None
    change: int


class Places:
    """Groups and capacity of one site, and what has passed since the projections looked."""

    def __init__(self, settings: Settings) -> None:
        self._groups = {group.id: group.places for group in settings.groups}
        self._capacity = settings.site.capacity
        self._passages: deque[_Passage] = deque(maxlen=PASSAGES_MAX)

    @property
    def counts(self) -> bool:
        """Whether anybody counts at this site."""
        return bool(self._groups) or self._capacity is not None

    def passed(self, commands: Iterable[Command]) -> None:
        """Note the passages among the rows of a turn."""
        for command in commands:
            if isinstance(command, Append) and command.type in _CHANGE:
                self._passages.append(_passage(command.type, command.data))
            elif isinstance(command, Append) and command.data.get("voids"):
                self._void(command.data["voids"])

    def space(self, found: Pass, room: Room, credential: str, grants: Collection[Grant]) -> Space:
        """Whether there is a place for a pass's car; `grants` are all whose vehicles are about to come in."""
        places = self._groups.get(found.group)
        if places is not None:
            return Space.HOUSEHOLD_FULL if self._taken(room, grants) >= places else Space.FREE
        if self._capacity is None or has_bay(found):
            return Space.FREE
        return Space.CAR_PARK_FULL if self._cars(room, credential, grants) >= self._capacity else Space.FREE

    def _taken(self, room: Room, grants: Iterable[Grant]) -> int:
        """How many other passes of the group are inside, or about to be."""
        inside: set[str | None] = set(room.inside)
        for passage in self._behind(room.after):
            if passage.change > 0:
                inside.add(passage.pass_id)
            elif passage.change < 0:
                inside.discard(passage.pass_id)
        inside.update(grant.pass_id for grant in grants)
        return len(inside.intersection(room.others))

    def _cars(self, room: Room, credential: str, grants: Iterable[Grant]) -> int:
        """How many other cars are inside, or about to be; an emergency vehicle does not count."""
        since = sum(one.change for one in self._behind(room.after) if one.credential != credential)
        coming = sum(
            1 for one in grants if _value(one.credential) != credential and one.reason != Reason.EMERGENCY.value
        )
        return max(0, room.cars + since) + coming

    def _behind(self, name: str) -> list[_Passage]:
        """The passages that came after the named one: all that are known, when it is older than they."""
        found: list[_Passage] = []
        for passage in reversed(self._passages):
            if passage.name == name:
                break
            found.append(passage)
        return found[::-1]

    def _void(self, visit: str) -> None:
        """A passage that was only inferred did not happen."""
        for passage in self._passages:
            if passage.visit == visit:
                passage.change = 0


def _passage(type_: str, data: dict[str, Any]) -> _Passage:
    change = 0 if data["mark"] == Reason.EMERGENCY.value else _CHANGE[type_]
    visit = data["visit"]
    return _Passage(passage_name(type_, visit), visit, data["pass"], _value(data["credential"]), change)


def _value(credential: dict[str, str] | None) -> str | None:
    return credential["value"] if credential else None
