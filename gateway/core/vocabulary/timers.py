"""The name of a timer: owner and purpose as values, so that any id of a site file is safe."""

from __future__ import annotations

from typing import NamedTuple


class Timer(NamedTuple):
    """`kind` is the subsystem, `owner` one of its objects, `of` a contact, loop or lane.

    Kinds: `lane` (`owner` is a barrier's id), `lanes` (all of them), `alarm` (an alarm's id), `picture` (a
    lane's id).
    """

    kind: str
    owner: str
    name: str
    of: str = ""
