"""The rules about cars: who was let pass, by which proof, at whose word, and where they are now.

They know each car as it truly is: where it stands, what it has shown, whether it has crossed. What the product writes
of a car is compared with that; where the truth could not be told (a stuck loop, a crossing that was excused, rows that
were lost with the memory) nothing is asked until the car has come or gone in plain sight again.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.vocabulary import events as e
from gateway.simulation.story.holders import pass_id_of
from gateway.simulation.world.cars import Car, Told
from gateway.simulation.world.clock import NS_PER_MS, World
from gateway.simulation.world.road import Passage, Road
from gateway.simulation.world.side import DESK, Side, Sighting

SETTLED_MS = 1000
"""A loop that has told the same for so long is known to."""
COMES_MS = 3500
"""A plate counts for a car that comes within three seconds of its sighting, and contacts take a moment."""
UNSEEN_MS = 12_000
"""What an e-bike shows, which no loop sees, may be taken for that of a car that comes so soon behind it."""
TAP_MS = 2000
"""Where no loop tells, a person's two taps within this time are one."""
CHOSEN_MS = 60_000
AT_ONCE_MS = 3000
"""One tag or plate at two lanes within this time is one car's."""
LET_PASS_MS = 120_000
"""A car that a person let pass may be on its way in or out for so long."""
KEPT_MAX = 20_000
LONG_AGO_NS = -(10**18)


class Given(msgspec.Struct):
    """A grant that nobody has used yet, and the car that stood in front when it was given."""

    lane: str
    barrier: str
    at_ns: int
    person: bool
    emergency: bool
    pass_id: str | None
    credential: dict[str, str] | None
    car: Car | None


