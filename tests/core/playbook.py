"""A lane on a fake clock: tests say what happens and read what the core asked for.

The journal commits at once unless told to wait; timers fire in order as time advances; the barrier does only what the
test says that it does, unless `obedient` makes the arm follow its pulses after its travel time. `restarted` ends
the run as a kill does and begins the next one with what the projections of the real store make of its rows.
"""

from __future__ import annotations

import heapq
import tempfile
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gateway.core.lane.lane import LaneMachine
from gateway.core.lanes.lanes import Lanes
from gateway.core.settings.difference import touched
from gateway.core.settings.exchange import SettingsChanged, kept
from gateway.core.settings.site_file import parse_settings
from gateway.core.site import Site
from gateway.core.subsystem import Memory
from gateway.core.vocabulary import commands, events
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Row
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.views import CoreView, View
from gateway.engine.core_thread.standby import still_interrupted
from gateway.store.journal.queries import StoredRow
from gateway.store.projections.state import State

START_WALL_NS = 1_790_000_000_000_000_000  # 2026-09-21T14:13:20Z, 22:13:20 in Shanghai
INPUTS = (
    "at_open", "at_closed", "safety_loop", "approach_loop", "arm_detached", "mains", "hand", "fire", "fault", "panic",
)  # fmt: skip
OUTPUTS = ("open", "close", "stop", "siren", "red", "green", "granted", "denied")


def site_document(**barrier: Any) -> dict[str, Any]:
    """A site with one entry lane; keywords change its barrier, None takes a key away."""
    wired: dict[str, Any] = {name: f"io.input.{n}" for n, name in enumerate(INPUTS[:5])}
    wired |= {name: f"io.output.{n}" for n, name in enumerate(OUTPUTS[:3])}
    wired |= barrier
    return {
        "site": {"id": "north-court", "name": "North Court", "timezone": "Asia/Shanghai"},
        "gateway": {"id": "gw1", "clock": "trusted"},
        "devices": [
            {"id": "reader-in", "driver": "noop"},
            {"id": "reader-out", "driver": "noop"},
            {"id": "io", "driver": "noop"},
        ],
        "lanes": [
            {
                "id": "in",
                "name": "North in",
                "direction": "entry",
                "readers": ["reader-in"],
                "siren": "io.output.3",
                "barrier": {key: value for key, value in wired.items() if value is not None},
            }
        ],
    }


MONTHLY = Pass(id="p1", kind=PassKind.MONTHLY, cards=("472288",), plates=("京A12345",), valid_until="2027-12-31")


class Written(NamedTuple):
    """A row as the journal has it."""

    type: str
    subject: str
    data: dict[str, Any]


def written(command: commands.Append, gateway: str) -> Written:
    """What the journal of that gateway is given."""
    return Written(command.row.type, command.row.subject(gateway), msgspec.to_builtins(command.row))


