"""Why a person's command cannot be given now: one literal table command -> checks, tried from the top.

The first check that fits refuses with its code, and nothing changes; none fitting, the command may be given. Screens
show the same codes as reasons why a button is off.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.core.lane.arm.table import ArmState
from gateway.core.vocabulary.reasons import Refusal


class Asked(msgspec.Struct, frozen=True):
    """All that a check may look at. `safety` is True occupied, False free, None unknown; `case`: a car waits; `unpaid`:
    it must pay first.

    `touched`: points that were touched under the tag are not ticked again.
    """

    remote: bool
    locked: bool
    crashed: bool
    held: bool
    fire: bool
    fire_contact: bool
    detached: bool
    question: bool
    arm: ArmState
    step: bool
    safety_fitted: bool
    safety: bool | None
    can_close: bool
    open_device_lost: bool
    close_device_lost: bool
    grants_full: bool
    interlocked: bool
    case: bool
    touched: bool = False
    unpaid: bool = False


Check = tuple[Refusal, Callable[[Asked], bool]]

_LOCKED: Check = (Refusal.LANE_LOCKED, lambda a: a.locked)
_LOCKED_REMOTE: Check = (Refusal.LANE_LOCKED, lambda a: a.locked and a.remote)
_CRASHED: Check = (Refusal.LANE_CRASHED, lambda a: a.crashed)
_NO_CASE: Check = (Refusal.NO_CASE, lambda a: not a.case)
_OPEN: tuple[Check, ...] = (
    _LOCKED,
    _CRASHED,
    (Refusal.DEVICE_LOST, lambda a: a.open_device_lost),
    (Refusal.ARM_BETWEEN, lambda a: a.step and a.arm not in (ArmState.CLOSED, ArmState.OPEN)),
    (Refusal.OTHER_BARRIER_OPEN, lambda a: a.interlocked),
    (Refusal.GRANTS_FULL, lambda a: a.grants_full),
)

TABLE: dict[str, tuple[Check, ...]] = {
    "open": (*_OPEN, (Refusal.UNPAID, lambda a: a.unpaid)),
    "owe": ((Refusal.NOT_UNPAID, lambda a: not a.unpaid), *_OPEN),
    "close": (
        _LOCKED,
        _CRASHED,
        (Refusal.FIRE, lambda a: a.fire_contact),
        (Refusal.NO_CLOSE_OUTPUT, lambda a: not a.can_close),
        (Refusal.DEVICE_LOST, lambda a: a.close_device_lost),
        (Refusal.SAFETY_OCCUPIED, lambda a: a.safety_fitted and a.safety is True),
        (Refusal.SAFETY_UNKNOWN, lambda a: a.safety_fitted and a.safety is None),
        # A person on the spot replaces a missing safety loop; a person far away does not.
        (Refusal.SAFETY_UNKNOWN, lambda a: not a.safety_fitted and a.remote),
    ),
    "stop": (_LOCKED_REMOTE,),
    "hold": ((Refusal.HELD_ALREADY, lambda a: a.held), *_OPEN),
    "release": (_LOCKED_REMOTE, (Refusal.NOT_HELD, lambda a: not (a.held or a.fire))),
    "lock": ((Refusal.LOCKED_ALREADY, lambda a: a.locked),),
    "unlock": (
        (Refusal.NOT_LOCKED, lambda a: not a.locked),
        _LOCKED_REMOTE,
        (Refusal.POINTS_UNTICKED, lambda a: a.touched and not a.fire_contact),
    ),
    "passed": (),
    "emergency": ((Refusal.ON_THE_SPOT_ONLY, lambda a: a.remote), *_OPEN),
    "refuse": (_NO_CASE,),
    "seen_to": (_NO_CASE,),
    "look": ((Refusal.ON_THE_SPOT_ONLY, lambda a: a.remote),),
    "reset": (
        _LOCKED,
        (Refusal.NOT_CRASHED, lambda a: not (a.crashed or a.question)),
        (Refusal.ARM_DETACHED, lambda a: a.crashed and a.detached),
    ),
}
COMMANDS = tuple(TABLE)


def refusal(command: str, asked: Asked) -> Refusal | None:
    """The code of the first check that refuses the command; None when it may be given."""
    return next((code for code, fits in TABLE[command] if fits(asked)), None)
