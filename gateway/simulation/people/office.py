"""The property office and the guard at their screens: visitors with goods, slips, watched vehicles, lost cards."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.core.identities.documents import check_character
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.rows import AccessReferred
from gateway.core.vocabulary.rows.base import Credential
from gateway.simulation.box.box import Box
from gateway.simulation.people.guards import SCREENS, Guards
from gateway.simulation.rules.rules import Rules
from gateway.simulation.story.happenings import Happening
from gateway.simulation.story.holders import card_number, plate_number
from gateway.simulation.world.cars import Car
from gateway.simulation.world.clock import World
from gateway.simulation.world.side import Side

GUARD = {"by": "Wei", "via": "guard", "station": SCREENS[0]}
CLERK = {"by": "Fang", "via": "browser", "station": ""}
OTHER = {"by": "Lin", "via": "guard", "station": SCREENS[1]}
WITH_GOODS = (
    ("slip", 50.0), ("twice", 15.0), ("both", 10.0), ("another", 8.0), ("word", 8.0), ("refuse", 5.0), ("nothing", 4.0),
)  # fmt: skip
"""What a guard does about goods: matches the slip, presses twice, or two guards do, or takes that of another car."""
WITHOUT_CARD = (
    ("steps", 55.0), ("twice", 10.0), ("unsigned", 8.0), ("unasked", 7.0), ("declined", 7.0), ("again", 5.0),
    ("changed", 4.0), ("refuse", 4.0),
)  # fmt: skip
"""How a guard goes about a driver without a card; not always in the order of the steps."""
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"a drawn signature").decode()
WATCHED_DAYS = 300
"""Longer than any clock of a story is wrong."""
STEP_MS = (300, 2_000)


class Office:
    """Told of goods that wait for a slip, and of drivers who have nothing to show."""

    def __init__(
        self, world: World, box: Box, guards: Guards, rules: Rules, report: Callable[[e.Event], bool], seed: int
    ) -> None:
        self._world = world
        self._box = box
        self._guards = guards
        self._rules = rules
        self._report = report
        self._chance = random.Random(f"office {seed}")
        self._slips: dict[str, str] = {}
        self._watched: dict[str, str] = {}
        self._requests = 0

    def happens(self, one: Happening) -> None:
        """The office is asked for something."""
        who, chance = one.detail["who"], random.Random(one.seed)
        match one.what:
            case "announce":
                self._announces(who, one.detail["plate"])
            case "slip":
                self._releases(who, one.detail["kind"], chance)
            case "watch":
                self._watches(one.detail["card"], who, one.detail["by"])
            case "unwatch":
                self._forgets(one.detail["card"], who, one.detail["by"])

    # ---- visitors and their goods

    def _announces(self, who: int, plate: str) -> None:
        """A visitor with goods is expected with a card from the pile, and perhaps by plate."""
        card = card_number("guest", who)
        said: dict[str, Any] = {
            "card": card,
            "unit": "4-201",
            "purpose": "goods",
            "goods": True,
            "until": self._ahead(),
        }
        if plate == "right":
            said["plate"] = plate_number("guest", who)
        if self._call("visits.add", visitor=said, request=f"guest-{who}", **CLERK) and self._kept:
            self._rules.slips.goods_come(card)

    def _releases(self, who: int, kind: str, chance: random.Random) -> None:
        """The office releases goods: for any vehicle or this one, for another carrier, or not after all."""
        said: dict[str, Any] = {"unit": "4-201", "goods": "a sofa", "until": self._ahead()}
        if kind == "vehicle":
            said["plate"] = plate_number("guest", who)
        if kind in ("confirmed", "unconfirmed"):
            said["carrier"] = "other"
        found = self._call("slips.add", slip=said, request=f"slip-{who}", **CLERK)
        if found is None:
            return
        slip = str(found["slip"])
        self._slips[card_number("guest", who)] = slip
        after_ms = chance.randint(0, 60_000)
        if kind == "confirmed":
            self._world.after(after_ms, lambda: self._call("slips.confirm", slip=slip, how="phone", **CLERK))
        elif kind == "cancelled":
            self._world.after(after_ms, lambda: self._call("slips.cancel", slip=slip, **CLERK))

    def goods(self, row: AccessReferred) -> None:
        """Goods wait at an exit for their slip."""
        card = row.credential.value if row.credential is not None else ""
        slip, case, chance = self._slips.get(card), row.case or "", self._chance
        way = _pick(chance, WITH_GOODS)
        after_ms = chance.randint(1500, 15_000)
        if way == "another" and self._slips:
            slip = chance.choice(list(self._slips.values()))
        match way:
            case "nothing":
                return
            case "refuse":
                self._later(after_ms, lambda: self._says(row.lane, "refuse", "papers_missing", case))
            case "word":
                self._later(after_ms, lambda: self._says(row.lane, "open", "office_confirmed", case))
            case _ if slip is not None:
                self._later(after_ms, lambda: self._matches(row, slip, GUARD))
                if way in ("twice", "both"):
                    again = GUARD if way == "twice" else OTHER
                    soon_ms = after_ms + chance.choice((0, 8, 700))
                    self._later(soon_ms, lambda: self._matches(row, slip, again))

    def _matches(self, row: AccessReferred, slip: str, who: dict[str, str]) -> None:
        """A guard compares the goods with a slip and signs, and then lets the car pass."""
        shown = {"kind": row.credential.kind, "value": row.credential.value} if row.credential is not None else None
        used = {"slip": slip, "lane": row.lane, "case": row.case or "", "credential": shown, "plate": ""}
        if self._call("slips.use", **used, **who) is not None:
            self._rules.slips.used(slip, row.lane, row.case or "")
            self._later(500, lambda: self._says(row.lane, "open", "papers_seen", row.case or ""))

    # ---- watched vehicles

    def _watches(self, family: str, who: int, by: str) -> None:
        value = _shown(family, who, by)
        said = {"list": "watch", "reason": "seen at a theft", by: value, "until": self._ahead(WATCHED_DAYS)}
        found = self._call("listed.add", entries=[said], **CLERK)
        if found is not None and self._kept:
            self._watched[value] = str(found["entries"][0])
            self._rules.watched.watches(self._watched[value], Credential(by, value))

    def _forgets(self, family: str, who: int, by: str) -> None:
        entry = self._watched.pop(_shown(family, who, by), None)
        if entry is not None:
            self._rules.watched.forgets(entry)
            self._call("listed.remove", entry=entry, **CLERK)

    # ---- no card at the exit

    def without_card(self, side: Side, car: Car) -> None:
        """A driver at an exit has nothing to show: a guard takes the steps, or tries to do without one."""
        if side.entry or car.pass_id is None or self._box.clerk is None:
            return
        way, stays = _pick(car.chance, WITHOUT_CARD), self._box.state.open_visits(car.pass_id, None)
        visit = stays[0].visit if stays else ""
        self._soon(car, lambda: self._takes(side, car, visit, way))

    def _takes(self, side: Side, car: Car, visit: str, way: str) -> None:
        self._requests += 1
        number = f"99000019800101{car.chance.randrange(1000):03d}"
        taken = {"lane": side.lane, "visit": visit, "kind": "resident_id", "number": number + check_character(number)}
        found = self._call("identities.take", request=f"i{self._requests}", **taken, **GUARD)
        if found is None:
            return
        person = str(found["person"])

        def ends(verb: str = "release") -> None:
            self._ends(side, visit, person, verb)

        steps: dict[str, tuple[Callable[[], object], ...]] = {
            "unasked": (lambda: self._signs(person), ends),
            "unsigned": (lambda: self._answers(person, confirmed=True), ends),
            "declined": (lambda: self._answers(person, confirmed=False), lambda: self._signs(person), ends),
            "refuse": (lambda: self._answers(person, confirmed=False), lambda: ends("refuse")),
            "changed": (
                lambda: self._answers(person, confirmed=True),
                lambda: self._signs(person),
                lambda: self._answers(person, confirmed=False),
                ends,
            ),
        }
        full = (lambda: self._answers(person, confirmed=True), lambda: self._signs(person), ends)
        more = {"twice": (ends,), "again": (lambda: self._world.after(20_000, ends),)}.get(way, ())
        self._one_by_one(car, [*steps.get(way, full), *more])

    def _one_by_one(self, car: Car, steps: list[Callable[[], object]]) -> None:
        if steps:
            steps[0]()
            self._soon(car, lambda: self._one_by_one(car, steps[1:]))

    def _answers(self, person: str, *, confirmed: bool) -> None:
        self._call("identities.answer", person=person, confirmed=confirmed, how="page", said_by="Fang", **CLERK)

    def _signs(self, person: str) -> None:
        self._call("identities.sign", person=person, drawing=PNG, **GUARD)

    def _ends(self, side: Side, visit: str, person: str, verb: str) -> None:
        """The guard presses release or refuse; the engine knows how far the check is."""
        self._requests += 1
        if self._box.clerk is None:
            return
        event = self._box.clerk.stay(
            request=f"e{self._requests}", lane=side.lane, verb=verb, person=person, visit=visit, present=True,
            reason="office_confirmed", **GUARD,
        )  # fmt: skip
        if event is not None:
            self._report(event)

    # ---- to the box

    @property
    def _kept(self) -> bool:
        return self._box.clerk is not None and self._box.clerk.kept

    def _call(self, op: str, **params: Any) -> dict[str, Any] | None:
        return self._box.clerk.call(op, **params) if self._box.clerk is not None else None

    def _says(self, lane: str, command: str, reason: str, case: str) -> None:
        self._guards.says(lane, command, station=SCREENS[0], reason=reason, case=case)

    def _later(self, ms: float, happens: Callable[[], object]) -> None:
        self._world.after(ms, happens)

    def _soon(self, car: Car, happens: Callable[[], object]) -> None:
        self._world.after(car.chance.randint(*STEP_MS), happens)

    def _ahead(self, days: int = 1) -> str:
        """So many days ahead by the clock of the box."""
        now = datetime.fromtimestamp(self._world.wall_ns() // 1_000_000_000, UTC)
        return (now + timedelta(days=days)).isoformat()


def _pick(chance: random.Random, weighted: tuple[tuple[str, float], ...]) -> str:
    names, weights = zip(*weighted, strict=True)
    return str(chance.choices(names, weights)[0])


def _shown(family: str, who: int, by: str) -> str:
    """The card or the plate of a person; those who share a card all have that of the first."""
    who, family = (0 if family == "shared" else who), ("visitor" if family == "copied" else family)
    return card_number(family, who) if by == "card" else plate_number(family, who)
