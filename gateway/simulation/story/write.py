"""Writes stories from seeds: how often each trouble comes, who comes, and how the lanes are fitted."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from gateway.simulation.story.guests import with_office
from gateway.simulation.story.happenings import HOUR_MS, LANES, MONTH_HOURS, WHO, Happening, Story

# How often each trouble comes, per site and day; cars come 2,000 a day to four lanes.
_TROUBLES: tuple[tuple[str, float], ...] = (
    ("strike", 0.6),
    ("fob", 4.0),
    ("person", 60.0),
    ("stale_command", 6.0),
    ("board_silent", 3.0),
    ("board_blip", 12.0),
    ("board_late", 4.0),
    ("reader_dead", 3.0),
    ("reader_garbles", 12.0),
    ("reader_repeats", 30.0),
    ("output_fails", 4.0),
    ("stuck_input", 1.0),
    ("chatter", 2.0),
    ("disk_stalls", 4.0),
    ("disk_full", 1.0),
    ("kill", 4.0),
    ("power_cut", 1.5),
    ("clock_step", 1.0),
    ("clock_unsure", 1.0),
    ("clock_drift", 0.5),
    ("uplink", 3.0),
    ("lost_card", 2.0),
    ("alarm_key", 20.0),
    ("button", 12.0),
    ("meet", 30.0),
    ("fire", 0.3),
    ("obstructed", 0.5),
    ("mains", 0.4),
    ("core_fault", 4.0),
    ("two_taps", 12.0),
    ("by_hand", 2.0),
    ("settings", 12.0),
)
_BEHAVIOURS = (
    ("through", 88.0), ("tailgate", 3.0), ("back_off", 3.0), ("halfway", 2.0), ("chat", 1.5), ("e_bike", 2.0),
    ("ram", 0.1),
)  # fmt: skip
_CARDS = (
    ("right", 82.0), ("unknown", 5.0), ("expired", 3.0), ("blocked", 1.0), ("future", 1.0), ("shared", 5.0),
    ("cloned", 2.0), ("lost", 1.0), ("visitor", 4.0), ("copied", 1.0),
)  # fmt: skip
_PLATES = (("right", 80.0), ("first", 6.0), ("late", 5.0), ("none", 5.0), ("wrong", 4.0))
"""What a camera makes of a car's plate; it matters at lanes that ask for card and plate, and at those with a camera."""
TELLINGS = (
    ("once", 60.0), ("alone", 8.0), ("before", 6.0), ("aged", 5.0), ("again", 5.0), ("repeats", 4.0), ("old", 4.0),
    ("unaged", 3.0), ("misread", 5.0),
)  # fmt: skip
"""How a camera tells of a plate at a lane where one proof is enough (`shows`)."""
PAUSE_MS = 180_000
"""The shortest stay."""
CHARGED = 0.2
"""The share of stories in which stays are charged."""
OFFICE = 0.2
"""The share of stories with goods, watched vehicles and drivers without their card."""
_ALARM_KEYS = ("acknowledge", "verify", "shelve", "unshelve", "close", "nonsense")
_PERSON = ("open", "open", "close", "stop", "hold", "release", "lock", "unlock", "reset", "passed", "look", "emergency")


def _pick(chance: random.Random, weighted: tuple[tuple[str, float], ...]) -> str:
    names, weights = zip(*weighted, strict=True)
    return str(chance.choices(names, weights)[0])


_FITTINGS: tuple[tuple[tuple[str, ...], float], ...] = (
    ((), 70.0), (("approach_loop",), 8.0), (("arm_detached",), 8.0), (("at_open",), 5.0),
    (("at_open", "at_closed"), 4.0), (("safety_loop",), 3.0), (("safety_loop", "approach_loop"), 2.0),
)  # fmt: skip


