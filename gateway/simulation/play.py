"""Play a story: set up its site, let everything happen, keep people at work, and tell what broke."""

from __future__ import annotations

import logging
import random
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from gateway.core import events as e
from gateway.core.errors import GatehouseError
from gateway.simulation.box import Box, Killed
from gateway.simulation.cars import Proofs, Road
from gateway.simulation.estate import (
    ADMITTED,
    SURE,
    barrier_of,
    card_number,
    family_of,
    pass_of,
    passes,
    plate_number,
    plate_of,
    settings_of,
)
from gateway.simulation.faults import Faults
from gateway.simulation.gate import Gate
from gateway.simulation.rules import Broken, Rules
from gateway.simulation.side import Side
from gateway.simulation.story import DAY_HOURS, HOUR_MS, LANES, WHO, Happening, Story
from gateway.simulation.world import NS_PER_MS, START_WALL_NS, World

REPORTED_MS = 20_000
"""How long a card that was reported lost may still be let in by a read that waits for its loop."""

TOO_LATE_MS = 9_900
"""A plate that is read so long after the card may not count any more."""


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
        self.faults.surely = lambda card: int(card) < 9_000 and family_of(card) in SURE
        self.box = Box(self.world, folder, settings_of(story), self.gates, self.rules, self.faults, self.end_ns)
        self.roads = [Road(self.world, side, self._read, self.rules.crossed, self.rules.struck) for side in self.sides]
        self._requests = 0
        self._up = False
        self._down_until_ns = 0
        self._lost: dict[str, int] = {}
        self.rules.admits = self._admits
        self.rules.plate_of = plate_of
        self.box.registry.import_passes(passes())

    def _admits(self, card: str) -> bool:
        """Whether somebody with this card may come in now."""
        lost_ns = self._lost.get(card)
        return family_of(card) in ADMITTED and (
            lost_ns is None or self.world.now_ns < lost_ns + REPORTED_MS * NS_PER_MS
        )

    def run(self) -> Found:
        """Let it all happen."""
        broken: Broken | None = None
        for one in self.story.happenings:
            self.world.at(self.world.now_ns + one.at_ms * NS_PER_MS, lambda it=one: self._happens(it))  # type: ignore[misc]
        self._care(random.Random(self.story.seed))
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
            crossings=rules.crossings,
            excused=rules.excused,
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

    def _report(self, event: e.Event) -> None:
        if self._up:
            if type(event) is e.CredentialRead and event.kind == "card" and not event.again:
                self.faults.presented(event)
            self.box.inbox.put(event)

    def _read(self, side: Side, proofs: Proofs, chance: random.Random) -> None:
        """Somebody shows what there is to show: presses the button, holds up a card, has the plate read."""
        if side.shape.get("button_only"):
            side.gate.press("exit_button")
            return
        if side.two_factor and proofs.plate:
            self.world.after(max(0, proofs.plate_ms), lambda: self._sees(side, "plate", proofs.plate))
        if side.two_factor and proofs.plate_ms > TOO_LATE_MS and chance.random() < 0.5:
            self.world.after(
                proofs.plate_ms + chance.randint(-3000, 3000), lambda: self._sees(side, "card", proofs.card)
            )
        self.world.after(max(0, -proofs.plate_ms), lambda: self._shows_card(side, proofs.card, chance))

    def _shows_card(self, side: Side, card: str, chance: random.Random) -> None:
        """A card is shown, or a tag seen; readers repeat and garble, and the next lane's aerial sees tags as well."""
        if side.garbles:
            side.garbles -= 1
            self._sees(side, "card", str(90_000 + chance.randrange(WHO)))
        self._sees(side, "card", card)
        far = side.shape.get("long_range")
        again = chance.randint(1, 5) if side.repeats or far else 0
        side.repeats = max(0, side.repeats - 1)
        for n in range(1, again + 1):
            self.world.after(n * 1000, lambda: self._sees(side, "card", card, again=True))
        for other in self.sides:
            if other is not side and other.shape.get("long_range") and far:
                self.world.after(chance.randint(0, 2000), lambda it=other: self._sees(it, "card", card))  # type: ignore[misc]

    def _sees(self, side: Side, kind: str, value: str, again: bool = False) -> None:
        read = side.sees(kind, value, again)
        if read is not None:
            self._report(read)

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
                self._person(side.lane, detail["command"], detail["via"], in_s=60)
            case "stale_command":
                self._person(side.lane, detail["command"], "mqtt", in_s=-1)
            case "board_silent":
                gate.silence(detail["for_ms"])
            case "board_blip":
                gate.silence(550)
            case "reader_dead":
                side.kill_reader(detail["for_ms"])
            case "reader_garbles":
                side.garbles = 1
            case "reader_repeats":
                side.repeats = 3
            case "board_late":
                gate.answer_late(detail["by_ms"], detail["for_ms"])
            case "button" if side.shape.get("button_only"):
                gate.press("exit_button")
            case "fire" if side.shape.get("fire"):
                gate.press("fire", detail["for_ms"])
            case "lost_card":
                self._lose(detail["who"])
            case "alarm_key":
                self._alarm_key(detail["verb"], chance)
            case "output_fails":
                gate.fail_next_output = True
            case "stuck_input":
                gate.stick(detail["input"], detail["value"], detail["for_ms"])
            case "chatter":
                gate.chatter(detail["input"], detail["times"], chance)
            case "obstructed":
                self._obstruct(gate, detail["for_ms"])
            case "mains":
                self._mains(gate, detail["for_ms"])
            case _:
                self._to_the_box(one, chance)

    def _car(self, one: Happening, chance: random.Random) -> None:
        """A car arrives; one with a cloned card at the same time at the next lane."""
        kind = one.detail["card"]
        who = 0 if kind == "shared" else one.detail["who"]
        proofs = _proofs(kind, who, one.detail["plate"], one.seed)
        self.roads[one.lane].arrives(one.detail["behaviour"], proofs, chance)
        if kind == "cloned":
            other, copy = (one.lane + 1) % LANES, Proofs(proofs.card, plate_number("unknown", who))
            self.roads[other].arrives(one.detail["behaviour"], copy, random.Random(one.seed + 1))

    def _meet(self, gate: Gate, one: Happening) -> None:
        """Two cars come at once, one from either side of a shared barrier."""
        for n, side in enumerate(side for side in self.sides if side.shares and side.gate is gate):
            proofs = _proofs("right", (one.detail["who"] + n) % WHO, "right", one.seed)
            self.roads[side.number].arrives("through", proofs, random.Random(one.seed))

    def _lose(self, who: int) -> None:
        """Somebody says that a card is lost: from now on it is nobody's."""
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
        if gate.arm.position > 0.0 or gate.arm.motor or not gate.arm.powered or gate.arm.blocked:
            return
        told = gate.shape.get("external_open") != "expected" and "at_closed" not in gate.without
        machine_moves = self._up and bool(self.box.site.snapshot(self.box.clock.now())["lanes"][gate.number]["grants"])
        gate.arm.drive(1)
        if told and self._up and not machine_moves and gate.arm.motor and not gate.arm.torn:
            self.rules.forced(gate)

    def _obstruct(self, gate: Gate, for_ms: int) -> None:
        gate.trouble()
        gate.arm.blocked = True
        gate.arm.drive(0)
        self.world.after(for_ms, lambda: setattr(gate.arm, "blocked", False))

    def _mains(self, gate: Gate, for_ms: int) -> None:
        def back() -> None:
            gate.arm.powered = True
            gate.mains_ns = self.world.now_ns
            gate.trouble()
            gate.touch()

        gate.trouble()
        gate.arm.drive(0)
        gate.arm.powered = False
        gate.touch()
        self.world.after(for_ms, back)

    # ---- people

    def _person(self, lane: str, command: str, via: str, in_s: int) -> None:
        self._requests += 1
        expires_ns = 0 if via == "guard" and in_s > 0 else self.world.wall_ns() + in_s * 1_000_000_000
        self._report(
            e.CommandReceived(
                f"p{self._requests}", lane, command, "Wei", via, "simulated", expires_ns, present=via == "guard"
            )
        )

    def _care(self, chance: random.Random) -> None:
        """Somebody comes by every few minutes, mends what is broken, and deals with the alarms."""
        self.world.after(chance.randint(*self.story.care_ms), lambda: self._care_now(chance))

    def _care_now(self, chance: random.Random) -> None:
        for gate in self.gates:
            if gate.arm.torn and not gate.on["safety_loop"]:
                gate.trouble()
                gate.arm.repair()
            for command in ("unlock", "reset", "release", "look"):
                self._person(gate.lane, command, "guard", in_s=60)
            if not any(gate.on.values()):
                self._person(gate.lane, "close", "guard", in_s=60)
        for alarm in self.box.site.snapshot(self.box.clock.now())["alarms"] if self._up else ():
            for verb in ("acknowledge", "close"):
                self._requests += 1
                self._report(e.AlarmCommandReceived(f"p{self._requests}", alarm["alarm"], verb, "Wei", "seen", "real"))
        self._care(chance)

    def _alarm_key(self, verb: str, chance: random.Random) -> None:
        """Somebody presses a key of an alarm that is shown, or of one that is long gone."""
        shown = self.box.site.snapshot(self.box.clock.now())["alarms"] if self._up else ()
        alarm = chance.choice([*(one["alarm"] for one in shown), "a0-0"])
        self._requests += 1
        until_ns = self.world.wall_ns() + chance.choice((-1, 600, 86_400)) * 1_000_000_000
        self._report(e.AlarmCommandReceived(f"p{self._requests}", alarm, verb, "Wei", "seen", "real", until_ns))


def _proofs(kind: str, who: int, plate: str, seed: int) -> Proofs:
    """What somebody's car has to show, and when the camera sees its plate: the right one, another one, or none."""
    card = card_number(kind, who)
    if plate == "none":
        return Proofs(card)
    late_ms = random.Random(seed).randint(TOO_LATE_MS, TOO_LATE_MS + 4000)
    return Proofs(card, plate_number(kind, who + (plate == "wrong")), {"late": late_ms, "first": -2000}.get(plate, 500))


def play(story: Story) -> Found:
    """Run one story in a folder of its own that is gone afterwards."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="gatehouse-sim-") as folder:
        site = Play(story, Path(folder))
        try:
            return site.run()
        finally:
            site.box.close()
