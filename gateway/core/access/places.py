"""Places: whether one is left inside for a car.

A group (a household, a firm) has as many places as the site file says, and each of its passes that is inside takes one.
The car park holds `site.capacity` cars. A pass with a place of its own is let in all the same: a monthly or staff pass
with a bay, and every pass of a group with places, which are counted apart.

The projections know the cars inside, and `recent` corrects them. A grant takes its place before its car crosses: of two
cars nose to tail only one gets the last place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from gateway.core.access.recent import Recent
from gateway.core.access.rules import Space
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.events import Occupancy
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Credential


class Expected(msgspec.Struct, frozen=True):
    """A vehicle that was granted at an entry and has not come in yet.

    `shown`: all its credentials; `value`: of the credential that was granted; `visit`: the expected visitor that it is.
    An emergency vehicle does not count as a car inside.
    """

    lane: str
    pass_id: str | None
    shown: tuple[Credential, ...]
    value: str | None
    counts: bool = True
    visit: str | None = None


def has_bay(found: Pass) -> bool:
    """Whether a pass has a place of its own in the car park; the bay of a visitor is not reserved."""
    return bool(found.bay) and found.kind in (PassKind.MONTHLY, PassKind.STAFF)


class Places:
    """Groups and capacity of one site."""

    def __init__(self, settings: Settings, recent: Recent) -> None:
        self._groups = {group.id: group.places for group in settings.groups}
        self._capacity = settings.site.capacity
        self._recent = recent

    def space(self, found: Pass, occupancy: Occupancy, credential: str, expected: Collection[Expected]) -> Space:
        """Whether there is a place for a pass's car; `expected`: all vehicles that are about to come in."""
        places = self._groups.get(found.group)
        if places is not None:
            return Space.HOUSEHOLD_FULL if self._taken(occupancy, expected) >= places else Space.FREE
        if self._capacity is None or has_bay(found):
            return Space.FREE
        return Space.CAR_PARK_FULL if self._cars(occupancy, credential, expected) >= self._capacity else Space.FREE

    def _taken(self, occupancy: Occupancy, expected: Iterable[Expected]) -> int:
        """How many other passes of the group are inside, or about to be."""
        inside: set[str | None] = set(occupancy.inside)
        for passage in self._recent.behind(occupancy.after):
            if passage.change > 0:
                inside.add(passage.pass_id)
            elif passage.change < 0:
                inside.discard(passage.pass_id)
        inside.update(one.pass_id for one in expected)
        return len(inside.intersection(occupancy.others))

    def _cars(self, occupancy: Occupancy, credential: str, expected: Iterable[Expected]) -> int:
        """How many other cars are inside, or about to be; an emergency vehicle does not count."""
        coming = sum(1 for one in expected if one.value != credential and one.counts)
        return self._recent.cars(occupancy.cars, occupancy.after, credential) + coming
