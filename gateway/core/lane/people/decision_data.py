"""What the rows on a decision say."""

from __future__ import annotations

from typing import Any

from gateway.core.access.pending import PendingCase
from gateway.core.access.rules import Decision
from gateway.core.settings.model import Lane


def gateway_data(lane: Lane, credential: dict[str, str], decision: Decision) -> dict[str, Any]:
    """What the gateway decided."""
    return {
        "lane": lane.id,
        "direction": lane.direction.value,
        "credential": credential,
        "pass": decision.pass_.id if decision.pass_ else None,
        "kind": decision.pass_.kind.value if decision.pass_ else None,
        "days_left": decision.days_left,
        "reason": decision.reason.value,
        "decided_by": "gateway",
    }


def person_data(lane: Lane, reason: str, by: str, case: PendingCase | None = None) -> dict[str, Any]:
    """What a person decided; `case`: about that car."""
    return {
        "lane": lane.id,
        "direction": lane.direction.value,
        "credential": case.credential if case else None,
        "pass": case.pass_id if case else None,
        "kind": case.kind if case else None,
        "days_left": case.decision.days_left if case and case.decision else None,
        "case": case.id if case else None,
        "reason": reason,
        "decided_by": by,
    }


def plate_of(credential: dict[str, str], decision: Decision) -> str | None:
    """The plate that was read, or the one plate that the pass has."""
    if credential["kind"] == "plate":
        return credential["value"]
    plates = decision.pass_.plates if decision.pass_ else ()
    return plates[0] if len(plates) == 1 else None
