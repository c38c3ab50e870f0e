"""Play a story: set up its site, let everything happen, keep people at work, and tell what broke."""

from __future__ import annotations

import logging
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.acceptance.acceptance import Acceptance
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.rows.base import Credential
from gateway.core.vocabulary.views import AlarmView
from gateway.simulation.box.box import Box, Killed
from gateway.simulation.box.faults import Faults
from gateway.simulation.people.guards import Guards
from gateway.simulation.people.office import Office
from gateway.simulation.people.payers import Payers
from gateway.simulation.people.shows import TOO_LATE_MS, Shows
from gateway.simulation.rules.rules import Rules
from gateway.simulation.rules.table import Broken
from gateway.simulation.story.estate import barrier_of, settings_of
from gateway.simulation.story.happenings import DAY_HOURS, HOUR_MS, LANES, WHO, Happening, Story
from gateway.simulation.story.holders import (
    ADMITTED,
    CODES,
    NO_PASS,
    SURE,
    card_number,
    code_name,
    code_text,
    family_of,
    misread,
    pass_id_of,
    pass_of,
    passes,
    plate_number,
)
from gateway.simulation.story.write import TELLINGS
from gateway.simulation.world.cars import Car, Proofs
from gateway.simulation.world.clock import NS_PER_MS, START_WALL_NS, World
from gateway.simulation.world.gate import Gate
from gateway.simulation.world.road import Road
from gateway.simulation.world.side import Side

REPORTED_MS = 20_000
"""How long a card that was reported lost may still be let in by a read that waits for its loop."""


class Found(msgspec.Struct, frozen=True):
    """What a story led to; `broken` None when every rule held."""

    broken: str | None
    rule: str | None
    at_ms: int
    steps: int
    rows: int
    crossings: int
    excused: int
    starts: int
    faults: int


