"""The `barrier.` rows of a lane, and the alarms on it."""

from __future__ import annotations

from typing import Any

from gateway.core.alarms.desk import Alarm, AlarmDesk
from gateway.core.alarms.kinds import KINDS
from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.terminals import Motion
from gateway.core.lane.contacts.inputs import Inputs
from gateway.core.lane.grants.queue import GrantQueue
from gateway.core.lane.modes.tag import Tag
from gateway.core.lane.service import Service
from gateway.core.lane.wiring import Wiring
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.rows import (
    UNSET,
    BarrierNotFollowed,
    IncidentRow,
    MovementRow,
    OrderRow,
    Row,
    UnsetType,
)
from gateway.core.vocabulary.turn import Turn


class Records:
    """Writes what happened at a barrier; every row is counted for its service."""

    def __init__(self, wiring: Wiring, inputs: Inputs, grants: GrantQueue, tag: Tag, service: Service) -> None:
        self._barrier = wiring.barrier.id
        self._lane = wiring.home.id
        self._inputs = inputs
        self._grants = grants
        self._tag = tag
        self._service = service

    def moved(
        self,
        turn: Turn,
        kind: type[MovementRow],
        cause: Cause,
        by: str = "",
        *,
        travel_ms: int | UnsetType = UNSET,
        presumed: bool | UnsetType = UNSET,
    ) -> None:
        """The arm has reached an end."""
        row = kind(
            lane=self._lane,
            barrier=self._barrier,
            cause=cause.value,
            by=by or None,
            travel_ms=travel_ms,
            presumed=presumed,
        )
        self._append(turn, row)

    def set_by(self, turn: Turn, kind: type[OrderRow], author: Author, **more: Any) -> None:
        """A person, or the gateway in their place, has set something; `more`: what this kind of row says besides."""
        said: dict[str, Any] = {**author.document(), **more}
        self._append(turn, kind(lane=self._lane, barrier=self._barrier, **said))

    def incident(self, turn: Turn, kind: type[IncidentRow], **more: Any) -> None:
        """Something went wrong: all that an incident report needs; `more`: what this kind of row says besides.

        With `interrupted` nothing moves by itself until a person decides.
        """
        row = kind(
            lane=self._lane,
            barrier=self._barrier,
            points=self._inputs.picture(),
            last_grant=self._grants.last_granted(),
            under_tag=True if self._tag.on else UNSET,
            **more,
        )
        self._append(turn, row)

    def not_followed(self, turn: Turn, motion: Motion, why: str) -> None:
        """A commanded movement did not happen, and never will."""
        self.incident(turn, BarrierNotFollowed, command=motion.command, reason=why, by=motion.author.by)

    def _append(self, turn: Turn, row: Row) -> None:
        turn.append(row)
        self._service.happened(turn, row.type)
        turn.show()


class LaneAlarms:
    """The alarms on one barrier; each is found again by what it is about."""

    def __init__(self, wiring: Wiring, tag: Tag, desk: AlarmDesk) -> None:
        self._wiring = wiring
        self._tag = tag
        self._desk = desk

    def raise_(
        self, turn: Turn, kind: str, about: str, detail: dict[str, Any] | None = None, of: str | None = None
    ) -> Alarm:
        """Raise an alarm; `of`: the alarm on the same movement, as `AlarmDesk.raise_` has it.

        What happens under a tag waits out of service until the tag comes off, but for calls for help.
        """
        tagged = self._tag.reason if self._tag.on and not KINDS[kind].calls else None
        lane = self._wiring.home.id
        return self._desk.raise_(turn, kind, self.key(about), lane=lane, detail=detail, of=of, tagged=tagged)

    def end(self, turn: Turn, about: str) -> None:
        """The cause of an alarm is over."""
        self._desk.return_(turn, self.key(about))

    def lasts(self, about: str) -> bool:
        """Whether the cause of an alarm lasts."""
        return self._desk.lasts(self.key(about))

    def key(self, about: str) -> str:
        """The key that an alarm is found by."""
        return f"lane:{self._wiring.home.id}:{about}"

    def take_out(self, turn: Turn) -> None:
        """People work here under a tag: alarms of these lanes wait until it comes off."""
        for lane in self._wiring.lanes:
            self._desk.take_out(turn, lane.id, self._tag.by, self._tag.reason)

    def put_back(self, turn: Turn, by: str) -> None:
        """The tag is off."""
        for lane in self._wiring.lanes:
            self._desk.put_back(turn, lane.id, by)
