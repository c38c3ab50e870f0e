"""The engine as others see it: a real control socket whose snapshots and answers a test writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gateway.control import Responder, Server
from gateway.control.wire import encode
from gateway.core.vocabulary.views import AlarmView, GatewayView, JournalView, LaneView, SiteView, Snapshot

Answer = Callable[[dict[str, Any]], Any]
WHEN = "2026-11-21T08:00:00.000Z"
FREE = {
    "open": None,
    "close": None,
    "stop": None,
    "hold": None,
    "release": "not_held",
    "lock": None,
    "unlock": "not_locked",
    "reset": "not_crashed",
    "passed": None,
    "emergency": None,
    "look": None,
    "refuse": "no_case",
    "seen_to": "no_case",
}
"""What a person may do at a quiet lane."""


class EngineStandIn:
    """Keeps what it was asked in `asked`; answers with what `answers` says for the op, or with `{}`."""

    def __init__(self, path: Path) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Answer] = {}
        self.snapshot = snapshot()
        self._server = Server(path, self._handle)
        self._server.open()
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def show(self, **parts: Any) -> None:
        """Change the snapshot and send it to whoever watches."""
        self.snapshot = replace(self.snapshot, **parts)
        self._server.broadcast(self._line())

    def calls(self, op: str) -> list[dict[str, Any]]:
        """What was asked with this op."""
        return [params for name, params in list(self.asked) if name == op]

    def stop(self) -> None:
        """The engine is gone."""
        self._server.stop()
        self._thread.join(10)

    def _line(self) -> bytes:
        return encode({"event": "state", "state": self.snapshot})

    def _handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        if op == "watch":
            respond.watch(self._line())
            return
        self.asked.append((op, params))
        answer = self.answers.get(op)
        respond.result({} if answer is None else answer(params))


@contextmanager
def engine_stand_in(path: Path) -> Iterator[EngineStandIn]:
    """An engine for the length of a block."""
    engine = EngineStandIn(path)
    try:
        yield engine
    finally:
        engine.stop()


def lane(lane_id: str = "in", **changes: Any) -> LaneView:
    """A quiet lane, with what is given changed."""
    quiet = LaneView(
        id=lane_id,
        name="North in",
        direction="entry",
        barrier=lane_id,
        state="ready",
        since="2026-09-21T14:13:20.000Z",
        arm="closed",
        mode="auto",
        crossing="empty",
        measured_at=WHEN,
        age_ms=3,
        approach=False,
        safety=False,
        allowed=dict(FREE),
    )
    return replace(quiet, **changes)


def alarm(alarm_id: str, **changes: Any) -> AlarmView:
    """An alarm that has a name in it, with what is given changed."""
    crash = AlarmView(
        alarm=alarm_id,
        kind="crash",
        priority=1,
        state="unacknowledged",
        lane="in",
        raised_at=WHEN,
        as_of=WHEN,
        acknowledged_by="Lin",
    )
    return replace(crash, **changes)


def snapshot(*lanes: LaneView, **changes: Any) -> Snapshot:
    """What an engine publishes of a quiet site, with what is given changed."""
    quiet = Snapshot(
        as_of=WHEN,
        site=SiteView(id="north-court", name="North Court", timezone="Asia/Shanghai", locale="en"),
        gateway=GatewayView(id="gw1", version="1", started_at=WHEN, clock="synced"),
        journal=JournalView(id="abcdefgh"),
        lanes=lanes or (lane(),),
    )
    return replace(quiet, **changes)
