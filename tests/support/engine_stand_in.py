"""The engine as the uplink sees it: a real control socket whose snapshots and answers a test writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.control import Responder, Server
from gateway.control.wire import encode

Answer = Callable[[dict[str, Any]], Any]


class EngineStandIn:
    """Keeps what it was asked in `asked`; answers with what `answers` says for the op, or with `{}`."""

    def __init__(self, path: Path) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Answer] = {}
        self.snapshot: dict[str, Any] = {"lanes": [lane()], "alarms": [], "journal": {}}
        self._server = Server(path, self._handle)
        self._server.open()
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def show(self, **parts: Any) -> None:
        """Change the snapshot and send it to whoever watches."""
        self.snapshot = {**self.snapshot, **parts}
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


def lane(lane_id: str = "in", **changes: Any) -> dict[str, Any]:
    """A lane of a snapshot, with more in it than central may see."""
    return {
        "id": lane_id,
        "name": "North in",
        "state": "ready",
        "arm": "closed",
        "mode": "auto",
        "requested": None,
        "cannot_open": None,
        "pause": None,
        "case": None,
        "measured_at": "2026-11-21T08:00:00.000Z",
        "age_ms": 3,
        "tag": None,
        "last_grant": None,
        "notice": None,
        "since": "2026-09-21T14:13:20.000Z",
        "notice_since": None,
        "service_due": [],
        "last_decision": {"holder": "Wang Fang"},
        **changes,
    }


def alarm(alarm_id: str, **changes: Any) -> dict[str, Any]:
    """An alarm of a snapshot, with more in it than central may see."""
    return {
        "alarm": alarm_id,
        "kind": "crash",
        "priority": 1,
        "state": "unacknowledged",
        "lane": "in",
        "device": None,
        "raised_at": "2026-11-21T08:00:00.000Z",
        "as_of": "2026-11-21T08:00:00.000Z",
        "acknowledged_by": "Lin",
        "detail": {},
        **changes,
    }
