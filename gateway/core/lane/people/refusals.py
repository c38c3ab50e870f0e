"""Why a person's command cannot be given now: one literal table command -> checks, tried from the top.

The first check that fits refuses with its code, and nothing changes; none fitting, the command may be given. Screens
show the same codes as reasons why a button is off.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.core.lane.arm.table import ArmState


class Asked(msgspec.Struct, frozen=True):
    """All that a check may look at. `safety` is True occupied, False free, None unknown; `case`: a car waits."""

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


Check = tuple[str, Callable[[Asked], bool]]

_LOCKED: Check = ("lane_locked", lambda a: a.locked)
_LOCKED_REMOTE: Check = ("lane_locked", lambda a: a.locked and a.remote)
_CRASHED: Check = ("lane_crashed", lambda a: a.crashed)
_NO_CASE: Check = ("no_case", lambda a: not a.case)
_OPEN: tuple[Check, ...] = (
    _LOCKED,
    _CRASHED,
    ("device_lost", lambda a: a.open_device_lost),
    ("arm_between", lambda a: a.step and a.arm not in (ArmState.CLOSED, ArmState.OPEN)),
    ("other_barrier_open", lambda a: a.interlocked),
    ("grants_full", lambda a: a.grants_full),
)

TABLE: dict[str, tuple[Check, ...]] = {
    "open": _OPEN,
    "close": (
        _LOCKED,
        _CRASHED,
        ("fire", lambda a: a.fire_contact),
        ("no_close_output", lambda a: not a.can_close),
        ("device_lost", lambda a: a.close_device_lost),
        ("safety_occupied", lambda a: a.safety_fitted and a.safety is True),
        ("safety_unknown", lambda a: a.safety_fitted and a.safety is None),
        # A person on the spot is the safety of a lane that has none fitted; somebody far away is not.
        ("safety_unknown", lambda a: not a.safety_fitted and a.remote),
    ),
    "stop": (_LOCKED_REMOTE,),
    "hold": (("held_already", lambda a: a.held), *_OPEN),
    "release": (_LOCKED_REMOTE, ("not_held", lambda a: not (a.held or a.fire))),
    "lock": (("locked_already", lambda a: a.locked),),
    "unlock": (("not_locked", lambda a: not a.locked), _LOCKED_REMOTE),
    "passed": (),
    "emergency": (("on_the_spot_only", lambda a: a.remote), *_OPEN),
    "refuse": (_NO_CASE,),
    "seen_to": (_NO_CASE,),
    "look": (("on_the_spot_only", lambda a: a.remote),),
    "reset": (
        _LOCKED,
        ("not_crashed", lambda a: not (a.crashed or a.question)),
        ("arm_detached", lambda a: a.crashed and a.detached),
    ),
}
COMMANDS = tuple(TABLE)


def refusal(command: str, asked: Asked) -> str | None:
    """The code of the first check that refuses the command; None when it may be given."""
    return next((code for code, fits in TABLE[command] if fits(asked)), None)