def _shape(chance: random.Random, number: int) -> dict[str, Any]:
    """One lane: most are fully fitted, some lack a sensor or have another controller, reader or habit."""
    shape: dict[str, Any] = {"direction": "exit" if number % 2 else "entry", "travel_ms": chance.randint(900, 4000)}
    fittings, weights = zip(*_FITTINGS, strict=True)
    lacks = chance.choices(fittings, weights)[0]
    if lacks:
        shape["without"] = list(lacks)
    control = chance.choices(("pulse", "hold", "step"), (84.0, 10.0, 6.0))[0]
    if control != "pulse":
        shape["control"] = control
    close_by = chance.choices(("gateway", "barrier", "guard"), (86.0, 9.0, 5.0))[0]
    if close_by != "gateway" and control == "pulse":
        shape["close_by"] = close_by
    if chance.random() < 0.2:
        shape["external_open"] = "expected"
    if chance.random() < 0.15:
        shape["long_range"] = True
    if shape["direction"] == "exit" and chance.random() < 0.1:
        shape["button_only"] = True
    if chance.random() < 0.15 and not shape.keys() & {"long_range", "button_only"}:
        shape["two_factor"] = True
    if chance.random() < 0.1:
        shape["fire"] = True
    return shape


def _habits(seed: int, lanes: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """Cameras, the reader on the desk, and anti-passback."""
    chance = random.Random(f"habits {seed}")
    for shape in lanes:
        if chance.random() < 0.35 and not shape.keys() & {"two_factor", "button_only"}:
            shape["camera"] = True
    plain = [shape for shape in lanes if not shape.keys() & {"two_factor", "button_only", "long_range"}]
    if chance.random() < 0.3 and len(plain) > 1:
        for shape in chance.sample(plain, 2):
            shape["desk"] = True
    anti_passback = chance.choices(("off", "soft", "hard"), (70.0, 12.0, 18.0))[0]
    return {} if anti_passback == "off" else {"anti_passback": anti_passback}


def _shapes(chance: random.Random) -> tuple[dict[str, Any], ...]:
    """The lanes of a site; now and then two of them share a barrier, or are the doors of a sally port."""
    shapes = tuple(_shape(chance, number) for number in range(LANES))
    if chance.random() < 0.25:
        share(*shapes[:2])
    if chance.random() < 0.15:
        for shape in shapes[-2:]:
            shape["sally_port"] = True
    return shapes


def share(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Let a lane share the barrier of the one before it: a loop on either side, and aerials that see both."""
    first["shared"] = second["shares"] = True
    first["without"] = [name for name in first.get("without", ()) if name not in ("safety_loop", "approach_loop")]
    for shape, other in ((first, second), (second, first)):
        if other.get("long_range") and not (shape.get("two_factor") or shape.get("button_only")):
            shape["long_range"] = True


def write(seed: int, hours: int, cars_a_day: int = 2000, troubles: float = 1.0) -> Story:
    """A story of that many hours at a site of four lanes; `troubles` scales how much goes wrong."""
    chance = random.Random(seed)
    lanes = _shapes(chance)
    site = _habits(seed, lanes)
    happenings: list[Happening] = []

    def happens(what: str, **detail: Any) -> None:
        at_ms = chance.randrange(10_000, hours * HOUR_MS)
        happenings.append(Happening(at_ms, what, chance.randrange(LANES), detail, chance.getrandbits(32)))

    for _ in range(int(cars_a_day * hours / 24)):
        happens(
            "car",
            behaviour=_pick(chance, _BEHAVIOURS),
            card=_pick(chance, _CARDS),
            who=chance.randrange(WHO),
            plate=_pick(chance, _PLATES),
        )
    for trouble, a_day in _TROUBLES:
        for _ in range(_count(chance, a_day * troubles * hours / 24)):
            happens(trouble, **_details(chance, trouble))
    happenings.sort(key=lambda one: one.at_ms)
    if site:
        happenings = _there_and_back(happenings, lanes)
    money = random.Random(f"money {seed}").random() < CHARGED
    story = Story(seed, hours, lanes, tuple(happenings), site=site, money=money)
    return with_office(story, cars_a_day) if random.Random(f"with office {seed}").random() < OFFICE else story


def _there_and_back(happenings: list[Happening], lanes: tuple[dict[str, Any], ...]) -> list[Happening]:
    """Most people with a card of their own come in before they go out, and the other way round."""
    last: dict[int, tuple[bool, int]] = {}  # who -> whether they are inside, and since when
    told: list[Happening] = []
    for one in happenings:
        if one.what == "car" and one.detail["card"] == "right" and one.seed % 8:
            enters, who = lanes[one.lane]["direction"] == "entry", one.detail["who"]
            others = ((who + n) % WHO for n in range(WHO))
            who = next((other for other in others if _is_ready(last.get(other), enters, one.at_ms)), who)
            last[who] = enters, one.at_ms
            one = msgspec.structs.replace(one, detail={**one.detail, "who": who})
        told.append(one)
    return told


def _is_ready(last: tuple[bool, int] | None, enters: bool, at_ms: int) -> bool:
    inside, since_ms = last or (False, -PAUSE_MS)
    return inside is not enters and at_ms - since_ms >= PAUSE_MS


def write_outage(seed: int, hours: int = MONTH_HOURS) -> Story:
    """A quiet month at a small estate whose line to central is down from the first hour to the last."""
    story = write(seed, hours, cars_a_day=40, troubles=0.1)
    happenings = [one for one in story.happenings if one.what != "uplink"]
    down = Happening(10_000, "uplink", 0, {"for_ms": hours * HOUR_MS}, seed)
    care_ms = (HOUR_MS, 4 * HOUR_MS)
    return msgspec.structs.replace(story, happenings=(down, *happenings), care_ms=care_ms)


def _count(chance: random.Random, mean: float) -> int:
    whole = int(mean)
    return whole + (chance.random() < mean - whole)


def _details(chance: random.Random, trouble: str) -> dict[str, Any]:
    match trouble:
        case "person" | "stale_command":
            return {"command": chance.choice(_PERSON), "via": chance.choice(("guard", "http", "mqtt"))}
        case "board_late":
            return {"by_ms": chance.randint(60, 450), "for_ms": chance.choice((5000, 60_000, 900_000))}
        case "lost_card" | "meet" | "reader_garbles" | "reader_repeats":
            return {"who": chance.randrange(WHO)}
        case "alarm_key":
            return {"verb": chance.choice(_ALARM_KEYS)}
        case "clock_drift":
            return {"ppm": chance.choice((-500, -50, 50, 500)), "for_ms": chance.choice((600_000, 12 * HOUR_MS))}
        case "fire":
            return {"for_ms": chance.choice((60, 2000, 600_000))}
        case "board_silent" | "reader_dead" | "uplink":
            return {"for_ms": chance.choice((600, 3000, 30_000, 600_000))}
        case "stuck_input":
            names = ("safety_loop", "approach_loop", "at_open", "at_closed")
            return {
                "input": chance.choice(names),
                "value": chance.random() < 0.5,
                "for_ms": chance.randint(1000, 900_000),
            }
        case "chatter":
            return {
                "input": chance.choice(("safety_loop", "approach_loop", "at_closed")),
                "times": chance.randint(5, 60),
            }
        case "disk_stalls":
            return {"for_ms": chance.choice((100, 400, 1500, 6000))}
        case "disk_full":
            return {"for_ms": chance.choice((5000, 120_000, 1_800_000))}
        case "clock_step":
            return {"by_s": chance.choice((-86_400, -30, 2, 3600, 90 * 86_400))}
        case "kill" | "power_cut":
            network_ms = chance.choice((60_000, 60_000, 3 * HOUR_MS))
            return {"for_ms": chance.choice((400, 2000, 20_000, 300_000)), "network_ms": network_ms}
        case "core_fault":
            return {"after": chance.randrange(60), "how": chance.choice(("before", "changed", "deciding"))}
        case "two_taps":
            return {"gap_ms": chance.choice((0, 8, 300, 1500))}
        case "by_hand":
            return {"for_ms": chance.choice((60_000, 300_000))}
        case "settings":
            return {"of": chance.choice(("figure", "bus", "site")), "value": chance.randint(100, 10_000)}
        case "clock_unsure" | "mains":
            return {"for_ms": chance.choice((20_000, 3_600_000))}
        case "obstructed":
            return {"for_ms": chance.choice((5000, 60_000))}
        case _:
            return {}
