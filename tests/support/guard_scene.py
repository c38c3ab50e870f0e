"""Scenes for the guard screen: snapshots as the engine sends them, and an engine that plays them on a real socket."""

from __future__ import annotations

import copy
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from gateway.control import Responder, Server
from gateway.control.wire import encode
from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.vocabulary.errors import NotFoundError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.directory import DataDirectory
from gateway.store.passes.registry import PassRegistry
from web.guard.home.model import guard_view

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
NAMES = {"in": "北门入口", "out": "北门出口", "south": "南门入口", "goods": "货运出口", "east": "东门入口"}
DIRECTIONS = {"in": "entry", "out": "exit", "south": "entry", "goods": "exit", "east": "entry"}
OPERATORS = [
    {"name": "林小军", "role": "guard", "pin": "2468"},
    {"name": "陈班长", "role": "leader", "pin": "1357"},
    {"name": "Auditor", "role": "auditor", "pin": "9999"},
]
PASSES = (
    Pass("p-wang", PassKind.MONTHLY, "王建国", "13900000001", "3栋1201", ("粤B12345",), ("472288",), "B2-117"),
    Pass("p-visit", PassKind.TEMPORARY, unit="5栋", plates=("粤A88K01",)),
    Pass("p-li", PassKind.MONTHLY, "李美华", "13900000002", "1栋302", ("粤BD12345",), ("100200",), "B1-003"),
    Pass("p-bad", PassKind.BLOCKED, "赵某", plates=("粤B66666",)),
)


def at(seconds_ago: float = 0.0) -> str:
    """An instant as the engine writes it."""
    when = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lane(lane_id: str = "in", **changes: Any) -> dict[str, Any]:
    """A quiet lane, with what is given changed."""
    return {
        "id": lane_id,
        "name": NAMES[lane_id],
        "direction": DIRECTIONS[lane_id],
        "barrier": lane_id,
        "state": "ready",
        "since": at(720),
        "notice_since": at(720),
        "arm": "closed",
        "mode": "auto",
        "crossing": "empty",
        "measured_at": at(),
        "age_ms": 40,
        "approach": False,
        "safety": False,
        "tag": None,
        "grants": 0,
        "requested": None,
        "interrupted": False,
        "notice": None,
        "last_grant": None,
        "last_decision": None,
        "last_passage": None,
        "allowed": dict(FREE),
        **changes,
    }


def decision(verdict: str, reason: str, pass_id: str | None = None, ago: float = 1, **more: Any) -> dict[str, Any]:
    """A decision as a lane shows it."""
    pass_ = next((one for one in PASSES if one.id == pass_id), None)
    value = pass_.cards[0] if pass_ and pass_.cards else "472299"
    return {
        "at": at(ago),
        "verdict": verdict,
        "reason": reason,
        "credential": {"kind": "card", "value": value},
        "pass": pass_id,
        "kind": pass_.kind.value if pass_ else None,
        "days_left": None,
        "valid_until": None,
        "by": "gateway",
        **more,
    }


def case(case_id: str = "c1", **changes: Any) -> dict[str, Any]:
    """A car that was referred because its plate is not that of its card, and waits for a person's word."""
    return {
        "id": case_id,
        "at": at(4),
        "verdict": "referred",
        "reason": "plate_mismatch",
        "credential": {"kind": "card", "value": "100200"},
        "pass": "p-li",
        "kind": "monthly",
        "plate_read": "粤A99999",
        "plates_differ": True,
        "missing": ["word"],
        **changes,
    }


def judged(lane_id: str = "in", case_id: str = "c1", **changes: Any) -> dict[str, Any]:
    """A lane whose car waits for a person's word."""
    decided = decision("referred", "plate_mismatch", "p-li", ago=4, present=True, case=case_id)
    waits = {"approach": True, "crossing": "waiting", "case": case(case_id), "last_decision": decided}
    return lane(lane_id, **{**waits, "allowed": {**FREE, "refuse": None, "seen_to": None}, **changes})


def crashed(lane_id: str = "in", **changes: Any) -> dict[str, Any]:
    """A lane whose arm was struck."""
    locked = {**dict.fromkeys(COMMANDS, "lane_crashed"), "stop": None, "lock": None, "reset": None, "passed": None}
    return lane(
        lane_id,
        **{"state": "crashed", "mode": "crashed", "arm": "unknown", "safety": None, "allowed": locked, **changes},
    )


def alarm(kind: str = "crash", priority: int = 1, ago: float = 12, **changes: Any) -> dict[str, Any]:
    """An alarm that nobody has seen yet."""
    return {
        "alarm": f"a-{kind}",
        "kind": kind,
        "priority": priority,
        "state": "unacknowledged",
        "lane": "in",
        "device": None,
        "raised_at": at(ago),
        "as_of": at(ago),
        "acknowledged_by": None,
        "detail": {},
        **changes,
    }


