"""What every part of the guard's view needs: the words, the passes, the site's time, and who looks from where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from gateway.core.charges.charging import Charging
from gateway.core.settings.model import PURPOSES, Purpose, Site
from gateway.core.settings.roles import Right, roles_with
from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.passes import Pass, end
from gateway.core.vocabulary.times import local_time, wall_ns_of
from gateway.core.vocabulary.views import LaneView
from web.words.texts import Words, clock, initials
from web.words.times import instant

Lookup = Callable[[str], Pass | None]

EXPIRY_WARNING_DAYS = Site("").expiry_warning_days
METHODS = Charging().methods
COMMAND_ROLES = frozenset(roles_with(Right.COMMAND))


@dataclass(frozen=True)
class Scene:
    """`lookup` finds a pass by id, None for one that is gone; `now` is an aware time; `stands_at` tells whether the
    screen is at a lane; `expiry_days` is the site's `expiry_warning_days`; `identity_required`: no lane opens from
    afar without a checked identity, which these pages do not take. `methods`: how is paid here; `owed_limit`: above it
    a leader agrees to a release as owed; `central`: central is there to confirm a payment; `purposes`: what visitors
    come for.
    """

    said: Words
    lookup: Lookup
    place: tzinfo
    now: datetime
    role: str = "guard"
    expiry_days: int = EXPIRY_WARNING_DAYS
    stands_at: Callable[[str], bool] = lambda _lane: True
    lanes: Sequence[LaneView] = ()
    identity_required: bool = False
    methods: Sequence[str] = METHODS
    owed_limit: int | None = None
    central: bool = True
    purposes: tuple[Purpose, ...] = PURPOSES

    @property
    def is_at_a_lane(self) -> bool:
        """Whether the screen is at a lane, where others see it."""
        return any(self.stands_at(lane.id) for lane in self.lanes)

    def has(self, right: Right) -> bool:
        """Whether the role has a right."""
        return self.role in roles_with(right)

    @property
    def may_act(self) -> bool:
        """Whether the role may give orders at all."""
        return self.role in COMMAND_ROLES

    def time(self, text: str | None) -> str:
        """An instant of the snapshot as local time of day; "" for none."""
        when = instant(text)
        return clock(local_time(wall_ns_of(when), self.place)) if when else ""

    def epoch_ms(self, text: str) -> int:
        """An instant as the screen's script counts it; one that cannot be read counts as now."""
        return int((instant(text) or self.now).timestamp() * 1000)

    def last_day(self, text: str | None) -> date | None:
        """The last local day of a validity; None for none."""
        try:
            last = end(text or "")
        except PassError:
            return None
        return local_time(wall_ns_of(last), self.place).date() if isinstance(last, datetime) else last

    def day(self, when: date | None) -> str:
        """A day as one says it aloud; "" for none."""
        return self.said.day(when, self.now.astimezone(self.place).date()) if when else ""

    def pass_of(self, pass_id: str | None) -> Pass | None:
        """A pass by its id, None for none and for one that is gone."""
        return self.lookup(pass_id) if pass_id else None


def refusal(said: Words, code: str, **values: object) -> str:
    """Why a command was not carried out, and what to do instead."""
    return said.first(f"refused.{code}", f"reason.{code}", "refused.other", code=code, **values)


NAME_WIDTH_MAX = 20


def named(by: object) -> str:
    """A person within a short line: the whole name, or its initials where it would fill the line."""
    name = str(by or "")
    return name if width(name) <= NAME_WIDTH_MAX else initials(name)


def briefly(keys: list[str], brief: bool) -> list[str]:
    """Where room is short, the short form of each text before the text itself."""
    return [one for key in keys for one in (f"brief.{key}", key)] if brief else keys


def width(text: str) -> int:
    """How much room a text takes, in halves of a Chinese character."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
