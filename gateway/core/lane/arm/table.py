"""The arm: one literal table state -> event -> rows, each row a guard, an action and the next state.

Inputs from the world are total: every event has a row in every state, if only to note it. The rows of a cell are tried
from the top, the last one has no guard, so exactly one fits. Guards and actions are names; `guards.py` and the actions
beside it give them their meaning. Measurements decide: *rising* and *lowering* mean that a pulse was sent or
the arm has left a limit, *open* and *closed* that a limit switch is made (without limit switches: that the travel time
is over). A sent order moves nothing yet, so on screens an arm is *rising* once its closed switch has released
(`Limits.seen`). The table does not distinguish the two, since the arm waits for the same and turns back for the same
before and after.
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
    MEASURED = "measured"
    OPEN_FAILED = "open_failed"
    CLOSE_FAILED = "close_failed"
    EXCUSE_OVER = "excuse_over"
    CAUSE_OVER = "cause_over"
    CROSSED = "crossed"
    CROSSED_CLOSED = "crossed_closed"


class Where(StrEnum):
    """Next states that only the limit switches tell."""

    STANDING = "as the limit switches say"
    """Without a switch that tells, an arm that is not known to be down is *unknown*."""
    MEASURED = "as measured"
    """Without a switch that tells, the arm is presumed down."""


class Row(NamedTuple):
    """If the guard holds, go on to the next state and do the action."""

    guard: str
    action: str
    next: ArmState | Where


_CLOSED, _RISING, _OPEN, _LOWERING = ArmState.CLOSED, ArmState.RISING, ArmState.OPEN, ArmState.LOWERING
_BETWEEN, _STOPPED, _UNKNOWN = ArmState.BETWEEN, ArmState.STOPPED, ArmState.UNKNOWN


def _stay(state: ArmState) -> tuple[Row, ...]:
    return (Row("", "note", state),)


_LOST = (Row("", "lose_position", _UNKNOWN),)
_MEASURED = (Row("unsure", "take_measured", _UNKNOWN), Row("", "take_measured", Where.MEASURED))
_CONTRADICTION = (Row("", "report_limits", _UNKNOWN),)


def _crossed(state: ArmState) -> tuple[Row, ...]:
    """A vehicle crossed behind a commanded opening: a switch that did not tell of it has failed."""
    return (
        Row("still_closed", "report_closed_limit", _UNKNOWN),
        Row("open_limit_fitted", "count_unseen_open", state),
        Row("", "note", state),
    )


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
        ArmEvent.MEASURED: _MEASURED,
        ArmEvent.OPEN_FAILED: _stay(state),
        ArmEvent.CLOSE_FAILED: _stay(state),
        ArmEvent.EXCUSE_OVER: _stay(state),
        ArmEvent.CAUSE_OVER: _stay(state),
        ArmEvent.CROSSED: _crossed(state),
        ArmEvent.CROSSED_CLOSED: _stay(state),
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
        ArmEvent.MEASURED: _MEASURED,
        ArmEvent.OPEN_FAILED: _stay(_CLOSED),
        ArmEvent.CLOSE_FAILED: _stay(_CLOSED),
        ArmEvent.EXCUSE_OVER: _stay(_CLOSED),
        ArmEvent.CAUSE_OVER: _stay(_CLOSED),
        ArmEvent.CROSSED: _crossed(_CLOSED),
        ArmEvent.CROSSED_CLOSED: (Row("", "find_open", _OPEN),),
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
            Row("void", "rest", Where.STANDING),
            Row("no_open_limit", "presume_open", _OPEN),
            Row("occupied", "wait_for_vehicle", _RISING),
            Row("still_closed", "give_up_opening", _CLOSED),
            Row("", "report_obstructed", _BETWEEN),
        ),
        ArmEvent.SAFETY: (Row("uncommanded", "judge_impact", _RISING), Row("", "note", _RISING)),
        ArmEvent.GRANTED: (Row("", "keep_up", _RISING),),
        ArmEvent.CLEAR_OVER: _stay(_RISING),
        ArmEvent.LOST: _LOST,
        ArmEvent.MEASURED: _MEASURED,
        ArmEvent.OPEN_FAILED: (Row("has_not_left_closed", "give_up_open", _CLOSED), Row("", "note", _RISING)),
        ArmEvent.CLOSE_FAILED: _stay(_RISING),
        ArmEvent.EXCUSE_OVER: (Row("no_search", "note", _RISING), Row("", "end_excuse", _RISING)),
        ArmEvent.CAUSE_OVER: (
            Row("no_search", "note", _RISING),
            Row("open_limit_fitted", "conclude_half_way", _BETWEEN),
            Row("", "conclude_open", _OPEN),
        ),
        ArmEvent.CROSSED: _crossed(_RISING),
        ArmEvent.CROSSED_CLOSED: _stay(_RISING),
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
        ArmEvent.MEASURED: _MEASURED,
        ArmEvent.OPEN_FAILED: _stay(_OPEN),
        ArmEvent.CLOSE_FAILED: _stay(_OPEN),
        ArmEvent.EXCUSE_OVER: _stay(_OPEN),
        ArmEvent.CAUSE_OVER: _stay(_OPEN),
        ArmEvent.CROSSED: (Row("still_closed", "report_closed_limit", _UNKNOWN), Row("", "note", _OPEN)),
        ArmEvent.CROSSED_CLOSED: _stay(_OPEN),
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
            Row("void", "rest", Where.STANDING),
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
        ArmEvent.MEASURED: _MEASURED,
        ArmEvent.OPEN_FAILED: _stay(_LOWERING),
        ArmEvent.CLOSE_FAILED: (Row("has_not_left_open", "give_up_close", _OPEN), Row("", "note", _LOWERING)),
        ArmEvent.EXCUSE_OVER: _stay(_LOWERING),
        ArmEvent.CAUSE_OVER: _stay(_LOWERING),
        ArmEvent.CROSSED: _crossed(_LOWERING),
        ArmEvent.CROSSED_CLOSED: _stay(_LOWERING),
    },
    _BETWEEN: _resting(_BETWEEN),
    _STOPPED: _resting(_STOPPED),
    _UNKNOWN: {
        **_resting(_UNKNOWN),
        # After a contradiction the switch that lets go leaves the other one to be believed.
        ArmEvent.CLOSED_LIMIT: (Row("", "measure", Where.STANDING),),
        ArmEvent.CLOSED_LOST: (Row("", "measure", Where.STANDING),),
        ArmEvent.OPEN_LIMIT: (Row("", "measure", Where.STANDING),),
        ArmEvent.OPEN_LOST: (Row("", "measure", Where.STANDING),),
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
