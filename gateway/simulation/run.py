"""`gatehouse simulate`: hours of stories from one seed, and what became of them.

The outcome depends on seed and hours alone; progress and speed go to stderr.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.simulation.play import play
from gateway.simulation.rules.table import RULES
from gateway.simulation.shrink import shortest
from gateway.simulation.story.happenings import DAY_HOURS, HOUR_MS, MONTH_HOURS, Story
from gateway.simulation.story.write import write, write_outage

EPISODES_A_MONTH = 100
"""One story in so many is a month without a line to central, the others are days."""


class Outcome(msgspec.Struct):
    """What a run has come to. `broken` None: every rule held; else `story` is the shortest found that breaks it."""

    seed: int
    hours: int
    totals: dict[str, int]
    rule: str | None = None
    broken: str | None = None
    story_seed: int | None = None
    story: Story | None = None

    def told(self) -> str:
        """The outcome in lines."""
        first = f"seed {self.seed}, {self.hours} h"
        if self.story is not None:
            return (
                f"{first}\nBROKEN (story {self.story_seed}): {self.broken}\n"
                f"the shortest story found that breaks it:\n{self.story.told()}"
            )
        counted = [f"{name} {number}" for name, number in self.totals.items()]
        return "\n".join([first, *counted, f"{len(RULES)} rules held"])

    def document(self) -> dict[str, Any]:
        """The outcome for programs."""
        return {**msgspec.to_builtins(self), "rules": len(RULES)}


def simulate(seed: int, hours: int) -> Outcome:
    """Play so many hours of site time, up to the first story that breaks a rule."""
    err = sys.stderr
    logging.disable(logging.CRITICAL)
    outcome = Outcome(seed, hours, dict.fromkeys(("steps", "rows", "crossings", "excused", "starts", "faults"), 0))
    err.write(f"seed {seed}\n")
    began_s = time.monotonic()
    done = 0
    for length in lengths(hours):
        story = _episode(seed * 1_000_003 + done, length)
        found = play(story)
        if found.broken is not None:
            err.write(f"\na rule broke after {done + found.at_ms // HOUR_MS} h; looking for the shortest story ...\n")
            outcome.rule, outcome.broken, outcome.story_seed = found.rule, found.broken, story.seed
            outcome.story = shortest(story, found, play, err)
            break
        for name in outcome.totals:
            outcome.totals[name] += getattr(found, name)
        done += story.hours
        speed = done * 3600 / (time.monotonic() - began_s)
        err.write(f"\r{done} of {hours} h, {speed:,.0f} simulated seconds a second ")
        err.flush()
    err.write("\n")
    return outcome


def lengths(hours: int) -> Iterator[int]:
    """How many hours the stories of a run have: days as a rule, now and then a month without a line to central."""
    day = 0
    while hours > 0:
        month = day % EPISODES_A_MONTH == EPISODES_A_MONTH // 10 and hours >= MONTH_HOURS
        length = MONTH_HOURS if month else min(DAY_HOURS, hours)
        yield length
        hours -= length
        day += 1


def _episode(seed: int, hours: int) -> Story:
    return write_outage(seed) if hours == MONTH_HOURS else write(seed, hours)
