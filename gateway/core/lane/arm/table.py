"""The arm: one literal table state -> event -> rows, each row a guard, an action and the next state.

Inputs from the world are total: every event has a row in every state, if only to note it. The rows of a cell are tried
from the top, the last one has no guard, so exactly one fits. Guards and actions are names; `gateway.core.lane.arm`
gives them their meaning (`if_...`, `do_...`). What is measured decides: *rising* and *lowering* say that a pulse was
sent or the arm was seen to leave a limit, *open* and *closed* only that a limit switch says so (or, without limit
switches, that the travel time is over). People see less: an order that was sent moves nothing yet, so for them an arm
is *rising* once its closed switch has let go (`LaneState.seen`). The table does not tell these two apart, since what an
arm that was told to move waits for, and turns back for, is the same before and after.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ArmState(StrEnum):
    """Where the arm is, as far as it is known."""

    CLOSED = "closed"
    RISING = "rising"
    OPEN = "open"
    LOWERING = "lowering"
    BETWEEN = "between"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class ArmEvent(StrEnum):
    """What can happen to an arm."""

    CLOSED_LIMIT = "closed_limit"
    CLOSED_LOST = "closed_lost"
    OPEN_LIMIT = "open_limit"
    OPEN_LOST = "open_lost"
    CONTRADICTION = "contradiction"
    OPEN_SENT = "open_sent"
    CLOSE_SENT = "close_sent"
    STOP_SENT = "stop_sent"
    ANSWER_OVER = "answer_over"
    TRAVEL_OVER = "travel_over"
    SAFETY = "safety"
    GRANTED = "granted"
    CLEAR_OVER = "clear_over"
    LOST = "lost"


class Row(NamedTuple):
    """If the guard holds, do the action and go on to the next state; None: as the limit switches say, if they can."""

    guard: str
    action: str
    next: ArmState | None


_CLOSED, _RISING, _OPEN, _LOWERING = ArmState.CLOSED, ArmState.RISING, ArmState.OPEN, ArmState.LOWERING
_BETWEEN, _STOPPED, _UNKNOWN = ArmState.BETWEEN, ArmState.STOPPED, ArmState.UNKNOWN


def _stay(state: ArmState) -> tuple[Row, ...]:
    return (Row("", "note", state),)


_LOST = (Row("", "lose_position", _UNKNOWN),)
_CONTRADICTION = (Row("", "report_limits", _UNKNOWN),)


def _resting(state: ArmState) -> dict[ArmEvent, tuple[Row, ...]]:
    """Between the limits and at rest: only a limit switch or a person's command leads out."""
    return {
        ArmEvent.CLOSED_LIMIT: (Row("", "settle_closed", _CLOSED),),
        ArmEvent.CLOSED_LOST: _stay(state),
        ArmEvent.OPEN_LIMIT: (Row("", "settle_open", _OPEN),),
        ArmEvent.OPEN_LOST: _stay(state),
        ArmEvent.CONTRADICTION: _CONTRADICTION,
        ArmEvent.OPEN_SENT: (Row("", "leave_up", _RISING),),
        ArmEvent.CLOSE_SENT: (Row("", "leave_down", _LOWERING),),
        ArmEvent.STOP_SENT: (Row("", "halt", _STOPPED),),
        ArmEvent.ANSWER_OVER: _stay(state),
        ArmEvent.TRAVEL_OVER: _stay(state),
        ArmEvent.SAFETY: _stay(state),
        ArmEvent.GRANTED: _stay(state),
        ArmEvent.CLEAR_OVER: _stay(state),
        ArmEvent.LOST: _LOST,
    }


