"""Memory of the lanes from the last run, and the part of one barrier."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from gateway.core.lane.grants.grant import Left
from gateway.core.lane.memory import LaneMemory, Latest
from gateway.core.lane.service import ServiceMemory
from gateway.core.settings.model import Barrier, Lane
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import LastGrant
from gateway.core.vocabulary.views import LastDecision, LastPassage, Tag

Kept = TypeVar("Kept")


class LaneMarks(msgspec.Struct, frozen=True):
    """A tagged or crashed lane: its strongest `mode`, `since`, `by` and reason."""

    mode: str | None = None
    since: str | None = None
    by: str | None = None
    reason: str | None = None
    crashed: bool = False
    crashed_since: str | None = None


class LanesMemory(msgspec.Struct, frozen=True):
    """`lanes`: by lane id. `interrupted`: barriers that wait for a person, since when. `asked`: barriers with the open
    question whether the arm is whole, since when. `lost`: devices that did not answer, since when. `grants`: those
    without an end. `latest`: lane id -> last `decision`, `grant` and `passage`, for screens and for the car that may
    still wait. `service`: by barrier id.
    """

    lanes: dict[str, LaneMarks] = {}
    interrupted: dict[str, str] = {}
    asked: dict[str, str] = {}
    lost: dict[str, str] = {}
    grants: list[Left] = []
    latest: dict[str, dict[str, dict[str, Any]]] = {}
    service: dict[str, ServiceMemory] = {}

    def of(self, barrier: Barrier, lanes: tuple[Lane, ...]) -> LaneMemory:
        """The part of one barrier with its lanes."""
        kept = [self.lanes[lane.id] for lane in lanes if lane.id in self.lanes]
        tags = [Tag(by=one.by, since=one.since, reason=one.reason) for one in kept if one.mode == "locked"]
        interrupted = self.interrupted.get(barrier.id)
        devices = {point.device for point in barrier.inputs().values()}
        since: dict[str, str | None] = {
            "crashed": min((one.crashed_since for one in kept if one.crashed_since), default=None),
            **{str(one.mode): one.since for one in kept},
            "interrupted": interrupted,
            "arm_whole": self.asked.get(barrier.id),
            "unknown": min((at for device, at in self.lost.items() if device in devices), default=None),
        }
        return LaneMemory(
            crashed=any(one.mode == "crashed" or one.crashed for one in kept),
            tag=tags[0] if tags else None,
            interrupted=interrupted is not None,
            question=barrier.id in self.asked,
            since={what: at for what, at in since.items() if at},
            latest={lane.id: _latest(self.latest[lane.id]) for lane in lanes if lane.id in self.latest},
            service=self.service.get(barrier.id, ServiceMemory()),
        )


def _latest(documents: dict[str, dict[str, Any]]) -> Latest:
    """What a lane did last, as far as it can be shown."""
    decision = documents.get("decision")
    return Latest(
        _fitting(decision, LastDecision),
        _fitting((decision or {}).get("visit"), OpenVisit),
        _fitting(documents.get("grant"), LastGrant),
        _fitting(documents.get("passage"), LastPassage),
    )


def _fitting(document: dict[str, Any] | None, kind: type[Kept]) -> Kept | None:
    """The document as a struct; None without one, and for one that an odd row has left: that keeps no gate shut."""
    try:
        return None if document is None else msgspec.convert(document, kind)
    except msgspec.ValidationError:
        return None
