"""A timer's name: who it belongs to and what it is for, as values, so that no id of a site file can be mistaken."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Timer(NamedTuple):
    """`owner`: a barrier's id (`lane`), an alarm's id (`alarm`), empty (`site`); `of`: a contact, a loop or a lane."""

    kind: Literal["site", "lane", "alarm"]
    owner: str
    name: str
    of: str = ""
