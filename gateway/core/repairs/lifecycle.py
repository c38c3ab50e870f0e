"""The life of a repair order: one literal table, state -> verb -> next state."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows.repairs import RepairRow


class RepairState(StrEnum):
    """How far a repair order is."""

    OPEN = "open"
    ASSIGNED = "assigned"
    ON_SITE = "on_site"
    REPORTED = "reported"
    CONFIRMED = "confirmed"


class RepairVerb(StrEnum):
    """Verbs: of the fault that comes again, of other settings, and of people."""

    JOIN = "join"
    CHANGE_LIMIT = "change_limit"
    ASSIGN = "assign"
    ARRIVE = "arrive"
    REPORT = "report"
    REJECT = "reject"
    CONFIRM = "confirm"
    ACKNOWLEDGE_LIMIT = "acknowledge_limit"


_O, _A, _S = RepairState.OPEN, RepairState.ASSIGNED, RepairState.ON_SITE
_R, _C = RepairState.REPORTED, RepairState.CONFIRMED
_V = RepairVerb

# A fault that comes again after the report is not mended: the order goes back to the person who reported it.
# `_C` has no successor: the next fault of that cause opens another order.
TABLE: dict[RepairState, dict[RepairVerb, RepairState]] = {
    _O: {
        _V.JOIN: _O,
        _V.CHANGE_LIMIT: _O,
        _V.ASSIGN: _A,
        _V.ARRIVE: _S,
        _V.REPORT: _R,
        _V.ACKNOWLEDGE_LIMIT: _O,
    },
    _A: {
        _V.JOIN: _A,
        _V.CHANGE_LIMIT: _A,
        _V.ASSIGN: _A,
        _V.ARRIVE: _S,
        _V.REPORT: _R,
        _V.ACKNOWLEDGE_LIMIT: _A,
    },
    _S: {
        _V.JOIN: _S,
        _V.CHANGE_LIMIT: _S,
        _V.ASSIGN: _A,
        _V.REPORT: _R,
        _V.ACKNOWLEDGE_LIMIT: _S,
    },
    _R: {
        _V.JOIN: _A,
        _V.CHANGE_LIMIT: _R,
        _V.REJECT: _A,
        _V.CONFIRM: _C,
        _V.ACKNOWLEDGE_LIMIT: _R,
    },
    _C: {},
}

REFUSED: dict[RepairState, dict[RepairVerb, tuple[Refusal, str]]] = {
    state: dict.fromkeys(
        (_V.REJECT, _V.CONFIRM), (Refusal.REPAIR_NOT_REPORTED, "it was not reported mended yet; report it first")
    )
    for state in (_O, _A, _S)
} | {
    _R: dict.fromkeys(
        (_V.ASSIGN, _V.ARRIVE, _V.REPORT),
        (Refusal.REPAIR_REPORTED, "it is reported mended; confirm that, or say that it is not mended"),
    )
}
"""Why a person's verb does not fit."""
REFUSED[_S][_V.ARRIVE] = Refusal.REPAIR_ON_SITE, "a person is on site already"

ROWS: dict[RepairVerb, type[RepairRow]] = {
    _V.JOIN: rows.RepairJoined,
    _V.CHANGE_LIMIT: rows.RepairLimitChanged,
    _V.ASSIGN: rows.RepairAssigned,
    _V.ARRIVE: rows.RepairArrived,
    _V.REPORT: rows.RepairReported,
    _V.REJECT: rows.RepairRejected,
    _V.CONFIRM: rows.RepairConfirmed,
    _V.ACKNOWLEDGE_LIMIT: rows.RepairLimitAcknowledged,
}
"""The row of each verb."""