class Playbook:
    """The core of one site, its time, its journal and its contacts."""

    def __init__(
        self,
        document: dict[str, Any] | None = None,
        memory: Memory | None = None,
        *,
        start: bool = True,
        wall_ns: int = START_WALL_NS,
        run: int = 1,
        clock: ClockState = ClockState.SYNCED,
    ):
        self.document = document or site_document()
        self.settings = parse_settings(self.document)
        self.site = Site(self.settings, memory)
        self.run = run
        self.mono_ns = 1_000_000_000
        self.wall_ns = wall_ns
        self.clock = clock
        self.rows: list[Written] = []
        self.structs: list[Row] = []
        """The rows as the core made them."""
        self.kept: list[tuple[int, Written]] = []
        self.outputs: list[tuple[int, str, int]] = []
        self.replies: dict[str, commands.Reply] = {}
        self.logs: list[commands.Log] = []
        self.shown: list[tuple[str, dict[str, Any]]] = []
        self.journal_waits = False
        self.uncommitted: list[int] = []
        self._committed: deque[int] = deque()
        self.board_swallows = False
        """Whether what becomes of an order to move is never told."""
        self._ordered: deque[tuple[str, int, int]] = deque()
        self._depth = 0
        self._seen: CoreView | None = None
        self._timers: dict[Timer, int] = {}
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0
        self.electrical = [False] * len(INPUTS)
        self.electrical[INPUTS.index("at_closed")] = True
        self.electrical[INPUTS.index("mains")] = True
        self.happens(events.Started(run=str(run), version="test"))
        if start:
            self.restored()

    # -- time and delivery

    def now(self) -> Now:
        return Now(self.wall_ns, self.mono_ns, self.clock)

    def happens(self, event: events.Event) -> list[commands.Command]:
        todo = self.site.handle(event, self.now())
        self._look(todo)
        self._depth += 1
        for command in todo:
            self._carry_out(command)
        self._depth -= 1
        # As in the engine: whatever one event leads to is carried out before the journal has written its rows.
        while self._committed and not self._depth:
            self.happens(events.JournalCommitted(self._committed.popleft()))
        return todo

    def _look(self, todo: list[commands.Command]) -> None:
        """What people look at changes only with a `Snapshot`; else screens would go on showing the old state."""
        seen, self._seen = self._seen, self.site.snapshot()
        if seen is not None and seen != self._seen:
            assert any(isinstance(command, commands.Snapshot) for command in todo), changed(seen, self._seen)

    def _carry_out(self, command: commands.Command) -> None:
        match command:
            case commands.Append():
                row = written(command, self.settings.gateway.id)
                self.rows.append(row)
                self.structs.append(command.row)
                self.kept.append((self.wall_ns, row))
                if command.token and self.journal_waits:
                    self.uncommitted.append(command.token)
                elif command.token:
                    self._committed.append(command.token)
            case commands.PulseOutput():
                kind = "pulse" if command.active else "pulse-off"
                self.outputs.append((self.mono_ns // 1_000_000, OUTPUTS[command.output], command.duration_ms))
                self._ordered.append((command.device, command.output, command.token))
                assert kind == "pulse" or self.settings.barriers[0].open.normally == "closed"
            case commands.SetOutput():
                name = OUTPUTS[command.output]
                self.outputs.append((self.mono_ns // 1_000_000, f"{name}={'on' if command.active else 'off'}", 0))
                self._ordered.append((command.device, command.output, command.token))
            case commands.StartTimer():
                self._count += 1
                due = self.mono_ns + command.after_ms * 1_000_000
                self._timers[command.timer] = self._count
                heapq.heappush(self._heap, (due, self._count, command.timer))
            case commands.CancelTimer():
                self._timers.pop(command.timer, None)
            case commands.CancelTimers():
                for timer in [one for one in self._timers if (one.kind, one.owner) == (command.kind, command.owner)]:
                    del self._timers[timer]
            case commands.ShowOnDevice():
                self.shown.append((command.device, command.message))
            case commands.Reply():
                self.replies[command.request] = command
            case commands.Log():
                self.logs.append(command)

    def commit(self) -> None:
        """The journal has written what waited."""
        waiting, self.uncommitted = self.uncommitted, []
        for token in waiting:
            self.happens(events.JournalCommitted(token))

    def advance(self, ms: int) -> None:
        """Let time pass; boards say that they have done what they were told, and timers fire in order."""
        end = self.mono_ns + ms * 1_000_000
        while self._boards_answer() or (self._heap and self._heap[0][0] <= end):
            if not self._heap or self._heap[0][0] > end:
                continue
            due, number, timer = heapq.heappop(self._heap)
            if self._timers.get(timer) != number:
                continue
            del self._timers[timer]
            self._step_to(max(due, self.mono_ns))
            self.happens(events.TimerFired(timer))
        self._step_to(end)

    def _boards_answer(self) -> bool:
        """Whether any board had an order to answer."""
        ordered, self._ordered = self._ordered, deque()
        for device, output, token in () if self.board_swallows else ordered:
            self.happens(events.OutputDone(device, output, token))
        return bool(ordered) and not self.board_swallows

    def _step_to(self, mono_ns: int) -> None:
        self.wall_ns += mono_ns - self.mono_ns
        self.mono_ns = mono_ns

    def memory(self) -> Memory:
        """What the projections make of all rows so far."""
        rows = [
            StoredRow(number, row.type, row.subject, wall_ns, msgspec.json.encode({"data": row.data}).decode())
            for number, (wall_ns, row) in enumerate(self.kept, 1)
        ]
        base = "/dev/shm" if Path("/dev/shm").is_dir() else None
        with tempfile.TemporaryDirectory(prefix="gatehouse-", dir=base) as folder:
            state = State(Path(folder) / "state.db", writer=True)
            state.apply(rows)
            memory = Memory(**state.memory(self.settings.zone))
            state.close()
        return memory

    def next_run(self, *given: Any, **more: Any) -> Playbook:
        """The run after this one."""
        return Playbook(*given, **more)

    def restarted(
        self, after_ms: int = 3000, *, start: bool = True, clock: ClockState = ClockState.SYNCED, **contacts: bool
    ) -> Playbook:
        """The run after this one was killed: contacts stand as they stood, but for those given."""
        wall_ns = self.wall_ns + after_ms * 1_000_000
        play = self.next_run(self.document, self.memory(), start=False, wall_ns=wall_ns, run=self.run + 1, clock=clock)
        play.kept[:0] = self.kept
        play.electrical = list(self.electrical)
        for name, value in contacts.items():
            play.electrical[INPUTS.index(name)] = value
        if start:
            play.restored()
        return play

    def unrest(self, document: dict[str, Any], *, moves_only: bool = False) -> list[str]:
        """What the core says that other settings must wait for: lane and reason."""
        met = touched(self.settings, parse_settings(document)).barriers
        return [f"{one.lane} {one.reason}" for one in self.site.unrest(met, self.now(), moves_only=moves_only)]

    def other_settings(self, document: dict[str, Any], *restarted: str) -> list[commands.Command]:
        """Other settings hold from now on; `restarted`: devices whose bus begins anew."""
        settings = kept(self.settings, parse_settings(document))
        met = touched(self.settings, settings, restarted)
        memory = still_interrupted(self.memory(), self.site)
        self.document, self.settings = document, settings
        return self.happens(SettingsChanged(settings, met.barriers, met.devices, memory))

    # -- the world

    def restored(self, device: str = "io") -> None:
        self.happens(events.DeviceRestored(device, tuple(self.electrical), (False,) * 8))

    def set(self, settle_ms: int = 40, **contacts: bool) -> None:
        """Contacts change together; then the debounce time passes."""
        for name, value in contacts.items():
            self.electrical[INPUTS.index(name)] = value
        self.happens(events.InputsRead("io", tuple(self.electrical)))
        self.advance(settle_ms)

    def read(self, value: str = "472288", passes: tuple[Pass, ...] = (MONTHLY,), **more: Any) -> None:
        self.happens(events.CredentialRead(more.pop("device", "reader-in"), "card", value, 32, passes, **more))

    def person(self, command: str, **more: Any) -> commands.Reply:
        """A person's command; the reply. A tag comes off by a leader's word, whatever was touched under it."""
        self._count += 1
        if command == "unlock":
            more = {"detail": {"waive": "leader"}, **more}
        request = f"r{self._count}"
        way = {"by": "Lin", "via": "guard", "reason": "test", **more}
        given = {"present": way["via"] in ("guard", "cli"), **way}
        self.happens(
            events.CommandReceived(
                request, more.pop("lane", "in"), command, **{k: v for k, v in given.items() if k != "lane"}
            )
        )
        return self.replies[request]

    def alarm(self, verb: str, alarm: str | None = None, **more: Any) -> commands.Reply:
        self._count += 1
        request = f"r{self._count}"
        alarm = alarm or self.alarms()[0]["alarm"]
        self.happens(events.AlarmCommandReceived(request, alarm, verb, by="Lin", **more))
        return self.replies[request]

    def rise(self, travel_ms: int = 2000) -> None:
        """The arm leaves closed and comes to open."""
        self.set(at_closed=False)
        self.advance(travel_ms - 80)
        self.set(at_open=True)

    def lower(self, travel_ms: int = 2000) -> None:
        self.set(at_open=False)
        self.advance(travel_ms - 80)
        self.set(at_closed=True)

    def drive_through(self) -> None:
        """A car from the approach loop over the safety loop and away, up to the end of the merge time."""
        self.set(approach_loop=True)
        self.advance(500)
        self.set(safety_loop=True)
        self.advance(500)
        self.set(approach_loop=False)
        self.advance(500)
        self.set(safety_loop=False)
        self.advance(700)

    def let_in(self) -> None:
        """A resident's whole passage, to the closed arm."""
        self.set(approach_loop=True)
        self.read()
        self.rise()
        self.drive_through()
        self.advance(900)
        self.lower()

    # -- what came of it

    def types(self, prefix: str = "") -> list[str]:
        return [row.type for row in self.rows if row.type.startswith(prefix)]

    def data(self, type_: str) -> dict[str, Any]:
        """The data of the last row of a type."""
        return next(row.data for row in reversed(self.rows) if row.type == type_)

    def pulses(self) -> list[str]:
        return [name for _, name, duration in self.outputs if duration]

    def forget(self) -> None:
        self.rows.clear()
        self.structs.clear()
        self.outputs.clear()

    def machine(self, barrier: str = "in") -> LaneMachine:
        return self.site.part(Lanes).machines[barrier]

    def lane(self, lane: str = "in") -> dict[str, Any]:
        """A lane as screens get it."""
        return next(as_sent(one) for one in self.site.snapshot().lanes if one.id == lane)

    def alarms(self) -> list[dict[str, Any]]:
        """The alarms as screens get them."""
        return [as_sent(one) for one in self.site.snapshot().alarms]


def as_sent(view: View) -> dict[str, Any]:
    """A view as its readers decode it."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(view))
    return found


def changed(before: CoreView, after: CoreView) -> str:
    """What differs between two snapshots."""
    lanes = [
        f"{lane.id}.{key}: {getattr(old, key)!r} -> {getattr(lane, key)!r}"
        for old, lane in zip(before.lanes, after.lanes, strict=True)
        for key in lane.__struct_fields__
        if getattr(old, key) != getattr(lane, key)
    ]
    alarms = [] if before.alarms == after.alarms else [f"alarms: {before.alarms} -> {after.alarms}"]
    return "changed without a word: " + "; ".join(lanes + alarms)


def two_lanes() -> dict[str, Any]:
    """An entry and an exit, each with its own board."""
    document = site_document()
    document["devices"].append({"id": "io2", "driver": "noop"})
    barrier = {key: value.replace("io.", "io2.") for key, value in document["lanes"][0]["barrier"].items()}
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": barrier})
    return document


class TwoLanes(Playbook):
    """A playbook whose second board has contacts of its own."""

    def __init__(self, document: dict[str, Any] | None = None) -> None:
        super().__init__(document or two_lanes())
        self.second = [False] * len(INPUTS)
        self.second[INPUTS.index("at_closed")] = True
        self.happens(events.DeviceRestored("io2", tuple(self.second)))

    def set2(self, **contacts: bool) -> None:
        for name, value in contacts.items():
            self.second[INPUTS.index(name)] = value
        self.happens(events.InputsRead("io2", tuple(self.second)))
        self.advance(40)

    def gust(self, lane: str = "in") -> None:
        """*Closed* of one lane flickers once."""
        shake = self.set if lane == "in" else self.set2
        shake(at_closed=False)
        self.advance(300)
        shake(at_closed=True)
        self.advance(5000)

    def tag(self, device: str, value: str = "E280", found: Pass = MONTHLY) -> None:
        self.happens(events.CredentialRead(device, "card", value, 96, (found,), long_range=True))