TABLE: dict[ArmState, dict[ArmEvent, tuple[Row, ...]]] = {
    _CLOSED: {
        ArmEvent.CLOSED_LIMIT: _stay(_CLOSED),
        ArmEvent.CLOSED_LOST: (Row("", "seek_cause", _RISING),),
        ArmEvent.OPEN_LIMIT: (Row("", "settle_open", _OPEN),),
        ArmEvent.OPEN_LOST: _stay(_CLOSED),
        ArmEvent.CONTRADICTION: _CONTRADICTION,
        ArmEvent.OPEN_SENT: (Row("", "leave_up", _RISING),),
        ArmEvent.CLOSE_SENT: (Row("", "follow_up_closed", _CLOSED),),
        ArmEvent.STOP_SENT: (Row("", "halt", _CLOSED),),
        ArmEvent.ANSWER_OVER: _stay(_CLOSED),
        ArmEvent.TRAVEL_OVER: _stay(_CLOSED),
        ArmEvent.SAFETY: _stay(_CLOSED),
        ArmEvent.GRANTED: (Row("moves_by_itself", "ask_open", _CLOSED), Row("", "note", _CLOSED)),
        ArmEvent.CLEAR_OVER: _stay(_CLOSED),
        ArmEvent.LOST: _LOST,
    },
    _RISING: {
        ArmEvent.CLOSED_LIMIT: (
            Row("uncommanded", "flicker", _CLOSED),
            Row("turning_back", "touch_down", _RISING),
            Row("", "fall_back", _CLOSED),
        ),
        ArmEvent.CLOSED_LOST: (Row("at_open", "arrive_open", _OPEN), Row("", "set_off", _RISING)),
        ArmEvent.OPEN_LIMIT: (Row("", "arrive_open", _OPEN),),
        ArmEvent.OPEN_LOST: _stay(_RISING),
        ArmEvent.CONTRADICTION: _CONTRADICTION,
        ArmEvent.OPEN_SENT: (Row("", "leave_up", _RISING),),
        ArmEvent.CLOSE_SENT: (Row("", "leave_down", _LOWERING),),
        ArmEvent.STOP_SENT: (Row("", "halt", _STOPPED),),
        ArmEvent.ANSWER_OVER: (
            Row("underway", "wait_for_output", _RISING),
            Row("may_pulse_again", "ask_open_again", _RISING),
            Row("occupied", "note", _RISING),
            Row("still_closed", "give_up_opening", _CLOSED),
            Row("", "note", _RISING),
        ),
        ArmEvent.TRAVEL_OVER: (
            Row("at_open", "arrive_open", _OPEN),
            Row("void", "rest", None),
            Row("no_open_limit", "presume_open", _OPEN),
            Row("occupied", "wait_for_vehicle", _RISING),
            Row("still_closed", "give_up_opening", _CLOSED),
            Row("", "report_obstructed", _BETWEEN),
        ),
        ArmEvent.SAFETY: (Row("uncommanded", "judge_blow", _RISING), Row("", "note", _RISING)),
        ArmEvent.GRANTED: (Row("", "keep_up", _RISING),),
        ArmEvent.CLEAR_OVER: _stay(_RISING),
        ArmEvent.LOST: _LOST,
    },
    _OPEN: {
        ArmEvent.CLOSED_LIMIT: (Row("", "arrive_closed", _CLOSED),),
        ArmEvent.CLOSED_LOST: _stay(_OPEN),
        ArmEvent.OPEN_LIMIT: _stay(_OPEN),
        ArmEvent.OPEN_LOST: (Row("", "see_own_close", _LOWERING),),
        ArmEvent.CONTRADICTION: _CONTRADICTION,
        ArmEvent.OPEN_SENT: (Row("", "keep_up", _OPEN),),
        ArmEvent.CLOSE_SENT: (Row("", "leave_down", _LOWERING),),
        ArmEvent.STOP_SENT: (Row("", "halt", _OPEN),),
        ArmEvent.ANSWER_OVER: _stay(_OPEN),
        ArmEvent.TRAVEL_OVER: _stay(_OPEN),
        ArmEvent.SAFETY: _stay(_OPEN),
        ArmEvent.GRANTED: (Row("", "keep_up", _OPEN),),
        ArmEvent.CLEAR_OVER: (Row("may_close_by_itself", "ask_close", _OPEN), Row("", "note", _OPEN)),
        ArmEvent.LOST: _LOST,
    },
    _LOWERING: {
        ArmEvent.CLOSED_LIMIT: (Row("", "arrive_closed", _CLOSED),),
        ArmEvent.CLOSED_LOST: _stay(_LOWERING),
        ArmEvent.OPEN_LIMIT: (Row("", "see_own_reversal", _OPEN),),
        ArmEvent.OPEN_LOST: (Row("still_closed", "arrive_closed", _CLOSED), Row("", "set_off", _LOWERING)),
        ArmEvent.CONTRADICTION: _CONTRADICTION,
        ArmEvent.OPEN_SENT: (Row("", "leave_up", _RISING),),
        ArmEvent.CLOSE_SENT: _stay(_LOWERING),
        ArmEvent.STOP_SENT: (Row("", "halt", _STOPPED),),
        ArmEvent.ANSWER_OVER: _stay(_LOWERING),
        ArmEvent.TRAVEL_OVER: (
            Row("still_closed", "arrive_closed", _CLOSED),
            Row("void", "rest", None),
            Row("no_closed_limit", "presume_closed", _CLOSED),
            Row("uncommanded", "report_forced", _BETWEEN),
            Row("may_close_again", "ask_close_again", _LOWERING),
            Row("at_open", "report_obstructed", _OPEN),
            Row("", "report_obstructed", _BETWEEN),
        ),
        ArmEvent.SAFETY: (Row("may_reopen", "reopen", _LOWERING), Row("", "note", _LOWERING)),
        ArmEvent.GRANTED: (Row("may_reopen", "reopen", _LOWERING), Row("", "note", _LOWERING)),
        ArmEvent.CLEAR_OVER: _stay(_LOWERING),
        ArmEvent.LOST: _LOST,
    },
    _BETWEEN: _resting(_BETWEEN),
    _STOPPED: _resting(_STOPPED),
    _UNKNOWN: {
        **_resting(_UNKNOWN),
        # After a contradiction the switch that lets go leaves the other one to be believed.
        ArmEvent.CLOSED_LIMIT: (Row("", "measure", None),),
        ArmEvent.CLOSED_LOST: (Row("", "measure", None),),
        ArmEvent.OPEN_LIMIT: (Row("", "measure", None),),
        ArmEvent.OPEN_LOST: (Row("", "measure", None),),
        ArmEvent.CONTRADICTION: _stay(_UNKNOWN),
        ArmEvent.LOST: _stay(_UNKNOWN),
    },
}


def measured(at_open: bool | None, at_closed: bool | None, open_fitted: bool, closed_fitted: bool) -> ArmState:
    """Where the limit switches say that the arm is; without any of them a closed arm is presumed."""
    if at_open and at_closed:
        return _UNKNOWN
    if at_open:
        return _OPEN
    if at_closed:
        return _CLOSED
    if (open_fitted and at_open is None) or (closed_fitted and at_closed is None):
        return _UNKNOWN
    if open_fitted and closed_fitted:
        return _BETWEEN
    if closed_fitted:
        return _OPEN
    return _CLOSED
