"""How far the check of a driver without a card is: one literal table. A step that does not fit changes nothing.

The number is taken, the property office is asked, the driver signs, the car is released. It may be refused at any
moment before that; the office may change its word until the car is released.
"""

from __future__ import annotations

from enum import StrEnum


class CheckState(StrEnum):
    """How far a check is."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    SIGNED = "signed"
    RELEASED = "released"
    REFUSED = "refused"


class CheckStep(StrEnum):
    """What a person does next."""

    CONFIRM = "confirm"
    DECLINE = "decline"
    SIGN = "sign"
    RELEASE = "release"
    REFUSE = "refuse"


_S, _E = CheckState, CheckStep

TABLE: dict[CheckState, dict[CheckStep, CheckState]] = {
    _S.ASKED: {_E.CONFIRM: _S.CONFIRMED, _E.DECLINE: _S.DECLINED, _E.REFUSE: _S.REFUSED},
    _S.CONFIRMED: {
        _E.SIGN: _S.SIGNED,
        _E.CONFIRM: _S.CONFIRMED,
        _E.DECLINE: _S.DECLINED,
        _E.REFUSE: _S.REFUSED,
    },
    _S.DECLINED: {_E.CONFIRM: _S.CONFIRMED, _E.DECLINE: _S.DECLINED, _E.REFUSE: _S.REFUSED},
    _S.SIGNED: {_E.RELEASE: _S.RELEASED, _E.DECLINE: _S.DECLINED, _E.REFUSE: _S.REFUSED},
    _S.RELEASED: {},
    _S.REFUSED: {},
}
OPEN = tuple(state for state, steps in TABLE.items() if steps)
"""States from which it goes on."""


def after(state: CheckState, step: CheckStep) -> CheckState | None:
    """The state after a step; None where the step does not fit."""
    return TABLE[state].get(step)
