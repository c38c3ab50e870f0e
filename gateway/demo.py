"""A whole site on simulated hardware: two lanes, a few hundred passes, traffic, mishaps, and a line that can be cut.

Nothing is faked on the way: readers send true frames over pseudo-terminals, the boards speak Modbus TCP, the gateway is
`gatehouse run` in processes of its own, and the broker, where mosquitto is installed, is a real one. The demo only
builds the world around it, drives cars through it, and plays the shift leader who resets a lane after a crash. All that
it prints while it runs was read from the journal.
"""

from __future__ import annotations

import http.client
import os
import random
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from drivers.sim.cars import Behaviour
from drivers.sim.site import SimSite
from gateway.control import Client
from gateway.core.errors import DataDirectoryError, GatehouseError, NotFoundError
from gateway.core.passes import Pass
from gateway.demo_line import Broker, Switch, free_port, line_is_on, set_line
from gateway.demo_people import People
from gateway.store.directory import DataDirectory
from gateway.store.journal import JournalReader, StoredRow
from gateway.store.registry import PassRegistry
from gateway.supervisor import PARENT_VARIABLE, on_stop_signal

PREFIX = "gatehouse-demo-"
READY_S = 60.0
TURN_S = 0.25
REPAIR_AFTER_S = 30.0
RESET_AFTER_S = 120.0
LEADER = "Demo leader"
ZONE = ZoneInfo("Asia/Shanghai")
_STORY = f"""\
A car comes every few seconds. After about two minutes the arm of the way out is struck: its lane locks,
and the alarm stays until a person deals with it. {REPAIR_AFTER_S:g} s later a new arm is fitted: sign in as Wei and
reset the lane, or wait for {LEADER}, played by this program, who does it {RESET_AFTER_S:g} s after the crash.
"""
_OPERATORS = (("Lin", "guard"), ("Wei", "leader"), ("Chen", "control_room"))
LINE_WORDS = {
    True: "the line to central is whole; what waited is sent in order, old news marked as historical",
    False: "the line to central is cut; events wait in the journal (`gatehouse demo uplink on` mends it)",
}
_SCOPES = ("events:read", "passes:read", "passes:write", "state:read", "lanes:command", "alarms:write", "metrics")


def run(data: Path | None, port: int, hours: float | None) -> int:
    """Run until Ctrl-C or for so many hours; raises GatehouseError when it cannot begin."""
    stop = threading.Event()
    on_stop_signal(stop, within_s=25)
    port = _free(port)
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(data))
        demo = Demo(folder, port, stack)
        demo.start(stop)
        if not stop.is_set():
            demo.play(stop, None if hours is None else time.monotonic() + hours * 3600)
        print("\nending ...", flush=True)
    return 0


def switch_uplink(data: Path | None, line: str) -> bool:
    """Cut or mend the line to central of the demo that runs (`on`, `off`, `show`); returns whether it is whole."""
    directory = _running(data)
    control = _control(directory.path)
    if not control.exists():
        raise NotFoundError(f"the demo in {directory.path} has no line to central; it needs mosquitto")
    if line != "show":
        set_line(control, line == "on")
    return line_is_on(control)


