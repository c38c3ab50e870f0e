"""The life of an alarm after ISA-18.2: one literal table, state -> verb -> next state."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.rows.alarms import AlarmRow


class AlarmState(StrEnum):
    """The life of an alarm."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned-unacknowledged"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out of service"
    CLOSED = "closed"


class Verb(StrEnum):
    """Verbs: of the cause, of a person or the end of a shelf, and of the tag on the lane."""

    RAISE = "raise"
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    VERIFY = "verify"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    CLOSE = "close"
    TAKE_OUT = "take_out"
    PUT_BACK = "put_back"
    REFINE = "refine"
    JOIN = "join"


_U, _A, _R = AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED, AlarmState.RETURNED
_S, _O, _C = AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE, AlarmState.CLOSED

# state -> verb -> next state. Total over verbs of the cause; a person's verb that is not listed is refused.
# `_C` after RETURN or ACKNOWLEDGE is only for kinds that end by themselves (see `Alarm.next`).
TABLE: dict[AlarmState, dict[Verb, AlarmState]] = {
    _U: {
        Verb.RAISE: _U,
        Verb.RETURN: _R,
        Verb.ACKNOWLEDGE: _A,
        Verb.VERIFY: _U,
        Verb.SHELVE: _S,
        Verb.TAKE_OUT: _O,
        Verb.REFINE: _U,
        Verb.JOIN: _C,
    },
    _A: {
        Verb.RAISE: _U,
        Verb.RETURN: _C,
        Verb.VERIFY: _A,
        Verb.SHELVE: _S,
        Verb.CLOSE: _C,
        Verb.ACKNOWLEDGE: _A,
        Verb.TAKE_OUT: _O,
        Verb.REFINE: _U,
        Verb.JOIN: _C,
    },
    _R: {
        Verb.RAISE: _U,
        Verb.RETURN: _R,
        Verb.ACKNOWLEDGE: _C,
        Verb.VERIFY: _R,
        Verb.SHELVE: _S,
        Verb.TAKE_OUT: _O,
        Verb.REFINE: _U,
        Verb.JOIN: _C,
    },
    _S: {Verb.RAISE: _S, Verb.RETURN: _S, Verb.UNSHELVE: _U, Verb.VERIFY: _S, Verb.REFINE: _U},
    _O: {Verb.RAISE: _O, Verb.RETURN: _O, Verb.PUT_BACK: _U, Verb.REFINE: _O, Verb.JOIN: _C},
    _C: {Verb.RAISE: _C, Verb.RETURN: _C},
}

ROWS: dict[Verb, type[AlarmRow]] = {
    Verb.RAISE: rows.AlarmRaised,
    Verb.RETURN: rows.AlarmReturned,
    Verb.ACKNOWLEDGE: rows.AlarmAcknowledged,
    Verb.VERIFY: rows.AlarmVerified,
    Verb.SHELVE: rows.AlarmShelved,
    Verb.UNSHELVE: rows.AlarmUnshelved,
    Verb.CLOSE: rows.AlarmClosed,
    Verb.TAKE_OUT: rows.AlarmShelved,
    Verb.PUT_BACK: rows.AlarmUnshelved,
    Verb.REFINE: rows.AlarmRefined,
    Verb.JOIN: rows.AlarmClosed,
}
"""The row of each verb."""


def past(verb: Verb) -> str:
    """What an alarm is after a verb: `raised`, `shelved`."""
    return ROWS[verb].type.partition(".")[2]
