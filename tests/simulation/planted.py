"""Stories in which a planted fault must be found by its rule."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.simulation.play import Found, play
from gateway.simulation.story.guests import OF_OFFICE, with_office
from gateway.simulation.story.happenings import Happening, Story
from gateway.simulation.story.write import share, write

SEEDS = range(1, 9)
TWO_PROOFS = {"two_factor": True, "long_range": False, "button_only": False}
CAMERA = {"two_factor": False, "long_range": False, "button_only": False, "camera": True}
IN_THE_BOOTH = {"two_factor": False, "long_range": False, "button_only": False, "desk": True}
LONG_RANGE = {"two_factor": False, "long_range": True, "button_only": False}


def found_by(rule: str, *, hours: int = 4, troubles: float = 6.0, **more: Any) -> Found | None:
    """The first of a few stories that breaks the rule."""
    for seed in SEEDS:
        found = play(pointed(seed, hours, troubles, **more))
        if found.broken is not None:
            assert found.rule == rule, found.broken
            return found
    return None


def pointed(
    seed: int,
    hours: int,
    troubles: float,
    *,
    only: tuple[str, ...] = (),
    shape: dict[str, Any] | None = None,
    shared: bool = False,
    site: dict[str, Any] | None = None,
    card: str = "",
    money: bool = False,
    office: bool = False,
) -> Story:
    """A story with nothing but cars and what is named, at lanes that all have a certain shape; `shared`: two by two.

    `card`: what all of them show. `money`: stays are charged. `office`: with visitors, slips and watched vehicles.
    """
    story = write(seed, hours, troubles=troubles)
    kept = tuple(one for one in story.happenings if _is_kept(one, only))
    if card:
        kept = tuple(msgspec.structs.replace(one, detail={**one.detail, "card": card}) for one in kept)
    lanes = tuple({**lane, **(shape or {})} for lane in story.lanes)
    if shared:
        share(lanes[0], lanes[1])
        share(lanes[2], lanes[3])
    story = msgspec.structs.replace(story, happenings=kept, lanes=lanes, site=site or {}, money=money, office=False)
    return with_office(story) if office else story


def _is_kept(one: Happening, only: tuple[str, ...]) -> bool:
    """Whether a happening stays: what the office is for is added where it is asked for."""
    if one.what in OF_OFFICE or one.detail.get("card") in OF_OFFICE:
        return False
    return not only or one.what in ("car", *only)