class Play:
    """One story at one site."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story = story
        self.world = World()
        homes = [barrier_of(story, number) for number in range(len(story.lanes))]
        gates = {n: Gate(self.world, n, story.lanes[n], self._report) for n in sorted({*homes})}
        self.gates = list(gates.values())
        self.sides = [Side(self.world, gates[homes[n]], n, shape) for n, shape in enumerate(story.lanes)]
        self.rules = Rules(self.world, self.gates, self.sides)
        self.end_ns = self.world.now_ns + story.hours * HOUR_MS * NS_PER_MS
        self.faults = Faults(self.world, self.rules, self.sides)
        self.faults.surely = lambda card: not story.site and not story.money and family_of(card) in SURE
        self.box = Box(
            self.world, folder, settings_of(story), self.gates, self.rules, self.faults, self.end_ns,
            twins=story.office,
        )  # fmt: skip
        shows = Shows(self.world, self.sides, self._report, self.rules.cars)
        crossed, struck = self.rules.crossings.crossed, self.rules.crashes.struck
        self.roads = [Road(self.world, side, shows, crossed, struck) for side in self.sides]
        fronts = {road.side.lane: road for road in self.roads}
        self.guards = Guards(
            self.world, self.gates, fronts, self._report, self._alarms, self.rules.rests.stops, self._touched
        )
        self.payers = Payers(self.world, self._report, self.guards, self.rules.money, story.seed)
        self.rules.money.must_pay = self.payers.asked
        self.office = Office(self.world, self.box, self.guards, self.rules, self._report, story.seed)
        self.rules.slips.referred, shows.nothing = self.office.goods, self.office.without_card
        self._up = False
        self._down_until_ns = 0
        self._lost: dict[str, int] = {}
        self.rules.known.admits = self._admits
        self.rules.cars.meet(fronts)
        self.rules.cars.refused = self.guards.refused
        self.box.registry.import_passes(passes())

    def _admits(self, credential: Credential) -> bool:
        """Whether a car with this card, code or plate may come in now."""
        kind, value = credential.kind, credential.value
        if kind == "qr":
            return pass_id_of(kind, value) is not None
        if self.rules.slips.expects(value):
            return True
        lost_ns = self._lost.get(value)
        return family_of(value.removeprefix("沪A")) in ADMITTED and (
            lost_ns is None or self.world.now_ns < lost_ns + REPORTED_MS * NS_PER_MS
        )

    def _alarms(self) -> Sequence[AlarmView]:
        """The alarms that are shown now."""
        return self.box.shown().alarms if self._up else ()

    def _touched(self, lane: str) -> Sequence[str]:
        """The points that keep the tag of a lane on."""
        found = self.box.settings.lane(lane)
        return self.box.site.part(Acceptance).touched.of(found.barrier) if self._up and found is not None else ()

    def run(self) -> Found:
        """Let it all happen."""
        broken: Broken | None = None
        for one in self.story.happenings:
            self.world.at(self.world.now_ns + one.at_ms * NS_PER_MS, lambda it=one: self._happens(it))  # type: ignore[misc]
        self.guards.care(random.Random(self.story.seed), self.story.care_ms)
        try:
            self._live()
            self._settle()
            self.rules.ends(self.box)
        except Broken as error:
            broken = error
        except (GatehouseError, Killed):
            raise
        except Exception as error:  # whatever the core raises is a broken rule, not a crash of the simulator
            logging.getLogger(__name__).debug("the core raised", exc_info=True)
            broken = self.rules.broken("raise", f"{type(error).__name__}: {error}")
        return self._found(broken)

    def _found(self, broken: Broken | None) -> Found:
        rules = self.rules
        return Found(
            broken=str(broken) if broken else None,
            rule=broken.rule if broken else None,
            at_ms=broken.at_ms if broken else self.world.now_ms,
            steps=rules.steps,
            rows=self.box.journal.last_sequence,
            crossings=rules.crossings.crossings,
            excused=rules.crossings.excused,
            starts=self.box.runs,
            faults=self.faults.met,
        )

    def _live(self) -> None:
        while self.world.now_ns < self.end_ns:
            if not self._up:
                while self.world.now_ns < min(self._down_until_ns, self.end_ns):
                    self.world.step(min(self._down_until_ns, self.end_ns))
                self.box.start()
                self._up = True
            try:
                self.box.live(self.end_ns)
            except Killed:
                self._up = False

    def _settle(self) -> None:
        """Let the disk, the projections and the line come back, so that what is left can be compared."""
        if not self._up:
            self.box.start()
        self.box.disk_full_until_ns = self.box.disk_ready_ns = 0
        self.box.central_up = True
        for _ in range(20_000):
            recorder = self.box.recorder
            if recorder is None or (not recorder.waiting and not recorder.degraded and not self.box.inbox.items):
                break
            self.world.step(self.world.now_ns + 100 * NS_PER_MS)
            while self.box.inbox.items:
                self.box.loop.turn()
        self.box.deliver()

    # ---- what happens

    def _report(self, event: e.Event) -> bool:
        if self._up:
            if type(event) is e.CredentialRead and event.kind == "card" and not event.again:
                self.faults.presented(event)
            self.box.inbox.put(event)
        return self._up

    def _happens(self, one: Happening) -> None:
        chance = random.Random(one.seed)
        side = self.sides[one.lane]
        gate, detail = side.gate, one.detail
        match one.what:
            case "car":
                self._car(one, chance)
            case "meet":
                self._meet(gate, one)
            case "strike":
                self.roads[one.lane].strike(chance)
            case "fob":
                self._fob(gate)
            case "person":
                self.guards.says(side.lane, detail["command"], detail["via"])
            case "stale_command":
                self.guards.says(side.lane, detail["command"], "mqtt", in_s=-1)
            case "two_taps":
                self.guards.two_taps(side, detail["gap_ms"])
            case "by_hand":
                self.guards.out_of_use(side, detail["for_ms"])
            case "board_silent":
                gate.board.silence(detail["for_ms"])
            case "board_blip":
                gate.board.silence(550)
            case "reader_dead":
                side.kill_reader(detail["for_ms"])
            case "reader_garbles":
                side.garbles = 1
            case "reader_repeats":
                side.repeats = 3
            case "board_late":
                gate.board.answer_late(detail["by_ms"], detail["for_ms"])
            case "button" if side.shape.get("button_only"):
                gate.press("exit_button")
            case "fire" if side.shape.get("fire"):
                gate.press("fire", detail["for_ms"])
            case "lost_card":
                self._lose(detail["who"])
            case "alarm_key":
                self.guards.alarm_key(detail["verb"], chance)
            case "output_fails":
                gate.board.fail_next_output = True
            case "stuck_input":
                gate.stick(detail["input"], detail["value"], detail["for_ms"])
            case "chatter":
                gate.bounce(detail["input"], detail["times"], chance)
            case "obstructed":
                gate.obstruct(detail["for_ms"])
            case "mains":
                self._mains(gate, detail["for_ms"])
            case "announce" | "slip" | "watch" | "unwatch":
                self.office.happens(one)
            case _:
                self._to_the_box(one, chance)

    def _car(self, one: Happening, chance: random.Random) -> None:
        """A car arrives; one with a cloned card, or a copied code, at the same time at another lane."""
        kind = one.detail["card"]
        car = _car_of(one, kind, 0 if kind == "shared" else one.detail["who"], chance, self.sides[one.lane])
        self.roads[one.lane].arrives(car)
        if kind in ("cloned", "copied"):
            other = (one.lane + (1 if kind == "cloned" else 2)) % LANES
            proofs = car.proofs._replace(plate=plate_number("unknown", one.detail["who"]))
            copied = random.Random(one.seed + 1)
            copy = Car(car.behaviour, proofs, copied, self.sides[other], car.identity, car.pass_id)
            copy.code = car.code
            self.roads[other].arrives(copy)

    def _meet(self, gate: Gate, one: Happening) -> None:
        """Two cars come at once, one from either side of a shared barrier."""
        for n, side in enumerate(side for side in self.sides if side.shares and side.gate is gate):
            who = (one.detail["who"] + n) % WHO
            detail = {"behaviour": "through", "plate": "right"}
            car = _car_of(msgspec.structs.replace(one, detail=detail), "right", who, random.Random(one.seed), side)
            self.roads[side.number].arrives(car)

    def _lose(self, who: int) -> None:
        """A card is reported lost: from now on it is in no pass."""
        self.box.registry.put(pass_of("lost", who, lost=True))
        self._lost.setdefault(card_number("lost", who), self.world.now_ns)

    def _to_the_box(self, one: Happening, chance: random.Random) -> None:
        detail = one.detail
        match one.what:
            case "disk_stalls":
                self.box.stall_disk(detail["for_ms"])
            case "disk_full":
                self.box.disk_full_until_ns = self.world.now_ns + detail["for_ms"] * NS_PER_MS
            case "core_fault" if self._up:
                self.faults.plant(detail["after"], detail["how"])
            case "kill" if self._up:
                self._kill(detail, None)
            case "power_cut" if self._up:
                self._kill(detail, chance)
            case "settings" if self._up:
                self.box.other_settings(self.sides[one.lane].gate, detail["of"], detail["value"])
            case "clock_step":
                self.world.wall_offset_ns += detail["by_s"] * 1_000_000_000
            case "clock_drift":
                self.world.set_wall(self.world.wall_offset_ns, detail["ppm"])
                self.world.after(detail["for_ms"], self._network_time)
            case "clock_unsure":
                self.box.synchronised = False
                self.world.after(detail["for_ms"], self._sure)
            case "uplink":
                self._uplink(up=False)
                self.world.after(detail["for_ms"], lambda: self._uplink(up=True))

    def _sure(self) -> None:
        self.box.synchronised = True

    def _uplink(self, up: bool) -> None:
        self.box.central_up = up
        self._report(e.UplinkChanged(up, "" if up else "the line is down"))

    def _kill(self, detail: dict[str, Any], power: random.Random | None) -> None:
        self._down_until_ns = self.world.now_ns + detail["for_ms"] * NS_PER_MS
        self.box.die(power)
        if power is not None:
            self.world.set_wall(START_WALL_NS - DAY_HOURS * 3_600_000_000_000)  # no clock of its own
            self.world.after(detail["network_ms"], self._network_time)
            self.box.synchronised = False
        raise Killed

    def _network_time(self) -> None:
        self.world.set_wall(START_WALL_NS)
        self.box.synchronised = True

    def _fob(self, gate: Gate) -> None:
        if gate.position > 0.0 or gate.moves or not gate.powered or gate.arm.obstructed:
            return
        told = gate.shape.get("external_open") != "expected" and "at_closed" not in gate.without
        machine_moves = self._up and bool(self.box.shown().lanes[gate.number].grants)
        gate.fob()
        if told and self._up and not machine_moves and gate.moves and not gate.arm.torn:
            self.rules.crashes.forced(gate)

    def _mains(self, gate: Gate, for_ms: int) -> None:
        gate.mains(on=False)
        self.world.after(for_ms, lambda: gate.mains(on=True))


def _car_of(one: Happening, kind: str, who: int, chance: random.Random, side: Side) -> Car:
    """A person's car: its credentials, and the pass that they belong to."""
    family = {"copied": "visitor", "lost_own": "right"}.get(kind, kind)
    proofs = _proofs(family, who, one.detail["plate"], one.seed) if kind != "lost_own" else Proofs("")
    pass_id = None if family in NO_PASS else f"{family}-{who}"
    known = "" if kind in ("shared", "cloned", "copied") else pass_id or proofs.card
    car = Car(one.detail["behaviour"], proofs, chance, side, known, pass_id)
    if family == "visitor":
        number = one.seed % CODES
        car.code = code_name(number)
        car.identity = known and car.code
        car.pass_id = pass_id_of("qr", car.code)
        car.proofs = proofs._replace(code=code_text(number), card="")
    return car


def _proofs(kind: str, who: int, plate: str, seed: int) -> Proofs:
    """The credentials of a person's car, and when the camera reads its plate: the right one, another one, or none."""
    card, chance = card_number(kind, who), random.Random(seed)
    if plate == "none":
        return Proofs(card)
    late_ms = chance.randint(TOO_LATE_MS, TOO_LATE_MS + 4000)
    names, weights = zip(*TELLINGS, strict=True)
    telling = chance.choices(names, weights)[0]
    shown = plate_number(kind, who + (plate == "wrong"))
    if telling == "misread":
        shown = misread(shown, chance)
    return Proofs(card, shown, {"late": late_ms, "first": -2000}.get(plate, 500), telling=telling)


def play(story: Story) -> Found:
    """Run one story in a folder of its own that is gone afterwards."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="gatehouse-sim-") as folder:
        site = Play(story, Path(folder))
        try:
            return site.run()
        finally:
            site.box.close()
