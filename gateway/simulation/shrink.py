"""The shortest story that still breaks the same rule: what comes later is cut off, then ever smaller parts left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

import msgspec

from gateway.simulation.play import Found
from gateway.simulation.story.happenings import HOUR_MS, Happening, Story

TRIES_MAX = 400


def shortest(story: Story, found: Found, play: Callable[[Story], Found], err: TextIO | None = None) -> Story:
    """Leave out whatever is not needed to break the rule; at most `TRIES_MAX` stories are played."""
    hours = min(story.hours, found.at_ms // HOUR_MS + 1)
    kept = [one for one in story.happenings if one.at_ms <= found.at_ms]
    best = msgspec.structs.replace(story, hours=hours, happenings=tuple(kept))
    tries = 0

    def breaks(candidate: list[Happening]) -> bool:
        nonlocal tries
        tries += 1
        shorter = msgspec.structs.replace(best, happenings=tuple(candidate))
        return play(shorter).rule == found.rule

    if not breaks(kept):
        return story
    chunk = max(1, len(kept) // 2)
    while tries < TRIES_MAX:
        position, smaller = 0, False
        while position < len(kept) and tries < TRIES_MAX:
            candidate = kept[:position] + kept[position + chunk :]
            if breaks(candidate):
                kept, smaller = candidate, True
            else:
                position += chunk
        if err is not None:
            err.write(f"\r{len(kept)} happenings left after {tries} tries ")
            err.flush()
        if chunk == 1 and not smaller:
            break
        chunk = max(1, chunk // 2)
    return msgspec.structs.replace(best, happenings=tuple(kept))
