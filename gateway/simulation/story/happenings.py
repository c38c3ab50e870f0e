"""A story: the shape of a site, and what happens there in order of time.

Each happening carries a seed of its own, so that leaving others out does not change it.
"""

from __future__ import annotations

from typing import Any

import msgspec

HOUR_MS = 3_600_000
DAY_HOURS = 24
MONTH_HOURS = 31 * DAY_HOURS
LANES = 4
WHO = 200
"""How many people there are of each kind of card."""


class Happening(msgspec.Struct, frozen=True):
    """Something that happens at `at_ms` of site time to a lane (by number) or to the whole site."""

    at_ms: int
    what: str
    lane: int = 0
    detail: dict[str, Any] = {}
    seed: int = 0

    def words(self) -> str:
        """The happening as a line of a told story."""
        hours, rest = divmod(self.at_ms, HOUR_MS)
        minutes, ms = divmod(rest, 60_000)
        told = " ".join(f"{key}={value}" for key, value in self.detail.items())
        return f"{hours:3d}:{minutes:02d}:{ms / 1000:06.3f}  lane {self.lane}  {self.what} {told}".rstrip()


class Story(msgspec.Struct, frozen=True):
    """A shape and its happenings, in order of time; a guard looks after the site every `care_ms` (from, to).

    `site`: what the site file says of the whole site. `money`: stays are charged. `office`: goods leave on slips,
    vehicles are watched, and drivers come without their card.
    """

    seed: int
    hours: int
    lanes: tuple[dict[str, Any], ...]
    happenings: tuple[Happening, ...]
    care_ms: tuple[int, int] = (120_000, 900_000)
    site: dict[str, Any] = {}
    money: bool = False
    office: bool = False

    def told(self) -> str:
        """The story in lines."""
        shape = "\n".join(f"lane {n}: {lane}" for n, lane in enumerate(self.lanes))
        site = "".join(f"{key}: {value}\n" for key, value in self.site.items())
        site += "stays are charged\n" if self.money else ""
        site += "goods leave on slips\n" if self.office else ""
        return "\n".join([site + shape, *(one.words() for one in self.happenings)])
