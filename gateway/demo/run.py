"""A whole site on simulated hardware: two lanes, a few hundred passes, traffic, mishaps, and a line that can be cut.

The wires are real: readers send true frames over pseudo-terminals, boards speak Modbus TCP, the gateway is `gatehouse
run` in its own processes, and the broker is a real mosquitto where installed. The demo builds the world around it,
drives cars through it, and plays people: a guard and an office for visitors, money and goods, and the shift leader who
resets a lane after a crash. It prints what it reads from the journal.
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from drivers.sim.site import SimSite
from gateway.control import Client
from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError, NotFoundError
from gateway.core.vocabulary.rows import BarrierReset
from gateway.demo.estate import BUILDINGS, PRICES
from gateway.demo.guard import AFTER_S, GUARD
from gateway.demo.guests import CAMERAS
from gateway.demo.line import Broker, Switch, free_port, line_is_on, set_line
from gateway.demo.news import News
from gateway.demo.people import People
from gateway.demo.traffic import LEADER, REPAIR_AFTER_S, RESET_AFTER_S, Traffic
from gateway.demo.unwired import Unwired
from gateway.processes.ending import PARENT_VARIABLE, on_stop_signal
from gateway.store.directory import DataDirectory
from gateway.store.passes.registry import PassRegistry

PREFIX = "gatehouse-demo-"
PORTS_VARIABLE = "GATEHOUSE_PORTS"
READY_S = 60.0
TURN_S = 0.25
ZONE = ZoneInfo("Asia/Shanghai")
_STORY = f"""\
A car comes every few seconds. In the first minutes a delivery is announced and fetches goods against a release slip, a
visitor is registered and pays, and a driver has forgotten the card. Sign in as Lin and deal with the car that waits,
or wait for {GUARD}, played by this program, who does it {AFTER_S:g} s later.
After about two minutes the arm of the way out is struck: its lane locks, and the alarm stays until a person deals
with it. {REPAIR_AFTER_S:g} s later a new arm is fitted: sign in as Wei and reset the lane, or wait for {LEADER},
played by this program, who does it {RESET_AFTER_S:g} s after the crash.
"""
_OPERATORS = (("Lin", "guard"), ("Wei", "leader"), ("Chen", "control_room"), ("Fang", "office"), ("Gao", "installer"))
LINE_WORDS = {
    True: "the line to central is whole; what waited is sent in order, old news marked as historical",
    False: "the line to central is cut; events wait in the journal (`gatehouse demo uplink on` mends it)",
}
_SCOPES = ("events:read", "passes:read", "passes:write", "state:read", "lanes:command", "alarms:write", "metrics")


def run(data: Path | None, port: int, hours: float | None) -> int:
    """Run until Ctrl-C or for this many hours; GatehouseError if it cannot start."""
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
    """Cut or mend the line to central of the running demo (`on`, `off`, `show`); returns whether it is up."""
    directory = _running(data)
    control = _control(directory.path)
    if not control.exists():
        raise NotFoundError(f"the demo in {directory.path} has no line to central; it needs mosquitto")
    if line != "show":
        set_line(control, line == "on")
    return line_is_on(control)


class Demo:
    """The demo in one folder; the given stack ends all that it starts."""

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
        self._unwired: Unwired
        self._token = ""

    def start(self, stop: threading.Event) -> None:
        """Build the world and the data directory, start the gateway, and wait until it is ready."""
        if self.directory.exists:
            # Before touching anything that another demo in this folder may use.
            self.directory.lock()
            self.directory.unlock()
        print("building a site on simulated hardware ...", flush=True)
        wires = self.directory.path / "wires"
        wires.mkdir(parents=True, exist_ok=True)
        self._site = SimSite(wires)
        self._site.start()
        self._stack.callback(self._site.stop)
        self._unwired = Unwired(wires / "new", self._people.residents[0].cards[0])
        self._unwired.start()
        self._stack.callback(self._unwired.stop)
        line = self._start_line(wires)
        self._make_directory(line)
        self._start_gateway(stop)
        if not stop.is_set():
            print(self._greeting(), flush=True)

    def play(self, stop: threading.Event, until_s: float | None) -> None:
        """Let cars come and go until a stop."""
        traffic = Traffic(self._site, self._people, self._random, self._client)
        news = News(self.directory.journal, self._names, ZONE)
        while not stop.wait(TURN_S):
            self._watch_gateway()
            for row in news.rows():
                if text := news.line(row):
                    print(text, flush=True)
                said = row.row()
                traffic.noted(said, time.monotonic())
                if isinstance(said, BarrierReset):
                    traffic.reopened(said.lane)
            traffic.turn(time.monotonic())
            self._unwired.turn(time.monotonic(), self._client)
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
            lane["readers"].append(CAMERAS[lane["id"]])
        cameras = [{"id": camera, "driver": "plate-http", "plate": "plate"} for camera in CAMERAS.values()]
        document: dict[str, Any] = {
            "site": {
                "id": "demo",
                "name": "演示花园 Demo Garden",
                "timezone": ZONE.key,
                "locale": "zh_CN" if chinese else "en",
                "goods_slip": True,
            },
            "gateway": {"id": "gw1", "http": {"port": self._port}, "clock": "trusted"},
            "devices": [*self._site.devices_document(), *cameras],
            "lanes": lanes,
            "buildings": BUILDINGS,
            **PRICES,
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
            env={**os.environ, PARENT_VARIABLE: str(os.getpid()), PORTS_VARIABLE: str(self._unwired.folder)},
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
                f"  office's page    {base}/office",
                f"  installer's page {base}/installer",
                f"  left to discover {self._unwired.words()}",
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


# ---- folders, ports, and finding a demo that runs ------------------------------------------------------------------


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The demo's folder: the given one if demo made it or it is empty, else a temporary one, deleted at the end."""
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
    """The given demo, or the only one that runs from a temporary folder."""
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
    """The port if it is free (0: any); GatehouseError names the remedy."""
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
    """The name by which this program was called, so that printed commands can be pasted."""
    program = Path(sys.argv[0])
    return shlex.quote(sys.argv[0]) if program.name == "gatehouse" else f"{shlex.quote(sys.executable)} -m gateway"
