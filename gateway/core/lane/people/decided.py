"""What was decided on a car, by the gateway, a person or the exit button: said by its row, its sign and screens."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.access.pending import PendingCase
from gateway.core.access.rules import Decision
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import Credential


class Decided(msgspec.Struct, frozen=True):
    """What every decision says; `decided_by` is `gateway`, `exit button`, or a person by name."""

    lane: Lane
    credential: Credential | None
    pass_id: str | None
    kind: str | None
    days_left: int | None
    reason: str
    decided_by: str
    case: str | None

    def fields(self) -> dict[str, Any]:
        """The fields of its row."""
        return {
            "lane": self.lane.id,
            "direction": self.lane.direction.value,
            "credential": self.credential,
            "pass_": self.pass_id,
            "kind": self.kind,
            "days_left": self.days_left,
            "reason": self.reason,
            "decided_by": self.decided_by,
            "case": self.case,
        }


def by_gateway(lane: Lane, credential: Credential, decision: Decision, case: PendingCase) -> Decided:
    """The gateway decided on what the car has shown."""
    found = decision.pass_
    return Decided(
        lane,
        credential,
        found.id if found else None,
        found.kind.value if found else None,
        decision.days_left,
        decision.reason.value,
        "gateway",
        case.id,
    )


def by_person(lane: Lane, reason: str, by: str, case: PendingCase | None = None) -> Decided:
    """A person, or the exit button, decided; `case`: about that car."""
    if case is None:
        return Decided(lane, None, None, None, None, reason, by, None)
    days_left = case.decision.days_left if case.decision else None
    return Decided(lane, case.credential, case.pass_id, case.kind, days_left, reason, by, case.id)


def money_of(decision: Decision) -> dict[str, Any]:
    """What a decision says of money in its row: what the stay costs, what must be paid, what is owed from earlier."""
    bill, owed = decision.bill, sum(one.amount for one in decision.debts)
    said: dict[str, Any] = {"owed": owed} if owed else {}
    if bill is not None:
        said["charge"] = bill.charged()
        if decision.reason is Reason.UNPAID:
            said["due"] = bill.due
    return said


def plate_of(credential: Credential, decision: Decision) -> str | None:
    """The plate that was read, or the one plate that the pass has."""
    if credential.kind == "plate":
        return credential.value
    if decision.visit is not None:
        return decision.visit.plate
    plates = decision.pass_.plates if decision.pass_ else ()
    return plates[0] if len(plates) == 1 else None
