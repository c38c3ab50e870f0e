"""A second core beside that of the box, which never hears of the watch list.

What a driver can notice must be the same of both: the outputs, the displays, and every row about a lane. It has the
same events at the same moments; alarms, which a watched vehicle adds, are its own matter.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import msgspec

from gateway.core.reports.reports import WATCH
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.site import Site
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.rows import WatchSeen
from gateway.core.vocabulary.rows.base import LaneRow
from gateway.core.vocabulary.views import AlarmView


class Twin:
    """`site`: made from the same memory as the core of the box."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def takes(self, event: e.Event, other: Site) -> e.Event:
        """The event as this core gets it, before the `other` one has it."""
        if isinstance(event, SettingsChanged):
            return msgspec.structs.replace(event, memory=copy.deepcopy(event.memory))  # the other core changes its own
        if isinstance(event, e.AlarmCommandReceived):
            return msgspec.structs.replace(event, alarm=self._alarm_of(event.alarm, other))
        if not isinstance(event, e.CredentialRead) or not event.listed:
            return event
        return msgspec.structs.replace(event, listed=tuple(one for one in event.listed if one.kind != WATCH))

    def differs(self, event: e.Event, now: e.Now, todo: Sequence[c.Command]) -> str:
        """How what this one does differs, in words; empty when a driver notices nothing."""
        mine, others = list(_noticed(self._site.handle(event, now))), list(_noticed(todo))
        if mine == others:
            return ""
        first = next((pair for pair in zip(mine, others, strict=False) if pair[0] != pair[1]), (mine, others))
        return f"{type(event).__name__}: unwatched {first[0]}, watched {first[1]}"

    def _alarm_of(self, alarm: str, other: Site) -> str:
        """The id of the same alarm here: the two number theirs apart."""
        theirs = next((one for one in other.snapshot().alarms if one.alarm == alarm), None)
        same = (one.alarm for one in self._site.snapshot().alarms if theirs and _name(one) == _name(theirs))
        return next(same, "")


def _name(alarm: AlarmView) -> tuple[str, str | None, str | None, str]:
    return alarm.kind, alarm.lane, alarm.device, alarm.raised_at


def _noticed(todo: Sequence[c.Command]) -> Iterator[object]:
    """What shows at a lane, or is in a row about one."""
    for one in todo:
        if isinstance(one, c.Append):
            if isinstance(one.row, LaneRow) and not isinstance(one.row, WatchSeen):
                yield one.row
        elif isinstance(one, c.PulseOutput | c.SetOutput | c.ShowOnDevice) or _is_of_lane(one):
            yield one


def _is_of_lane(one: c.Command) -> bool:
    return isinstance(one, c.StartTimer) and one.timer.kind == "lane"
