"""Scenes for the guard screen: snapshots as the engine sends them, and an engine that plays them on a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from gateway.control import Responder, Server
from gateway.control.wire import encode
from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.vocabulary.errors import GatehouseError, NotFoundError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import (
    AlarmView,
    Case,
    JournalView,
    LaneView,
    LastDecision,
    SiteView,
    Snapshot,
    UplinkView,
)
from gateway.store.directory import DataDirectory
from gateway.store.passes.registry import PassRegistry
from tests.support import engine_stand_in
from tests.support.engine_stand_in import FREE
from web.guard.home.model import guard_view

NAMES = {"in": "北门入口", "out": "北门出口", "south": "南门入口", "goods": "货运出口", "east": "东门入口"}
DIRECTIONS = {"in": "entry", "out": "exit", "south": "entry", "goods": "exit", "east": "entry"}
STAYS_S = 30
FULL = JournalView(id="abcdefgh", degraded="disk full")
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


def lane(lane_id: str = "in", **changes: Any) -> LaneView:
    """A quiet lane of now, with what is given changed; what keeps it from opening for cards follows from that."""
    named = {"name": NAMES[lane_id], "direction": DIRECTIONS[lane_id], "since": at(720), "measured_at": at()}
    asked_since = at(720) if changes.get("notice") else None
    shown = engine_stand_in.lane(lane_id, **{**named, "notice_since": asked_since, **changes})
    return shown if "cannot_open" in changes else replace(shown, cannot_open=_cannot_open(shown))


def _cannot_open(shown: LaneView) -> str | None:
    found = {
        "lane_locked": shown.mode == "locked",
        "lane_crashed": shown.mode == "crashed",
        "interrupted": shown.interrupted,
        "stopped": shown.state == "stopped",
        "paused": shown.pause is not None,
        "no_answer": shown.notice == "no_answer",
        "fault": shown.state == "fault",
    }
    return next((code for code, holds in found.items() if holds), None)


def decision(verdict: str, reason: str, pass_id: str | None = None, ago: float = 1, **more: Any) -> LastDecision:
    """A decision as a lane shows it; a car of the last half minute is there unless `present` says otherwise."""
    pass_ = next((one for one in PASSES if one.id == pass_id), None)
    decided = LastDecision(
        at=at(ago),
        verdict=verdict,
        reason=reason,
        credential=Credential("card", pass_.cards[0] if pass_ and pass_.cards else "472299"),
        pass_=pass_id,
        kind=pass_.kind.value if pass_ else None,
        by="gateway",
        lane="in",
        present=ago <= STAYS_S,
    )
    return replace(decided, **more)


def case(case_id: str = "c1", **changes: Any) -> Case:
    """A car that was referred because its plate is not that of its card, and waits for a person's word."""
    waits = Case(
        id=case_id,
        at=at(4),
        verdict="referred",
        reason="plate_mismatch",
        credential=Credential("card", "100200"),
        pass_="p-li",
        kind="monthly",
        plate_read="粤A99999",
        plates_differ=True,
        missing=("word",),
    )
    return replace(waits, **changes)


def judged(lane_id: str = "in", case_id: str = "c1", **changes: Any) -> LaneView:
    """A lane whose car waits for a person's word."""
    decided = decision("referred", "plate_mismatch", "p-li", ago=4, present=True, case=case_id)
    waits = {"approach": True, "crossing": "waiting", "case": case(case_id), "last_decision": decided}
    return lane(lane_id, **{**waits, "allowed": {**FREE, "refuse": None, "seen_to": None}, **changes})


def crashed(lane_id: str = "in", **changes: Any) -> LaneView:
    """A lane whose arm was struck."""
    locked = {**dict.fromkeys(COMMANDS, "lane_crashed"), "stop": None, "lock": None, "reset": None, "passed": None}
    struck = {"state": "crashed", "mode": "crashed", "arm": "unknown", "safety": None}
    return lane(lane_id, **{**struck, "allowed": locked, **changes})


def alarm(kind: str = "crash", priority: int = 1, ago: float = 12, **changes: Any) -> AlarmView:
    """An alarm that nobody has seen yet."""
    unseen = {"kind": kind, "priority": priority, "raised_at": at(ago), "as_of": at(ago), "acknowledged_by": None}
    return engine_stand_in.alarm(f"a-{kind}", **{**unseen, **changes})


def snapshot(*lanes: LaneView, **changes: Any) -> Snapshot:
    """A whole snapshot of now."""
    now = {
        "as_of": at(),
        "site": SiteView(id="north", name="北苑花园", timezone="Asia/Shanghai", locale="zh_CN"),
        "uplink": UplinkView(configured=True, up=True, since=at(600)),
    }
    return engine_stand_in.snapshot(*(lanes or (lane(),)), **{**now, **changes})


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
        self.slips: list[dict[str, Any]] = []
        self.others: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
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

    def show(self, *lanes: LaneView, **changes: Any) -> None:
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
            self.scene = replace(self.scene, as_of=at())
        return encode({"event": "state", "state": self.scene})

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
        elif op == "slips.use":
            self.slips.append(params)
            respond.result({"slip": params["slip"]})
        elif op == "alarm.command":
            self._acknowledge(params, respond)
        else:
            self.others.append((op, params))
            answer = self.answers.get(op, {})
            if isinstance(answer, GatehouseError):
                respond.error(answer)
            else:
                respond.result(answer)

    def calls(self, op: str) -> list[dict[str, Any]]:
        """What was asked with this op, beside orders to lanes and alarms."""
        return [params for name, params in list(self.others) if name == op]

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
        found = next((one for one in self.scene.alarms if one.alarm == params["alarm"]), None)
        if found is None:
            respond.error(NotFoundError("no such alarm"))
            return
        self.acknowledged.append(params)
        others = [one for one in self.scene.alarms if one is not found]
        if params["verb"] == "close":
            dealt = replace(found, state="closed")
            self._alarms(others)
        else:
            dealt = replace(found, state="acknowledged", acknowledged_by=params["by"])
            self._alarms([dealt, *others])
        respond.result(dealt)
        self._send()

    def _alarms(self, alarms: Iterable[AlarmView]) -> None:
        self.scene = replace(self.scene, alarms=tuple(alarms))


def shown_view(*values: Any, **named: Any) -> dict[str, Any]:
    """The guard's view as a screen gets it."""
    shown: dict[str, Any] = msgspec.to_builtins(guard_view(*values, **named))
    return shown
