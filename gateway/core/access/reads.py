"""From reads to decisions: which read counts, at which lane, and with which other one.

A tag or a plate may be read from afar or arrive late, so the loop binds it to its car: the read counts while the
approach loop is occupied, or becomes occupied within three seconds of the last sighting. A car may roll up more slowly,
so its read waits while it is seen `again`, within a bound: a tag that stays in the field is of a parked car. A plate
that was seen over three seconds before the car on the loop came is of an earlier car. The same tag or plate at two
lanes within three seconds belongs to the first occupied one. Where a lane requires two factors, a card and a plate
within ten seconds make one read, unless the loop has told of another car in between. A proof that has let its car in
does not count for the next car, and the reads of a car that a person let in are deleted.

A refused car on the loop is not let in by the tag of the car behind: a tag that is first seen when that car has been
there for over three seconds waits for the next car. One loop and one reader cannot tell more: a stranger on the loop
who has shown nothing gets the tag that is read meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.core.settings.model import Lane
from gateway.core.vocabulary.events import CredentialRead
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.turn import NS_PER_MS

LONG_RANGE_MS = 3000
KEPT_MS = 6000
"""A waiting read that is too old counts again if its tag is seen again within this time."""
ARRIVING_MS = 20_000
"""A tag that was seen for this long without its car on the loop is of a parked car."""
ELSEWHERE_MS = 3000
TWO_FACTOR_MS = 10_000
PENDING_MAX = 16
SEEN_MAX = 256


class Taken(msgspec.Struct, frozen=True):
    """A read to decide on; `elsewhere`: it belongs to another lane; `mismatch`: card and plate differ.

    `second`: the plate for the card, where a lane requires both.
    """

    read: CredentialRead
    second: CredentialRead | None = None
    elsewhere: bool = False
    mismatch: bool = False

    def replaced(self, read: CredentialRead) -> Taken:
        """The same with other facts about its read."""
        return msgspec.structs.replace(self, read=read)


def shown(read: CredentialRead) -> Credential:
    """What was read, as grants and rows name it."""
    return Credential(read.kind, read.value)


def is_bound(read: CredentialRead) -> bool:
    """Whether the approach loop binds the read to its car: a long-range tag, or a plate."""
    return read.long_range or read.kind == "plate"


class _Waiting(msgspec.Struct):
    """A read that waits for its loop: when its tag or plate was first and last seen.

    `behind_ns`: when the car on the loop came, if this is of the one behind it, else 0; then it does not count for that
    car, whatever becomes of it.
    """

    read: CredentialRead
    first_ns: int
    seen_ns: int
    behind_ns: int = 0

    def is_behind(self, arrived_ns: int) -> bool:
        """Whether this is of the car behind the one that came then."""
        return self.behind_ns != 0 and self.behind_ns == arrived_ns


class ReadRules:
    """Recent reads, and reads that wait for a loop or a second factor."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Waiting]] = {}
        self._seen: dict[tuple[str, str], tuple[str, int]] = {}
        self._first: dict[str, tuple[int, CredentialRead]] = {}

    @property
    def waits(self) -> bool:
        """Whether any read waits for its approach loop."""
        return bool(self._waiting)

    def first_of(self, lane: Lane) -> CredentialRead | None:
        """The read that was kept at a lane as the first of two proofs."""
        kept = self._first.get(lane.id)
        return kept[1] if kept is not None else None

    def take(
        self,
        lane: Lane,
        read: CredentialRead,
        occupied: bool | None,
        now_ns: int,
        behind: bool = False,
        arrived_ns: int = 0,
    ) -> Taken | None:
        """Take a read at a lane; None while it waits or does not count. `occupied` None: no approach loop.

        `behind`: the car on the loop was refused, and a tag that is first seen now is of the car behind.
        `arrived_ns`: when the car on the loop came.
        """
        if read.again:
            return self._seen_again(lane, read, occupied, now_ns, behind, arrived_ns)
        seen_ns = now_ns - read.age_ms * NS_PER_MS
        before = bool(occupied) and _is_before(seen_ns, arrived_ns)
        if is_bound(read) and (occupied is False or behind or before):
            waiting = self._waiting.setdefault(lane.id, [])
            waiting.append(_Waiting(read, seen_ns, seen_ns, arrived_ns if behind else 0))
            del waiting[:-PENDING_MAX]
            return None
        if is_bound(read) and self._elsewhere(lane, read, seen_ns):
            return Taken(read, elsewhere=True)
        return self._factors(lane, read, now_ns) if lane.two_factor else Taken(read)

    def may_be_here(self, lane: Lane, read: CredentialRead, now_ns: int, arrived_ns: int) -> bool:
        """Whether this may be of a car at this lane: not seen before the car on the loop, nor just now elsewhere."""
        seen_ns = now_ns - read.age_ms * NS_PER_MS
        return not _is_before(seen_ns, arrived_ns) and not self._is_elsewhere(lane, read, seen_ns)

    def let_through(self, lane: str) -> None:
        """A person let the car in front pass: its reads do not count for the next car."""
        self._first.pop(lane, None)

    def forget(self, lanes: Iterable[str]) -> None:
        """These lanes are made anew: what was read there counts no more."""
        for lane in lanes:
            self._waiting.pop(lane, None)
            self._first.pop(lane, None)

    def occupied(self, lane: Lane, now_ns: int, arrived_ns: int = 0) -> list[CredentialRead]:
        """The approach loop is occupied since then: the reads that waited for it and are not too old."""
        waiting = self._waiting.get(lane.id, [])
        counting = [
            one
            for one in waiting
            if now_ns - one.seen_ns <= LONG_RANGE_MS * NS_PER_MS and not one.is_behind(arrived_ns)
        ]
        self._keep(lane.id, [one for one in waiting if one not in counting])
        return [msgspec.structs.replace(one.read, age_ms=max(0, now_ns - one.seen_ns) // NS_PER_MS) for one in counting]

    def waiting_lanes(self, now_ns: int) -> list[str]:
        """Lanes with waiting reads; old ones are deleted."""
        limit = now_ns - KEPT_MS * NS_PER_MS
        for lane, waiting in list(self._waiting.items()):
            self._keep(lane, [one for one in waiting if one.seen_ns >= limit])
        return list(self._waiting)

    def _keep(self, lane: str, waiting: list[_Waiting]) -> None:
        self._waiting[lane] = waiting
        if not waiting:
            del self._waiting[lane]

    def _seen_again(
        self, lane: Lane, read: CredentialRead, occupied: bool | None, now_ns: int, behind: bool, arrived_ns: int
    ) -> Taken | None:
        """A tag was seen again: its read waits on, or counts, or belongs to another lane by now."""
        key = (read.kind, read.value)
        waiting = self._waiting.get(lane.id, [])
        found = next((one for one in waiting if (one.read.kind, one.read.value) == key), None)
        at = self._seen.get(key)
        if at is not None and at[0] == lane.id:
            self._seen[key] = (lane.id, now_ns)
        if found is None:
            return None
        if behind:
            found.first_ns, found.behind_ns = now_ns, arrived_ns
        elsewhere = at is not None and at[0] != lane.id and now_ns - at[1] <= ELSEWHERE_MS * NS_PER_MS
        if elsewhere or now_ns - found.first_ns > ARRIVING_MS * NS_PER_MS:
            self._keep(lane.id, [one for one in waiting if one is not found])
            return None
        seen_ns = max(found.seen_ns, now_ns - read.age_ms * NS_PER_MS)
        found.read, found.seen_ns = msgspec.structs.replace(read, again=False), seen_ns
        if occupied is False or behind or found.is_behind(arrived_ns):
            return None
        self._keep(lane.id, [one for one in waiting if one is not found])
        return self.take(lane, found.read, occupied, now_ns)

    def _elsewhere(self, lane: Lane, read: CredentialRead, seen_ns: int) -> bool:
        if self._is_elsewhere(lane, read, seen_ns):
            return True
        key = (read.kind, read.value)
        self._seen.pop(key, None)
        self._seen[key] = (lane.id, seen_ns)
        while len(self._seen) > SEEN_MAX:
            self._seen.pop(next(iter(self._seen)))
        return False

    def _is_elsewhere(self, lane: Lane, read: CredentialRead, seen_ns: int) -> bool:
        at = self._seen.get((read.kind, read.value))
        return at is not None and at[0] != lane.id and seen_ns - at[1] <= ELSEWHERE_MS * NS_PER_MS

    def _factors(self, lane: Lane, read: CredentialRead, now_ns: int) -> Taken | None:
        before = self._first.pop(lane.id, None)
        fits = before is not None and now_ns - before[0] <= TWO_FACTOR_MS * NS_PER_MS
        fits = fits and before is not None and (before[1].kind == "plate") != (read.kind == "plate")
        if before is None or not fits:
            self._first[lane.id] = (now_ns, read)
            return None
        card, plate = (before[1], read) if read.kind == "plate" else (read, before[1])
        common = {found.id for found in card.passes} & {found.id for found in plate.passes}
        if not common:
            return Taken(card, second=plate, mismatch=True)
        passes = tuple(found for found in card.passes if found.id in common)
        return Taken(msgspec.structs.replace(card, passes=passes), second=plate)


def _is_before(seen_ns: int, arrived_ns: int) -> bool:
    """Whether what was seen then is of a car before the one on the loop."""
    return seen_ns < arrived_ns - LONG_RANGE_MS * NS_PER_MS
