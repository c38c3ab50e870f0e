"""The demo's traffic: the next car, mishaps, and a shift leader who resets a lane if the user does not."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from drivers.sim.site import SimSite
from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.views import CentralView
from gateway.demo.guard import Guard, key
from gateway.demo.guests import PATIENCE_MS as AT_EXIT_MS
from gateway.demo.guests import Guests
from gateway.demo.people import People
from gateway.physics.cars import Behaviour
from gateway.physics.manners import PATIENCE_MS

REPAIR_AFTER_S = 30.0
RESET_AFTER_S = 120.0
LEADER = "Demo leader"

Act = Callable[[], bool]
"""One scene; False if the lane is taken and it must be tried again."""


class Traffic:
    """Decides who comes next; the first minutes follow a script that shows everything."""

    def __init__(self, site: SimSite, people: People, dice: random.Random, client: Client) -> None:
        self._site = site
        self._people = people
        self._random = dice
        self._client = client
        self._guard = Guard(client)
        self._guests = Guests(site, people, client, self._guard, lambda lane: lane not in self._reset_at)
        self._inside: list[Pass] = []
        self._opening = iter([
            self._resident, self._guests.registers, self._stranger, self._guests.announces, self._expiring,
            self._forgotten, self._staff, self._expired, self._resident, self._blocked, self._leaving, self._crash,
        ])  # fmt: skip
        self._usual: list[tuple[int, Act]] = [
            (34, self._resident), (38, self._leaving), (8, self._staff), (8, self._visitor), (3, self._stranger),
            (2, self._expiring), (2, self._expired), (1, self._early), (1, self._blocked), (2, self._chatting),
            (1, self._backing_off), (1, self._fob), (1, self._crash), (4, self._guests.registers),
            (3, self._guests.announces), (1, self._forgotten),
        ]  # fmt: skip
        self._act: Act | None = None
        self._next_s = 0.0
        # Per struck lane: when the new arm and the reset are due.
        self._repair_at: dict[str, float] = {}
        self._reset_at: dict[str, float] = {}

    def turn(self, now_s: float) -> None:
        """Called a few times a second."""
        self._guests.turn(now_s)
        self._guard.turn(now_s)
        for lane in _due(self._repair_at, now_s):
            self._site.world.repair(lane)
            print(f"  (a new arm is fitted: lane {lane} can be reset)", flush=True)
        for lane in _due(self._reset_at, now_s):
            self._reset(lane)
        if now_s < self._next_s:
            return
        act = self._act or next(self._opening, None) or self._dice()
        # A scene waits until its lane is free.
        self._act = None if act() else act
        self._next_s = now_s + (self._random.uniform(7, 13) if self._act is None else 1.0)

    def reopened(self, lane: str) -> None:
        """The lane was reset: cars come again."""
        self._reset_at.pop(lane, None)

    def noted(self, row: Row | None, now_s: float) -> None:
        """A row of the journal."""
        self._guests.noted(row, now_s)

    def _dice(self) -> Act:
        weights = [weight for weight, _ in self._usual]
        return self._random.choices(self._usual, weights)[0][1]

    def _car(
        self, lane: str, card: str | None, behaviour: Behaviour = "through", patience_ms: int = PATIENCE_MS
    ) -> bool:
        """A car turns in; False if the lane is taken. No car comes while the lane is out of order."""
        if lane in self._reset_at:
            return True
        if not self._site.world.empty(lane):
            return False
        self._site.world.car(lane, card, behaviour, patience_ms)
        return True

    def _enter(self, group: list[Pass], behaviour: Behaviour = "through") -> bool:
        inside = {one.id for one in self._inside}
        found = self._random.choice([one for one in group if one.id not in inside] or group)
        done = self._car("in", found.cards[0], behaviour)
        if done and behaviour != "back_off":
            self._inside.append(found)
        return done

    def _resident(self) -> bool:
        return self._enter(self._people.residents)

    def _staff(self) -> bool:
        return self._enter(self._people.staff)

    def _visitor(self) -> bool:
        return self._enter(self._people.visitors)

    def _expiring(self) -> bool:
        return self._enter(self._people.expiring)

    def _chatting(self) -> bool:
        return self._enter(self._people.residents, "chat")

    def _backing_off(self) -> bool:
        return self._enter(self._people.residents, "back_off")

    def _leaving(self) -> bool:
        """One of the cars that have been inside longest leaves."""
        if not self._inside or "out" in self._reset_at:
            return True
        leaver = self._random.choice(self._inside[: 1 + len(self._inside) // 2])
        done = self._car("out", leaver.cards[0], patience_ms=AT_EXIT_MS)  # a visitor waits until it has paid
        if done:
            self._inside.remove(leaver)
        return done

    def _forgotten(self) -> bool:
        """A resident or one of the staff leaves without the card."""
        free = (PassKind.MONTHLY, PassKind.STAFF)
        leaver = next((one for one in self._inside if one.id in self._guests.inside and one.kind in free), None)
        if leaver is not None:
            self._inside.remove(leaver)
        return self._guests.forgets(leaver.id if leaver is not None else "")

    def _stranger(self) -> bool:
        return self._car("in", self._people.stranger())

    def _refused(self, group: list[Pass]) -> bool:
        return self._car("in", self._random.choice(group).cards[0])

    def _expired(self) -> bool:
        return self._refused(self._people.expired)

    def _early(self) -> bool:
        return self._refused(self._people.early)

    def _blocked(self) -> bool:
        return self._refused(self._people.blocked)

    def _fob(self) -> bool:
        if "out" not in self._reset_at and self._site.world.empty("out"):
            self._site.world.fob("out")
        return True

    def _crash(self) -> bool:
        """A car does not wait for the arm."""
        if not self._reset_at:
            if not self._car("out", None, "ram"):
                return False
            now_s = time.monotonic()
            self._repair_at["out"] = now_s + REPAIR_AFTER_S
            self._reset_at["out"] = now_s + RESET_AFTER_S
        return True

    def _reset(self, lane: str) -> None:
        """Reset the lane when the arm is whole again, unless a person at the screen was faster."""
        try:
            reason = "a new arm was fitted and tried by hand"
            command: dict[str, Any] = {"lane": lane, "command": "reset", "via": "cli"}
            answer = self._client.call("lane.command", request=key(), by=LEADER, reason=reason, **command)
            if answer["status"] != "done":
                raise GatehouseError(answer["reason"])
            for alarm in self._client.state(CentralView).alarms:
                if alarm.kind == "crash" and alarm.lane == lane:
                    self._deal_with(alarm.alarm)
        except GatehouseError as error:
            self._reset_at[lane] = time.monotonic() + REPAIR_AFTER_S
            print(f"  ({LEADER} could not reset lane {lane}, and tries again: {error})", flush=True)

    def _deal_with(self, alarm: str) -> None:
        for verb in ("acknowledge", "close"):
            more: dict[str, Any] = {"finding": "real", "reason": "arm replaced"} if verb == "close" else {}
            with suppress(GatehouseError):  # a person may have been faster
                self._client.call("alarm.command", request=key(), alarm=alarm, verb=verb, by=LEADER, **more)


def _due(planned: dict[str, float], now_s: float) -> list[str]:
    """The lanes that are due; their plans are removed."""
    found = [lane for lane, at_s in planned.items() if now_s >= at_s]
    for lane in found:
        del planned[lane]
    return found
