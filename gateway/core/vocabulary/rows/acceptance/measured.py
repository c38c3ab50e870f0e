"""The ends of a point, what was measured of it, and what a tick depends on."""

from __future__ import annotations

from typing import Annotated

import msgspec

from gateway.core.vocabulary.rows.base import UNSET, Credential, UnsetType, one_of, says

ENDS = ("installer", "control_room")
"""The two ends of a point: both tick it."""
KINDS = ("status", "measurement", "setting", "control", "step")
LOST = (
    "wiring", "polarity", "device", "limit", "added", "removed", "faulted", "repaired", "withdrawn",
)  # fmt: skip
WAIVED = ("leader", "emergency", "fire")
"""Why a tag may come off while a touched point is not ticked again."""


class Measured(msgspec.Struct, frozen=True, gc=False):
    """What the gateway measured of a point; a key that says nothing of it is left out."""

    how: Annotated[
        str,
        one_of(
            "`measured` by the gateway; `set` in the settings; `seen` by the person alone, nothing measures it",
            "measured", "set", "seen",
        ),
    ]  # fmt: skip
    on: Annotated[bool | UnsetType | None, says("a contact, or whether a device answers; null: not known")] = UNSET
    on_at: Annotated[str | UnsetType, says("when it was last seen to switch on, or a device to answer again")] = UNSET
    off_at: Annotated[str | UnsetType, says("when it was last seen to switch off, or a device to fall silent")] = UNSET
    ms: Annotated[int | UnsetType, says("a time that was measured, in milliseconds")] = UNSET
    at: Annotated[str | UnsetType, says("when it was measured")] = UNSET
    credential: Annotated[
        Credential | UnsetType, says("what a reader or a camera last read; of its value the last four characters")
    ] = UNSET
    set: Annotated[str | UnsetType, says("the value in the settings")] = UNSET


class Basis(msgspec.Struct, frozen=True, gc=False):
    """What a tick depends on: a change of any of it takes the tick away."""

    terminal: Annotated[str | None, says("where it is wired, null for what is not")] = None
    normally: Annotated[str | None, says("its polarity, `open` or `closed`; null without one")] = None
    device: Annotated[str | None, says("driver and fingerprint of the options of its device")] = None
    limit: Annotated[str | None, says("the value in the settings that it is compared with")] = None


class SheetFigures(msgspec.Struct, frozen=True, gc=False):
    """What was signed."""

    points: Annotated[int, says("points of the lane, all ticked by both ends")]
