"""The demo's visitors: their cars, what cameras and drivers do, and what office and guard say of them.

A guest comes in, stays, and leaves. A car that had to go away (an arm that did not open, a person who refused it) comes
again a few times. What a person does at the screens counts: the played people act only after a while.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from drivers.sim.site import SimSite
from gateway.control import Client
from gateway.core.identities.documents import check_character
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.rows import PassageEntered, PassageExited, Row
from gateway.demo.guard import GUARD, WHO, Guard, key
from gateway.demo.people import People

OFFICE = "Demo office"
PATIENCE_MS = 60_000
"""How long a driver waits at the line for the guard."""
VISIT_STAYS_S = 70.0
"""Longer than a minute, so that it is charged."""
DELIVERY_STAYS_S = 25.0
STEP_S = 2.5
GONE_S = 4.0
COMES_MAX = 5
AT_OFFICE: dict[str, Any] = {"by": OFFICE, "via": "browser"}
CAMERAS = {"in": "camera-in", "out": "camera-out"}


class Guest(msgspec.Struct, kw_only=True):
    """A car that is on its way to a lane, or inside; without a plate: its driver has forgotten the card.

    `seen_s`: when it was last in the lane. `due_s`: not before then it comes. `comes`: how often it came to this lane.
    """

    lane: str
    plate: str = ""
    goods: bool = False
    unit: str = ""
    visit: str = ""
    stays_s: float = 0.0
    due_s: float = 0.0
    seen_s: float = -math.inf
    in_lane: bool = False
    read: bool = False
    comes: int = 0


class Guests:
    """All guests of the demo, and the scenes with them."""

    def __init__(
        self, site: SimSite, people: People, client: Client, guard: Guard, usable: Callable[[str], bool]
    ) -> None:
        """`usable`: whether cars may come to a lane."""
        self._site = site
        self._people = people
        self._client = client
        self._guard = guard
        self._usable = usable
        self._guests: list[Guest] = []
        self._steps: Iterator[str] | None = None
        self._step_s = 0.0
        self.inside: dict[str, str] = {}
        """The visits of passes that are inside."""

    # ---- the scenes ------------------------------------------------------------------------------------------------

    def announces(self) -> bool:
        """The office announces a delivery, which comes in by its plate, once, and leaves with goods."""
        plate, unit = self._people.plate(), "5栋 502"
        visitor = {
            "plate": plate, "unit": unit, "building": "b5", "purpose": "delivery", "vehicle_class": "truck",
            "goods": True,
        }  # fmt: skip
        if self._tried("announce a visitor", "visits.add", visitor=visitor, **AT_OFFICE) is None:
            return False
        _say(f"{OFFICE} announces a delivery to {unit}: {plate} comes in by its plate, once")
        self._guests.append(Guest(lane="in", plate=plate, goods=True, unit=unit, stays_s=DELIVERY_STAYS_S))
        return True

    def registers(self) -> bool:
        """A visitor stops at the gate without being expected; the guard registers it."""
        plate = self._people.plate()
        self._guard.expects(plate, {"unit": "3栋 1203", "building": "b3", "purpose": "guest", "people": 2})
        _say(f"{plate} is not expected: register the visitor to 3栋 1203, or wait for {GUARD}")
        self._guests.append(Guest(lane="in", plate=plate, stays_s=VISIT_STAYS_S))
        return True

    def forgets(self, pass_id: str) -> bool:
        """A driver who is inside by this pass (empty: unknown) comes to the exit without a card."""
        if any(not one.plate for one in self._guests):
            return True
        _say("a driver at the exit has forgotten the card: identity, the office's word, signature, release")
        self._guests.append(Guest(lane="out", visit=self.inside.pop(pass_id, "")))
        return True

    # ---- as time goes by -------------------------------------------------------------------------------------------

    def noted(self, row: Row | None, now_s: float) -> None:
        """A car has really crossed."""
        if not isinstance(row, PassageEntered | PassageExited):
            return
        shown = row.credential.value if row.credential is not None else ""
        for guest in self._guests:
            of_plate = bool(guest.plate) and guest.plate in (row.plate, shown)
            without = not guest.plate and not shown and now_s - guest.seen_s < 2 * GONE_S
            if guest.lane == row.lane and (of_plate or without):
                self._crossed(guest, row, now_s)
                break
        if isinstance(row, PassageEntered) and row.pass_:
            self.inside[row.pass_] = row.visit
        elif row.pass_:
            self.inside.pop(row.pass_, None)

    def turn(self, now_s: float) -> None:
        """Called a few times a second."""
        for guest in [*self._guests]:
            if not self._site.world.empty(guest.lane):
                if guest.in_lane:
                    guest.seen_s = now_s
                    self._at_the_line(guest, now_s)
                continue
            guest.in_lane = False
            if now_s - guest.seen_s > GONE_S:
                self._come(guest, now_s)

    def _crossed(self, guest: Guest, row: PassageEntered | PassageExited, now_s: float) -> None:
        if isinstance(row, PassageExited):
            self._guests.remove(guest)
            return
        guest.lane, guest.visit, guest.due_s = "out", row.visit, now_s + guest.stays_s
        guest.in_lane = guest.read = False
        guest.comes, guest.seen_s = 0, -math.inf

    def _come(self, guest: Guest, now_s: float) -> None:
        """The car turns into its lane once it may."""
        if now_s < guest.due_s or not self._usable(guest.lane):
            return
        if guest.comes >= COMES_MAX:
            self._guests.remove(guest)
            return
        if guest.lane == "out" and not guest.comes and not self._leaves(guest):
            guest.due_s = now_s + STEP_S
            return
        self._site.world.car(guest.lane, None, patience_ms=PATIENCE_MS)
        guest.in_lane, guest.read, guest.seen_s = True, False, now_s
        guest.comes += 1
        if not guest.plate:
            self._steps, self._step_s = self._without_card(guest.visit), now_s + 2 * STEP_S

    def _leaves(self, guest: Guest) -> bool:
        """What is said before a guest comes to the exit; False if the office must try again."""
        if guest.goods:
            slip = {"unit": guest.unit, "goods": "refrigerator", "plate": guest.plate}
            made = self._tried("register a release slip", "slips.add", slip=slip, **AT_OFFICE)
            if made is None:
                return False
            self._guard.has_slip(guest.plate, made["slip"])
            _say(f"{OFFICE} registers a release slip: {guest.plate} leaves {guest.unit} with a refrigerator")
        elif guest.plate:
            _say(f"{guest.plate} leaves, and must pay: take the payment, or wait for {GUARD}")
        return True

    def _at_the_line(self, guest: Guest, now_s: float) -> None:
        if not self._site.world.contacts(guest.lane).approach_loop:
            return
        if guest.plate and not guest.read:
            seen = {"device": CAMERAS[guest.lane], "kind": "plate", "value": guest.plate}
            guest.read = self._tried("read a plate", "credential", **seen) is not None
        elif not guest.plate and self._steps is not None and now_s >= self._step_s:
            self._step_s = now_s + STEP_S
            self._step()

    def _step(self) -> None:
        assert self._steps is not None
        try:
            said = next(self._steps, None)
        except GatehouseError as error:
            said = None
            print(f"  (the driver without a card is not released: {error})", flush=True)
        if said is None:
            self._steps = None
        else:
            _say(said)

    def _without_card(self, visit: str) -> Iterator[str]:
        """The steps of procedure *No card at the exit*, each by whom it is."""
        taken: dict[str, Any] = {
            "request": key(),
            "lane": "out",
            "visit": visit,
            "kind": "resident_id",
            "number": invented_number(),
        }
        person = self._client.call("identities.take", **taken, **WHO)["person"]
        yield f"{GUARD} has taken the number, and asks the office"
        self._client.call("identities.answer", person=person, confirmed=True, how="page", said_by=OFFICE, **AT_OFFICE)
        yield f"{OFFICE} confirms the driver"
        self._client.call("identities.sign", person=person, drawing=base64.b64encode(drawing()).decode(), **WHO)
        yield "the driver has signed"
        released = {"lane": "out", "verb": "release", "person": person, "visit": visit, "present": True}
        answer = self._client.call("stay.command", request=key(), reason="office_confirmed", **released, **WHO)
        if answer["status"] != "done":
            raise GatehouseError(answer["reason"])
        yield f"{GUARD} releases the car"

    def _tried(self, what: str, op: str, **params: Any) -> Any:
        """The answer of an op; None after saying why there is none."""
        try:
            return self._client.call(op, **params)
        except GatehouseError as error:
            print(f"  (could not {what}, and tries again: {error})", flush=True)
            return None


def invented_number() -> str:
    """A resident id whose check character is right, of a region that does not exist."""
    digits = "990000" + "19800101" + "001"
    return digits + check_character(digits)


def drawing(width: int = 160, height: int = 60) -> bytes:
    """A signature, drawn: a PNG of a wavy line, in grey."""
    rows = [bytearray(b"\xff" * width) for _ in range(height)]
    for x in range(10, width - 10):
        y = int(height / 2 + 18 * math.sin(x / 9) * math.cos(x / 31))
        for near in (y - 1, y, y + 1):
            rows[near][x] = 0
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _say(text: str) -> None:
    print(f"  ({text})", flush=True)
