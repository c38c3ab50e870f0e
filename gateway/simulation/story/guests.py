"""What the office is for, in some stories: visitors with goods and their slips, watched vehicles, lost cards."""

from __future__ import annotations

import random

import msgspec

from gateway.simulation.story.happenings import DAY_HOURS, HOUR_MS, WHO, Happening, Story

CARS_A_DAY = 2000
GUESTS, WATCHED, WITHOUT_CARD = 60, 12, 30
"""How many come a day, beside that many cars."""
ANNOUNCED_MS = 20_000
"""A visitor is announced so long before the car comes."""
STAYS_MS = (180_000, 3 * HOUR_MS)
SLIPS = ("plain", "plain", "plain", "plain", "vehicle", "confirmed", "unconfirmed", "cancelled", "none")
"""What the office does about a slip: for any vehicle, for this one, for another's goods, taken back, or nothing."""
OF_OFFICE = ("announce", "slip", "watch", "unwatch", "guest", "lost_own")
"""What happens by this alone, and what such cars show."""
PLATES = ("right", "right", "none")


def with_office(story: Story, cars_a_day: int = CARS_A_DAY) -> Story:
    """The story at a site where goods leave on slips, with these people beside all others."""
    chance = random.Random(f"office {story.seed}")
    share = story.hours / DAY_HOURS * cars_a_day / CARS_A_DAY
    found: list[Happening] = []
    for who in range(min(WHO, int(GUESTS * share))):
        found += _guest(chance, story, who)
    cars = [one for one in story.happenings if one.what == "car"]
    for _ in range(int(WATCHED * share) if cars else 0):
        found += _watched(chance, chance.choice(cars))
    for _ in range(int(WITHOUT_CARD * share)):
        found.append(
            _car(chance, _moment(chance, story), _lane(chance, story, "exit"), "lost_own", chance.randrange(WHO))
        )
    happenings = sorted((*story.happenings, *found), key=lambda one: one.at_ms)
    return msgspec.structs.replace(story, happenings=tuple(happenings), office=True)


def _moment(chance: random.Random, story: Story) -> int:
    return chance.randrange(2 * ANNOUNCED_MS, story.hours * HOUR_MS)


def _lane(chance: random.Random, story: Story, direction: str) -> int:
    return chance.choice([number for number, shape in enumerate(story.lanes) if shape["direction"] == direction])


def _guest(chance: random.Random, story: Story, who: int) -> list[Happening]:
    """A visitor with goods comes, and leaves with them on a slip, or without one."""
    at_ms, plate, slip = _moment(chance, story), chance.choice(PLATES), chance.choice(SLIPS)
    leaves_ms = at_ms + chance.randint(*STAYS_MS)
    told = {"who": who, "plate": plate}
    found = [
        Happening(at_ms - ANNOUNCED_MS, "announce", 0, told, chance.getrandbits(32)),
        _car(chance, at_ms, _lane(chance, story, "entry"), "guest", who, plate),
        _car(chance, leaves_ms, _lane(chance, story, "exit"), "guest", who, plate),
    ]
    if slip != "none":
        slip_ms = chance.randrange(at_ms, leaves_ms)
        found.append(Happening(slip_ms, "slip", 0, {"who": who, "kind": slip}, chance.getrandbits(32)))
    return [one for one in found if one.at_ms < story.hours * HOUR_MS]


def _watched(chance: random.Random, car: Happening) -> list[Happening]:
    """A vehicle is watched from a while before it comes; now and then no more soon after."""
    detail = {"card": car.detail["card"], "who": car.detail["who"], "by": chance.choice(("card", "plate"))}
    at_ms = max(0, car.at_ms - chance.randint(10_000, 600_000))
    found = [Happening(at_ms, "watch", 0, detail, chance.getrandbits(32))]
    if chance.random() < 0.3:
        found.append(Happening(car.at_ms + chance.randint(0, HOUR_MS), "unwatch", 0, detail, chance.getrandbits(32)))
    return found


def _car(chance: random.Random, at_ms: int, lane: int, card: str, who: int, plate: str = "none") -> Happening:
    detail = {"behaviour": "through", "card": card, "who": who, "plate": plate}
    return Happening(at_ms, "car", lane, detail, chance.getrandbits(32))
