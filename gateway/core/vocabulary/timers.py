"""A timer's name: who it belongs to and what it is for, as values, so that no id of a site file can be mistaken."""

from __future__ import annotations

from typing import NamedTuple


class Timer(NamedTuple):
    """`kind` of the owner names the subsystem, `owner` one of its things, `of` a contact, a loop or a lane.

    Kinds: `lane` (`owner` is a barrier's id), `lanes` (all of them), `alarm` (an alarm's id).
    """

    kind: str
    owner: str
    name: str
    of: str = ""