class Demo:
    """The demo in one folder; what it starts is ended by the stack it is given."""

    def __init__(self, folder: Path, port: int, stack: ExitStack) -> None:
        self._stack = stack
        self._port = port
        self._random = random.Random()
        self._people = People(self._random.randrange(2**32), datetime.now(ZONE).date())
        self._names = {one.id: one.holder for one in self._people.all()}
        self._pins = {name: f"{secrets.randbelow(10**4):04}" for name, _ in _OPERATORS}
        self.directory = DataDirectory(folder)
        self._client = Client(self.directory.socket)
        self._broker: Broker | None = None
        self._gateway: subprocess.Popen[bytes] | None = None
        self._site: SimSite
        self._token = ""

    def start(self, stop: threading.Event) -> None:
        """Build the world and the data directory, start the gateway, and wait until it is ready."""
        if self.directory.exists:
            # Before anything is touched that another demo in this folder might be using.
            self.directory.lock()
            self.directory.unlock()
        print("building a site on simulated hardware ...", flush=True)
        wires = self.directory.path / "wires"
        wires.mkdir(parents=True, exist_ok=True)
        self._site = SimSite(wires)
        self._site.start()
        self._stack.callback(self._site.stop)
        line = self._start_line(wires)
        self._make_directory(line)
        self._start_gateway(stop)
        if not stop.is_set():
            print(self._greeting(), flush=True)

    def play(self, stop: threading.Event, until_s: float | None) -> None:
        """Let cars come and go until told to stop."""
        traffic = Traffic(self._site, self._people, self._random, self._client)
        news = News(self.directory.journal, self._names)
        while not stop.wait(TURN_S):
            self._watch_gateway()
            for row in news.rows():
                if text := news.line(row):
                    print(text, flush=True)
                if row.type == "barrier.reset":
                    traffic.reopened(row.data()["lane"])
            traffic.turn(time.monotonic())
            if until_s is not None and time.monotonic() >= until_s:
                return

    # ---- what it starts --------------------------------------------------------------------------------------------

    def _start_line(self, folder: Path) -> Switch | None:
        program = Broker.program()
        if program is None:
            return None
        self._broker = Broker(folder, program)
        self._broker.start()
        self._stack.callback(self._broker.stop)
        switch = Switch(self._broker.port, _control(self.directory.path))
        switch.start()
        self._stack.callback(switch.stop)
        return switch

    def _make_directory(self, line: Switch | None) -> None:
        document = self._document(line)
        if self.directory.exists:
            self.directory.lock()
            self.directory.save_site(document)
        else:
            self.directory.create(document, demo=True)
            self.directory.lock()
        try:
            registry = PassRegistry(self.directory.registry, writer=True)
            registry.import_passes(self._people.all(), replace=True)
            registry.close()
            tokens = self.directory.tokens
            for token in tokens.list():
                if token.name == "demo":
                    tokens.revoke(token.id)
            _, self._token = tokens.create("demo", _SCOPES)
        finally:
            self.directory.unlock()

    def _document(self, line: Switch | None) -> dict[str, Any]:
        chinese = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
        lanes = self._site.lanes_document()
        for lane, name in zip(lanes, ("北门入口 North in", "北门出口 North out"), strict=True):
            lane["name"] = name
        document: dict[str, Any] = {
            "site": {
                "id": "demo",
                "name": "演示花园 Demo Garden",
                "timezone": ZONE.key,
                "locale": "zh_CN" if chinese else "en",
            },
            "gateway": {"id": "gw1", "http": {"port": self._port}, "clock": "trusted"},
            "devices": self._site.devices_document(),
            "lanes": lanes,
            "operators": [{"name": name, "role": role, "pin": self._pins[name]} for name, role in _OPERATORS],
        }
        if line is not None:
            document["uplink"] = {"mqtt": {"host": "127.0.0.1", "port": line.port}}
        return document

    def _start_gateway(self, stop: threading.Event) -> None:
        print("starting the gateway; a small machine takes a while ...", flush=True)
        log = self._stack.enter_context(self._log().open("wb"))
        self._gateway = subprocess.Popen(
            [sys.executable, "-m", "gateway", "run", "--data", str(self.directory.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
        )
        self._stack.callback(self._stop_gateway)
        deadline = time.monotonic() + READY_S
        while not stop.wait(0.1) and not _healthy(self._port):
            self._watch_gateway()
            if time.monotonic() > deadline:
                raise GatehouseError(f"the gateway is not ready after {READY_S:g} s:\n{self._last_words()}")

    def _watch_gateway(self) -> None:
        assert self._gateway is not None
        status = self._gateway.poll()
        if status is not None:
            raise GatehouseError(f"the gateway has ended (exit {status}):\n{self._last_words()}")

    def _stop_gateway(self) -> None:
        assert self._gateway is not None
        self._gateway.terminate()
        try:
            self._gateway.wait(12)
        except subprocess.TimeoutExpired:
            self._gateway.kill()
            self._gateway.wait()

    def _log(self) -> Path:
        return self.directory.run / "demo.log"

    def _last_words(self) -> str:
        return "\n".join(self._log().read_text("utf-8", "replace").splitlines()[-8:])

    # ---- what it says ----------------------------------------------------------------------------------------------

    def _greeting(self) -> str:
        me = _me()
        base = f"http://127.0.0.1:{self._port}"
        data = shlex.quote(str(self.directory.path))
        bearer = f"curl -H 'Authorization: Bearer {self._token}'"
        pins = "   ".join(f"{name} ({role}) {self._pins[name]}" for name, role in _OPERATORS)
        return "\n".join(
            [
                "",
                f"  guard's screen   {base}/",
                f"  sign in          {pins}",
                f"  interface        {base}/api/docs",
                f"  events           {bearer} '{base}/api/v1/events?limit=5'",
                f"  lanes            {bearer} {base}/api/v1/lanes",
                *self._line_help(me, data),
                f"  journal          {me} events --follow --data {data}",
                f"  log              {self._log()}",
                "",
                _STORY,
                f"What happens, as the journal has it, in the site's time ({ZONE.key}). Ctrl-C ends everything.",
                "",
            ]
        )

    def _line_help(self, me: str, data: str) -> list[str]:
        if self._broker is None:
            return [
                "  central          missing: mosquitto is not installed (sudo apt install mosquitto); all else runs"
            ]
        port = self._broker.port
        lines = [
            f"  cut the line     {me} demo uplink off --data {data}      (on: mend it, and watch it catch up)",
            f"  central          mosquitto_sub -V mqttv5 -p {port} -t 'gatehouse/#' -F '%t %p'",
        ]
        if shutil.which("mosquitto_sub") is None:
            lines.append("                   (mosquitto_sub comes with: sudo apt install mosquitto-clients)")
        return lines


Act = Callable[[], bool]
"""Somebody comes; False when the lane was taken and it should be tried again."""


class Traffic:
    """Decides who comes next; some of it is written down so that everything is seen in the first minutes."""

    def __init__(self, site: SimSite, people: People, dice: random.Random, client: Client) -> None:
        self._site = site
        self._people = people
        self._random = dice
        self._client = client
        self._inside: list[Pass] = []
        self._opening = iter([
            self._resident, self._stranger, self._expiring, self._staff, self._resident, self._leaving,
            self._expired, self._visitor, self._blocked, self._leaving, self._resident, self._crash,
        ])  # fmt: skip
        self._usual: list[tuple[int, Act]] = [
            (34, self._resident), (38, self._leaving), (8, self._staff), (8, self._visitor), (3, self._stranger),
            (2, self._expiring), (2, self._expired), (1, self._early), (1, self._blocked), (2, self._chatting),
            (1, self._backing_off), (1, self._fob), (1, self._crash),
        ]  # fmt: skip
        self._act: Act | None = None
        self._next_s = 0.0
        # Per lane that waits for a new arm and for its reset: when each of the two is due.
        self._repair_at: dict[str, float] = {}
        self._reset_at: dict[str, float] = {}

    def turn(self, now_s: float) -> None:
        """Called a few times a second."""
        for lane in _due(self._repair_at, now_s):
            self._site.world.repair(lane)
            print(f"  (a new arm is fitted: lane {lane} can be reset)", flush=True)
        for lane in _due(self._reset_at, now_s):
            self._reset(lane)
        if now_s < self._next_s:
            return
        act = self._act or next(self._opening, None) or self._dice()
        # What finds its lane taken waits for it.
        self._act = None if act() else act
        self._next_s = now_s + (self._random.uniform(7, 13) if self._act is None else 1.0)

    def reopened(self, lane: str) -> None:
        """Somebody has reset the lane: cars come again."""
        self._reset_at.pop(lane, None)

    def _dice(self) -> Act:
        weights = [weight for weight, _ in self._usual]
        return self._random.choices(self._usual, weights)[0][1]

    def _car(self, lane: str, card: str | None, behaviour: Behaviour = "through") -> bool:
        """A car turns in; False when the lane is taken. It stays at home while the lane is out of order."""
        if lane in self._reset_at:
            return True
        if not self._site.world.empty(lane):
            return False
        self._site.world.car(lane, card, behaviour)
        return True

    def _enter(self, group: list[Pass], behaviour: Behaviour = "through") -> bool:
        inside = {one.id for one in self._inside}
        found = self._random.choice([one for one in group if one.id not in inside] or group)
        done = self._car("in", found.cards[0], behaviour)
        if done and behaviour != "back_off":
            self._inside.append(found)
        return done

    def _resident(self) -> bool:
        return self._enter(self._people.residents)

    def _staff(self) -> bool:
        return self._enter(self._people.staff)

    def _visitor(self) -> bool:
        return self._enter(self._people.visitors)

    def _expiring(self) -> bool:
        return self._enter(self._people.expiring)

    def _chatting(self) -> bool:
        return self._enter(self._people.residents, "chat")

    def _backing_off(self) -> bool:
        return self._enter(self._people.residents, "back_off")

    def _leaving(self) -> bool:
        """One of those who have been inside longest goes."""
        if not self._inside or "out" in self._reset_at:
            return True
        leaver = self._random.choice(self._inside[: 1 + len(self._inside) // 2])
        done = self._car("out", leaver.cards[0])
        if done:
            self._inside.remove(leaver)
        return done

    def _stranger(self) -> bool:
        return self._car("in", self._people.stranger())

    def _refused(self, group: list[Pass]) -> bool:
        return self._car("in", self._random.choice(group).cards[0])

    def _expired(self) -> bool:
        return self._refused(self._people.expired)

    def _early(self) -> bool:
        return self._refused(self._people.early)

    def _blocked(self) -> bool:
        return self._refused(self._people.blocked)

    def _fob(self) -> bool:
        if "out" not in self._reset_at and self._site.world.empty("out"):
            self._site.world.fob("out")
        return True

    def _crash(self) -> bool:
        """Somebody does not wait for the arm."""
        if not self._reset_at:
            if not self._car("out", None, "ram"):
                return False
            now_s = time.monotonic()
            self._repair_at["out"] = now_s + REPAIR_AFTER_S
            self._reset_at["out"] = now_s + RESET_AFTER_S
        return True

    def _reset(self, lane: str) -> None:
        """What a shift leader does when the arm is whole again and nobody at the screen was faster."""
        try:
            reason = "a new arm was fitted and tried by hand"
            command: dict[str, Any] = {"lane": lane, "command": "reset", "via": "cli"}
            answer = self._client.call("lane.command", request=_key(), by=LEADER, reason=reason, **command)
            if answer["status"] != "done":
                raise GatehouseError(answer["reason"])
            for alarm in self._client.call("state")["alarms"]:
                if alarm["kind"] == "crash" and alarm["lane"] == lane:
                    self._deal_with(alarm["alarm"])
        except GatehouseError as error:
            self._reset_at[lane] = time.monotonic() + REPAIR_AFTER_S
            print(f"  ({LEADER} could not reset lane {lane}, and tries again: {error})", flush=True)

    def _deal_with(self, alarm: str) -> None:
        for verb in ("acknowledge", "close"):
            more: dict[str, Any] = {"finding": "real", "reason": "arm replaced"} if verb == "close" else {}
            with suppress(GatehouseError):  # a person may have been faster
                self._client.call("alarm.command", request=_key(), alarm=alarm, verb=verb, by=LEADER, **more)


class News:
    """The journal as lines for people: what the demo prints while it runs."""

    _TOLD = ("access.", "passage.", "alarm.", "barrier.crashed", "barrier.reset", "uplink.", "device.", "pass.")

    def __init__(self, journal: Path, names: dict[str, str]) -> None:
        self._reader = JournalReader(journal)
        self._names = names
        self._sequence = self._reader.last_sequence()

    def rows(self) -> Iterator[StoredRow]:
        """What is new."""
        for row in self._reader.page(self._sequence, 100):
            self._sequence = row.sequence
            yield row

    def line(self, row: StoredRow) -> str:
        """Time, place, type, who, and how it came about; "" for what only fills the screen."""
        if not row.type.startswith(self._TOLD):
            return ""
        data = row.data()
        when = datetime.fromtimestamp(row.wall_ns / 1e9, ZONE).strftime("%H:%M:%S")
        kind, _, name = row.subject.partition("/")
        place = data.get("lane") or data.get("device") or ("" if kind == "alarms" else name)
        told = ", ".join(text for text in (self._who(data), *_how(row.type, data)) if text)
        return f"  {when}  {place:6}  {row.type:20}  {told}".rstrip()

    def _who(self, data: dict[str, Any]) -> str:
        if found := data.get("pass"):
            return f"{found} {self._names.get(found, '')}".strip()
        credential = data.get("credential")
        return f"{credential['kind']} {credential['value']}" if credential else ""


def _how(kind: str, data: dict[str, Any]) -> Iterator[str]:
    """The rest of a line: the code of a reason, days, and who had a hand in it."""
    if kind.startswith("alarm."):
        yield str(data.get("kind", ""))
    for key in ("reason", "cause", "error"):
        yield str(data.get(key) or "")
    if (days := data.get("days_left")) is not None:
        yield f"days left: {days}" if days >= 0 else f"days since its end: {-days}"
    if data.get("by") not in (None, "", "gateway"):
        yield f"by {data['by']}"


def _due(planned: dict[str, float], now_s: float) -> list[str]:
    """The lanes whose time has come; they are planned no longer."""
    found = [lane for lane, at_s in planned.items() if now_s >= at_s]
    for lane in found:
        del planned[lane]
    return found


# ---- folders, ports, and finding a demo that runs ------------------------------------------------------------------


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The demo's folder: the one given if demo made it or it is empty, else a temporary one that goes at the end."""
    if data is None:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    data = data.absolute()
    if data.exists() and not DataDirectory(data).made_by_demo and (not data.is_dir() or any(data.iterdir())):
        raise DataDirectoryError(f"{data} was not made by demo, which would overwrite it; choose another with --data")
    yield data


def _control(folder: Path) -> Path:
    return folder / "wires" / "line"


def _running(data: Path | None) -> DataDirectory:
    """The demo that is meant: the one given, or the only one that runs from a temporary folder."""
    if data is not None:
        directory = DataDirectory(data.absolute())
        if not directory.made_by_demo:
            raise NotFoundError(f"{data} is no demo; give --data as the demo has printed it")
        return directory
    folders = Path(tempfile.gettempdir()).glob(PREFIX + "*")
    found = [directory for folder in folders if _answers(directory := DataDirectory(folder))]
    if len(found) != 1:
        raise NotFoundError(f"{len(found) or 'no'} demos run here; give --data as the demo has printed it")
    return found[0]


def _answers(directory: DataDirectory) -> bool:
    try:
        Client(directory.socket).call("ping", timeout_s=2.0)
    except GatehouseError:
        return False
    return True


def _free(port: int) -> int:
    """The port if nobody has it (0: any); GatehouseError names what to do."""
    if port == 0:
        return free_port()
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise GatehouseError(f"port {port} cannot be had ({error.strerror}); choose another with --port") from None
    return port


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _me() -> str:
    """How this program was called, so that what is printed can be pasted."""
    program = Path(sys.argv[0])
    return shlex.quote(sys.argv[0]) if program.name == "gatehouse" else f"{shlex.quote(sys.executable)} -m gateway"


def _key() -> str:
    return f"demo-{secrets.token_hex(8)}"