def snapshot(*lanes: dict[str, Any], alarms: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A whole snapshot of now."""
    return {
        "as_of": at(),
        "site": {"id": "north", "name": "北苑花园", "timezone": "Asia/Shanghai", "locale": "zh_CN"},
        "gateway": {"id": "gw1", "version": "0.1.0", "started_at": at(3600), "clock": "synced"},
        "journal": {"id": "abcdefgh", "sequence": 7, "degraded": None},
        "lanes": list(lanes) or [lane()],
        "alarms": alarms or [],
        "devices": [],
        "uplink": {"configured": True, "up": True, "since": at(600), "waiting": 0, "reason": ""},
        **changes,
    }


def document(lanes: tuple[str, ...] = ("in", "out")) -> dict[str, Any]:
    """A site file with these lanes."""
    return {
        "site": {"id": "north", "name": "北苑花园", "timezone": "Asia/Shanghai", "locale": "zh_CN"},
        "gateway": {"id": "gw1"},
        "devices": [{"id": "io", "driver": "noop"}],
        "lanes": [
            {"id": one, "name": NAMES[one], "direction": DIRECTIONS[one], "barrier": {"open": f"io.output.{n}"}}
            for n, one in enumerate(lanes)
        ],
        "operators": OPERATORS,
    }


def make_site(path: Path, lanes: tuple[str, ...] = ("in", "out")) -> DataDirectory:
    """A data directory with passes and operators."""
    directory = DataDirectory(path)
    directory.create(document(lanes))
    registry = PassRegistry(directory.registry, writer=True)
    for pass_ in PASSES:
        registry.put(pass_)
    registry.close()
    return directory


class PlayedEngine:
    """An engine that shows the scene it is given and notes what it is asked."""

    def __init__(self, socket: Path) -> None:
        self.scene = snapshot(lane("in"), lane("out"))
        self.asked: list[dict[str, Any]] = []
        self.acknowledged: list[dict[str, Any]] = []
        self.refuse: dict[str, str] = {}
        self.chosen: list[dict[str, Any]] = []
        self._hangs = False
        self._waiting: list[tuple[dict[str, Any], Responder]] = []
        self._quiet = threading.Event()
        self._ended = threading.Event()
        self._answers: dict[str, dict[str, Any]] = {}
        self._server = Server(socket, self._handle)
        self._server.open()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._server.run, self._beat)]
        for thread in self._threads:
            thread.start()

    def show(self, *lanes: dict[str, Any], **changes: Any) -> None:
        """Send this scene from now on."""
        self.scene = snapshot(*lanes, **changes)
        self._quiet.clear()
        self._send()

    def fall_silent(self) -> None:
        """Send nothing more, as a hung engine."""
        self._quiet.set()

    def hang(self) -> None:
        """Answer no order until `wake`, and send nothing."""
        self._hangs = True
        self._quiet.set()

    def wake(self) -> None:
        """Serve what has waited."""
        self._hangs = False
        self._quiet.clear()
        for params, respond in self._waiting:
            respond.result(self._command(params))
        self._waiting.clear()
        self._send()

    def stop(self) -> None:
        """End the server and its threads."""
        self._ended.set()
        self._server.stop()
        for thread in self._threads:
            thread.join(5)

    def commands(self) -> list[tuple[str, str]]:
        """The lane commands that moved something, in order: (lane, command)."""
        return [(one["lane"], one["command"]) for one in self.asked]

    def _beat(self) -> None:
        while not self._ended.wait(0.5):
            if not self._quiet.is_set():
                self._send()

    def _send(self) -> None:
        self._server.broadcast(self._line())

    def _line(self) -> bytes:
        if not self._quiet.is_set():
            self.scene["as_of"] = at()
        return encode({"event": "state", "state": copy.deepcopy(self.scene)})

    def _handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        if op == "watch":
            respond.watch(self._line())
        elif op == "lane.command" and self._hangs:
            self._waiting.append((params, respond))
        elif op == "lane.command":
            respond.result(self._command(params))
        elif op == "lane.choose":
            self.chosen.append(params)
            respond.result({})
        elif op == "alarm.command":
            self._acknowledge(params, respond)
        else:
            respond.result({})

    def _command(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["request"] not in self._answers:
            late = 0 < params["expires_mono_ns"] <= time.monotonic_ns()
            code = "command_expired" if late else self.refuse.get(params["command"], "")
            if not late:
                self.asked.append(params)
            status = "refused" if code else "done"
            self._answers[params["request"]] = {"id": "c1", "status": status, "reason": code, "detail": ""}
        return self._answers[params["request"]]

    def _acknowledge(self, params: dict[str, Any], respond: Responder) -> None:
        found = [one for one in self.scene["alarms"] if one["alarm"] == params["alarm"]]
        if not found:
            respond.error(NotFoundError("no such alarm"))
            return
        self.acknowledged.append(params)
        if params["verb"] == "close":
            self.scene["alarms"].remove(found[0])
        else:
            found[0].update(state="acknowledged", acknowledged_by=params["by"])
        respond.result(found[0])
        self._send()


def shown_view(*values: Any, **named: Any) -> dict[str, Any]:
    """The guard's view as a screen gets it."""
    shown: dict[str, Any] = msgspec.to_builtins(guard_view(*values, **named))
    return shown
