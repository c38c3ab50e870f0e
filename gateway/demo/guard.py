"""The demo's guard at the booth: deals with a car that waits, unless a person at the screen was faster.

It looks at the same snapshot as the screens, and gives the same commands: a visitor is registered and let in, cash is
taken, and goods are matched with their release slip.
"""

from __future__ import annotations

import secrets
from typing import Any

from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.views import Case, CentralView

GUARD = "Demo guard"
STATION = "booth"
AFTER_S = 8.0
"""A person at the screen has so long to be faster."""
AGAIN_S = 6.0
LOOK_EVERY_S = 1.0
WHO: dict[str, Any] = {"by": GUARD, "via": "guard", "station": STATION}


class Guard:
    """Deals with visitors who are not registered yet, unpaid stays and goods; leaves all other cars to people."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._visitors: dict[str, dict[str, Any]] = {}
        self._slips: dict[str, str] = {}
        self._due_s: dict[str, float] = {}
        self._look_s = 0.0

    def expects(self, plate: str, visitor: dict[str, Any]) -> None:
        """The driver of this car, who is not registered, says this at the window."""
        self._visitors[plate] = visitor

    def has_slip(self, plate: str, slip: str) -> None:
        """The driver of this car shows a release slip."""
        self._slips[plate] = slip

    def turn(self, now_s: float) -> None:
        """Called a few times a second."""
        if now_s < self._look_s:
            return
        self._look_s = now_s + LOOK_EVERY_S
        try:
            lanes = self._client.state(CentralView).lanes
        except GatehouseError:
            return
        waiting = {lane.case.id: (lane.id, lane.case) for lane in lanes if lane.case is not None}
        self._due_s = {case: self._due_s.get(case, now_s + AFTER_S) for case in waiting}
        for case_id, (lane, case) in waiting.items():
            if now_s >= self._due_s[case_id]:
                self._due_s[case_id] = now_s + AGAIN_S
                self._deal_with(lane, case)

    def _deal_with(self, lane: str, case: Case) -> None:
        plate = case.credential.value if case.credential is not None else ""
        try:
            if case.reason == "unpaid" and case.charge:
                self._take_cash(case.charge.visit)
            elif case.reason == "slip_missing" and plate in self._slips:
                self._match(lane, case, plate)
            elif case.reason == "unknown_credential" and plate in self._visitors:
                self._register(lane, case, plate)
        except GatehouseError as error:
            print(f"  ({GUARD} could not deal with the car at lane {lane}: {error})", flush=True)

    def _take_cash(self, visit: str) -> None:
        due = self._client.call("visits.charge", visit=visit)["due"]
        if due:
            self._client.call("visits.pay", request=key(), visit=visit, amount=due, method="cash", **WHO)

    def _match(self, lane: str, case: Case, plate: str) -> None:
        assert case.credential is not None
        shown = {"kind": case.credential.kind, "value": case.credential.value}
        slip = self._slips[plate]
        self._client.call("slips.use", slip=slip, lane=lane, case=case.id, credential=shown, plate=plate, **WHO)
        self._open(lane, case, "goods as on the slip")

    def _register(self, lane: str, case: Case, plate: str) -> None:
        visitor = {"plate": plate, **self._visitors[plate]}
        made = self._client.call("visits.add", request=f"demo-{case.id}", visitor=visitor, **WHO)
        self._open(lane, case, "registered", visitor={"visit": made["id"], "plate": plate})

    def _open(self, lane: str, case: Case, reason: str, **detail: Any) -> None:
        command: dict[str, Any] = {"lane": lane, "command": "open", "case": case.id, "reason": reason, "detail": detail}
        answer = self._client.call("lane.command", request=key(), **command, **WHO)
        if answer["status"] != "done":
            raise GatehouseError(answer["reason"])


def key() -> str:
    """The key of a new request."""
    return f"demo-{secrets.token_hex(8)}"