class CarRules:
    """`once`, `released`, `plates`, `desk` and `taps`."""

    def __init__(
        self,
        world: World,
        sides: Sequence[Side],
        broken: Callable[[str, str], BaseException],
        troubled: Callable[[Any, int], bool],
    ) -> None:
        self._world = world
        self._sides = {side.lane: side for side in sides}
        self._at_desk = [side for side in sides if side.shape.get("desk")]
        self._broken = broken
        self._troubled = troubled
        self.roads: Mapping[str, Road] = {}
        self.refused: Callable[[Side, Car, dict[str, Any]], None] = lambda _side, _car, _data: None
        self._given: dict[str, Given] = {}
        self._used: dict[str, str] = {}
        self._cases: OrderedDict[str, tuple[Side, Car]] = OrderedDict()
        self._visits: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._taken_back: deque[str] = deque(maxlen=64)
        self._whereabouts: dict[str, bool | None] = {}
        self._let_pass: dict[str, int] = {}
        self._about: dict[str, int] = {}
        self._rows: deque[tuple[int, dict[str, Any]]] = deque(maxlen=64)
        self._chosen: tuple[str, int] = ("", LONG_AGO_NS)
        self._not_durable: set[str] = set()
        self._granted_now: list[str] = []

    # ---- what is true

    def comes(self, car: Car) -> None:
        """A car rolls up to its lane."""
        if not car.identity:
            return
        others = self._about.get(car.identity, 0)
        self._about[car.identity] = others + 1
        if others:
            car.alone = False
            self._whereabouts[car.identity] = None

    def gone(self, car: Car) -> None:
        """It has left its lane."""
        if car.identity:
            self._about[car.identity] -= 1

    def chosen(self, lane: str) -> None:
        """The booth's screen shows this lane as the chosen one."""
        self._chosen = lane, self._world.now_ns

    def seen_beside(self, side: Side, car: Car, at: Side, value: str) -> None:
        """A lane has seen what the car at another lane shows: only one that stands there in plain sight is known to."""
        front = self.roads[side.lane].front
        if front is not None and (car.refused or self._front(at) is not car):
            front.handed.add(value)

    def shown_at_desk(self, card: str) -> None:
        """A card is read in the booth; a guard who has chosen the wrong lane shows it for the car that stands there."""
        for side in self._at_desk:
            front = self.roads[side.lane].front
            if front is not None:
                front.handed.add(card)

    def _ago_ms(self, at_ns: int) -> int:
        return (self._world.now_ns - at_ns) // NS_PER_MS

    def _fitted(self, side: Side) -> bool:
        return side.near not in side.gate.without

    def _front(self, side: Side, settled_ms: int = SETTLED_MS) -> Car | None:
        """The one car that stands on the loop in front of a lane, as the product must know by now."""
        car, gate = self.roads[side.lane].front, side.gate
        if car is None or car.stood_ns is None or not self._fitted(side) or self._troubled(gate, COMES_MS):
            return None
        if car.stood_ns - self.roads[side.lane].unseen_ns < UNSEEN_MS * NS_PER_MS:
            return None
        if side.shares and gate.loops["safety_loop"].came_ns >= car.stood_ns:
            return None  # a car from the other side may have been taken for it
        loop = gate.loops[side.near]
        plain = loop.cars == 1 and loop.came_ns == car.stood_ns
        return car if plain and self._ago_ms(car.stood_ns) >= settled_ms else None

    def _empty(self, side: Side) -> bool:
        """Whether the product must know that no car stands in front of a lane."""
        loop = side.gate.loops[side.near]
        if not self._fitted(side) or loop.cars or self._troubled(side.gate, COMES_MS):
            return False
        return self._ago_ms(loop.left_ns) >= SETTLED_MS

    # ---- rows

    def handled(self, event: e.Event) -> None:
        """The core has taken an event."""
        granted, self._granted_now = self._granted_now, []
        if granted and type(event) is e.CredentialRead and event.device == DESK:
            self._read_at_desk(granted)

    def row(self, kind: str, data: dict[str, Any]) -> None:
        """The product has written this of a lane."""
        if kind == "access.granted":
            self._access_granted(data)
        elif kind in ("access.denied", "access.referred"):
            self._access_refused(data)
        elif kind.startswith("case."):
            self._bound(data)
            if kind == "case.released":
                self._let_pass.update(dict.fromkeys(_names(data), self._world.now_ns))
        elif kind in ("passage.entered", "passage.exited"):
            if data.get("case") and data["certainty"] == "declared":
                self._bound(data)
            self._passage(kind, data)
        elif kind == "passage.reversed" and data.get("voids"):
            self._voided(data)
        elif kind == "grant.unused":
            self._given.pop(data["grant"], None)

    def _access_granted(self, data: dict[str, Any]) -> None:
        side = self._sides[data["lane"]]
        credential, person = data["credential"], data["decided_by"] != "gateway"
        car = self._front(side)
        if credential is not None and not person:
            self._granted_now.append(side.lane)
            if credential["kind"] == "qr" and side.entry and credential["value"] in self._used:
                raise self._broken("once", f"{side.lane} let code {credential['value']} in again")
            if credential["kind"] == "plate":
                self._plate_opens(side, credential["value"])
            if car is not None:
                self._agrees(side, car, credential)
        urgent = data["reason"] == "emergency"
        if not urgent:
            self._one_grant(side, car, data, person)
        if person and data.get("case"):
            self._bound(data)
            self._release(side, car, data)
        elif person and not urgent and car is not None and car.refused and not car.under:
            raise self._broken("released", f"{side.lane}: {car.identity} was refused and released as nobody")
        barrier = side.gate.device
        given = Given(side.lane, barrier, self._world.now_ns, person, urgent, data["pass"], credential, car)
        self._given[data["grant"]] = given
        if car is not None and not car.under:
            car.grants.append(data["grant"])
        if len(self._given) > KEPT_MAX:
            self._given.pop(next(iter(self._given)))

    def _access_refused(self, data: dict[str, Any]) -> None:
        side = self._sides[data["lane"]]
        self._wrongly(data)
        car = self._front(side, 0)
        if car is not None and not car.under and data.get("case"):
            car.refused = data["reason"] != "seen_elsewhere"
            if not car.refused:  # two cameras saw it, and so it is of none of their cars
                car.told = [one for one in car.told if one.value != data["credential"]["value"]]
            self._cases[data["case"]] = side, car
            if len(self._cases) > KEPT_MAX:
                self._cases.popitem(last=False)
        front = self.roads[side.lane].front
        if front is not None and data.get("case"):
            self.refused(side, front, data)

    # ---- once

    def _passage(self, kind: str, data: dict[str, Any]) -> None:
        given = self._given.pop(data["grant"] or "", None)
        entered = kind == "passage.entered"
        credential = data["credential"]
        if entered and credential is not None and credential["kind"] == "qr":
            before = self._used.get(credential["value"])
            said = before is not None and before.startswith("word:")
            if before is not None and not said and given is not None and not given.person:
                raise self._broken("once", f"{data['lane']}: code {credential['value']} came in, as before by {before}")
            by_word = "" if given is not None and not given.person else "word:"
            self._used[credential["value"]] = f"{by_word}{data['lane']}"
            self._not_durable.add(credential["value"])
        self._note_visit(entered, data)
        for name in _names(data):
            self._whereabouts[name] = None
            self._not_durable.add(name)
        self._rows.append((self._world.now_ns, data))
        if given is not None and given.person and given.pass_id not in (None, data["pass"]):
            raise self._broken("released", f"{data['lane']}: a grant for {given.pass_id} let {data['pass']} pass")

    # ---- released

    def _note_visit(self, entered: bool, data: dict[str, Any]) -> None:
        """Whose visit an exit ends: it must be that of the car which goes out."""
        if entered:
            self._visits[data["visit"]] = data
            if len(self._visits) > KEPT_MAX:
                self._visits.popitem(last=False)
            return
        visit = self._visits.pop(data["visit"], None)
        if visit is None:
            return
        of_pass = visit["pass"] is not None and visit["pass"] == data["pass"]
        if not of_pass and not set(_values(visit)) & set(_values(data)):
            raise self._broken("released", f"{data['lane']}: {_names(data)} ended the visit of {_names(visit)}")
        for name in set(_names(visit)) - set(_names(data)):
            self._whereabouts[name] = None  # another proof of its pass has ended its stay

    def _bound(self, data: dict[str, Any]) -> None:
        """A person has decided on a case: its car must be the one in front, and the row must be about that car."""
        side = self._sides[data["lane"]]
        known = self._cases.get(data["case"] or "")
        if known is None:
            return
        at, car = known
        front = self._front(side)
        gone = self._empty(at) or (front is not None and front is not car and at is side)
        if gone and at is side:
            raise self._broken("released", f"{side.lane}: a person's word on case {data['case']}, whose car has gone")
        if front is car and not self._owns(car, data):
            raise self._broken(
                "released", f"{side.lane}: case {data['case']} of {car.identity} is told as {_names(data)}"
            )

    def _release(self, side: Side, car: Car | None, data: dict[str, Any]) -> None:
        """A person has let this car pass: its passage must be its own, if nobody else's grant comes before it."""
        known = self._cases.get(data["case"])
        others = [one for one in self._given.values() if one.barrier == side.gate.device]
        if car is not None and known is not None and known[1] is car and not others and not car.under:
            car.released_by = data["grant"]

    def _owns(self, car: Car, data: dict[str, Any]) -> bool:
        """Whether a row is about this car, as far as that can be told by what it has shown."""
        return (data["pass"] is not None and data["pass"] == car.pass_id) or bool(
            set(_values(data)) & (car.values | car.handed)
        )

    def _shown_by(self, car: Car, credential: dict[str, str] | None) -> bool:
        return credential is not None and credential["value"] in car.values

    def _wrongly(self, data: dict[str, Any]) -> None:
        """Nobody is told to be inside, or not to be, when they were seen to come and go as they should."""
        expected = {"already_inside": False, "not_inside": True}.get(data["reason"])
        credential = data["credential"]
        of_code = str(data["pass"]).startswith("visitor") and credential and credential["kind"] != "qr"
        if expected is None or credential is None or of_code:
            return  # the visits of a pass's codes are the pass's as well
        name = _names(data)[0]
        inside = self._whereabouts.get(name, False)
        if credential["kind"] == "qr" and data["reason"] == "already_inside":
            inside = name in self._used
        coming = any(name in _names_of(one.pass_id, one.credential) for one in self._given.values())
        coming = coming or self._ago_ms(self._let_pass.get(name, LONG_AGO_NS)) <= LET_PASS_MS
        if inside is expected and not coming:
            where = "inside" if inside else "outside"
            raise self._broken("released", f"{data['lane']}: {name} is {where} and told {data['reason']}")

    def _voided(self, data: dict[str, Any]) -> None:
        """A passage that was only inferred was taken back, since its car was read outside again, or seemed to be."""
        self._taken_back.append(data["voids"])
        visit = self._visits.pop(data["voids"], None)
        for name in _names(visit or data):
            self._whereabouts[name] = None

    def crossed(self, passage: Passage, plain: bool, since_ns: int | None = None) -> None:
        """A car has crossed a while ago; `plain`: the product could see it, and has recorded it as it should.

        `since_ns`: when a person said before that it passes by hand.
        """
        car = passage.car
        if not passage.forward:
            car.released_by = None if not plain else car.released_by
            return
        rows = [data for at_ns, data in self._rows if at_ns >= (since_ns or passage.crossing.began_ns)]
        own = [data for data in rows if self._owns(car, data)]
        here = [data for data in own if data["lane"] == passage.side.lane]
        if plain and car.released_by is not None:
            self._released_passed(passage, rows)
        if not car.identity:
            return
        surely = plain and car.alone and len(own) == len(here) == 1 and car.identity in _names(here[0])
        surely = surely and here[0]["visit"] not in self._taken_back
        self._whereabouts[car.identity] = passage.side.entry if surely else None

    def _released_passed(self, passage: Passage, rows: list[dict[str, Any]]) -> None:
        """The car that a person let pass has crossed."""
        car, lane = passage.car, passage.side.lane
        if car.released_by in self._given:
            found = [_names(data) for data in rows if data["lane"] == lane]
            raise self._broken("released", f"{lane}: {car.identity} was released and has crossed, recorded was {found}")

    # ---- plates

    def _plate_opens(self, side: Side, plate: str) -> None:
        """A plate lets a car pass: that car must stand here, or have come within three seconds of the sighting."""
        gate = side.gate
        seen = [one for one in side.sightings if one.value == plate]
        if not seen:
            raise self._broken("plates", f"{side.lane} let plate {plate} in, which its camera never told")
        if self._troubled(gate, COMES_MS) or side.two_factor:
            return
        if self._fitted(side):
            loop = gate.loops[side.near]
            left_ms = self._ago_ms(loop.left_ns)
            if not loop.cars and left_ms > COMES_MS:
                raise self._broken("plates", f"{side.lane} let plate {plate} in, and no car is there")
            came_ns = loop.came_ns
            newest_ns = max(one.seen_ns for one in seen)
            if came_ns - newest_ns > COMES_MS * NS_PER_MS:
                ms = (came_ns - newest_ns) // NS_PER_MS
                raise self._broken("plates", f"{side.lane} let plate {plate} in, seen {ms} ms before its car came")
        if any(self._is_elsewhere(side, one) for one in seen) and all(one.at is not side for one in seen):
            raise self._broken("plates", f"{side.lane} let plate {plate} in, whose car stands at {seen[-1].at.lane}")

    def _is_elsewhere(self, side: Side, sighting: Sighting) -> bool:
        """Whether the car of a plate stands at another lane, whose own camera told of it just before."""
        at, car = sighting.at, sighting.car
        if at is side or self._front(at) is not car or car.refused or car.under:
            return False
        told = [one.at_ns for one in car.told if one.kind == "plate" and one.value == sighting.value]
        just = [at_ns for at_ns in told if 0 <= sighting.told_ns - at_ns <= AT_ONCE_MS * NS_PER_MS]
        return bool(just) and self._ago_ms(car.stood_ns or 0) - self._ago_ms(just[0]) >= SETTLED_MS

    def _agrees(self, side: Side, car: Car, credential: dict[str, str]) -> None:
        """Card and plate of the car in front: a difference that was told is for a person."""
        if side.two_factor or car.under or car.stood_ns is None or credential["value"] not in car.values:
            return
        last: dict[bool, Told] = {}
        for one in car.told:
            last[one.kind == "plate"] = one
        if len(last) == 2 and _differ(last[False], last[True]):
            raise self._broken("plates", f"{side.lane} let {credential} in, and the car has shown {car.told}")

    # ---- taps

    def _one_grant(self, side: Side, car: Car | None, data: dict[str, Any], person: bool) -> None:
        """One car is let pass once, by whatever it shows and however often somebody taps."""
        if self._ago_ms(side.gate.body.traffic.last_off_ns) < SETTLED_MS:
            return  # whether the one under the arm has gone on or backed is not judged yet
        if car is not None and not car.under:
            alive = [self._given[one] for one in car.grants if one in self._given]
            before = [one for one in alive if not one.emergency and (one.person or self._shown_by(car, one.credential))]
            if not person and not self._shown_by(car, data["credential"]):
                return  # what another car has shown, one that stands where no loop tells of it
            if before:
                both = not person and not before[-1].person
                what = (
                    f"{side.lane}: {car.identity} has {len(before) + 1} grants, the last for {_names(data) or 'a tap'}"
                )
                raise self._broken("plates" if both else "taps", what)
        elif person and not self._fitted(side) and not data.get("case"):
            since_ns = self._world.now_ns - TAP_MS * NS_PER_MS
            lately = [one for one in self._given.values() if one.lane == side.lane and one.person]
            if any(one.at_ns > since_ns and one.credential is None for one in lately):
                raise self._broken("taps", f"{side.lane}: two grants by hand within {TAP_MS} ms")

    # ---- desk

    def _read_at_desk(self, granted: list[str]) -> None:
        """A card was read in the booth: it opens the lane where a car waits, else the chosen one."""
        if len(granted) > 1:
            raise self._broken("desk", f"one read in the booth opened {' and '.join(granted)}")
        lane = granted[0]
        standing = [side.lane for side in self._at_desk if self._front(side) is not None]
        empty = [side.lane for side in self._at_desk if self._empty(side)]
        lately = self._ago_ms(self._chosen[1]) <= CHOSEN_MS
        chosen = self._chosen[0] if lately else ""
        known = len(standing) + len(empty) == len(self._at_desk)
        if known and len(standing) == 1 and lane not in standing:
            raise self._broken("desk", f"a read in the booth opened {lane}, and the car waits at {standing[0]}")
        if known and not standing and lane != chosen:
            raise self._broken("desk", f"a read in the booth opened {lane}, and {chosen or 'no lane'} is chosen")
        waits = any(one.lane == chosen for one in self._given.values())
        both = len(standing) == len(self._at_desk)
        if both and chosen in standing and lane != chosen and not waits:
            raise self._broken("desk", f"a read in the booth opened {lane}, and {chosen} is chosen")

    # ---- life of the engine

    def durable(self) -> None:
        """No row waits in memory."""
        self._not_durable.clear()

    def died(self) -> None:
        """What was only in memory is lost, and with it what nobody knows any more."""
        self.replaced()
        for name in self._not_durable:
            self._used.pop(name, None)
            self._whereabouts[name] = None
        self._not_durable.clear()

    def replaced(self) -> None:
        """Another core knows nothing of the cars in front, nor of who was let pass."""
        self._given.clear()
        self._cases.clear()
        for road in self.roads.values():
            if road.front is not None:
                road.front.told.clear()
                road.front.released_by, road.front.refused = None, False


def _values(data: Mapping[str, Any]) -> list[str]:
    credential = data.get("credential")
    return [one for one in (credential["value"] if credential else None, data.get("plate")) if one]


def _names(data: Mapping[str, Any]) -> list[str]:
    """By which names the product may know the car of a row: its code, its pass, or what was read."""
    return _names_of(data["pass"], data.get("credential"), data.get("plate"))


def _names_of(pass_id: str | None, credential: Mapping[str, str] | None, plate: str | None = None) -> list[str]:
    if credential is not None and credential["kind"] == "qr":
        return [credential["value"]]
    value = credential["value"] if credential is not None else None
    return [one for one in ((pass_id,) if pass_id else (value, plate)) if one]


def _differ(card: Told, plate: Told) -> bool:
    """Whether a card (or code) and a plate are of two cars: a plate that nobody has may be misread by two signs."""
    pass_id = pass_id_of(card.kind, card.value)
    if pass_id is None:
        return False
    other = pass_id_of("plate", plate.value)
    return other is not None and other != pass_id
