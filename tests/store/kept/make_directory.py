"""Makes the kept data directories of a version: what a real gateway left behind, stopped once and killed once.

Run once, from a checkout of the version to keep: `python <this file> <folder of the kept files>`. Engine, uplink, web
and broker run as processes on simulated hardware; cars, guards and a central system use them for about a minute. Then
either all processes are stopped, or all are killed with SIGKILL while a grant is open. `directory-<end>.tar.xz` holds
the data directory as it was left (its WAL files too), `directory-<end>.json` what is known of it: credentials, cursors,
and the snapshot that the same version shows when it is started again on a copy.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import tarfile
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw

from drivers.sim.site import SimSite
from gateway import __version__
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.demo.line import free_port
from gateway.physics.controller import ArmSpec
from gateway.store.journal.reader import JournalReader
from tests.store.kept.told import told
from tests.support.engine import Running
from tests.support.mosquitto import Central, Mosquitto, central
from tests.support.site_process import Gateway, gateway, wait_for

HOSTS = {"stopped": "127.84.11.1", "killed": "127.84.11.2"}
"""Loopback addresses that nothing else uses: a consumer is named by its broker's address, so a test needs it again."""
PORT = 18841
PREFIX = "gatehouse/north-court/gw1"
LANES = {"in": "entry", "out": "exit", "side": "exit", "back": "entry"}
TRAVEL_MS = 150


def main(folder: Path) -> None:
    """Make both."""
    for end, host in HOSTS.items():
        with tempfile.TemporaryDirectory() as work:
            keep(Path(work), end, host, folder)


def keep(work: Path, end: str, host: str, folder: Path) -> None:
    """Let a gateway live, end it, and pack what it left."""
    options = {"listener": f"{PORT} {host}"}
    broker = Mosquitto(work, free_port(), **options).start()
    try:
        with (
            SimSite(work, LANES, spec=ArmSpec(travel_ms=TRAVEL_MS)) as sim,
            gateway(work / "data", document(sim, host), passes()) as running,
        ):
            life = Life(running, sim, broker)
            with central(broker.port, PREFIX) as listener:
                life.first(listener)
            about = life.last(end)
    finally:
        broker.stop()
    data = work / "data"
    about |= {"end": end, "made_by": __version__, "made_at": time.time(), "host": host, "port": PORT, **stores(data)}
    archive = folder / f"directory-{end}.tar.xz"
    with tarfile.open(archive, "w:xz", preset=9) as tar:
        tar.add(data, "data", filter=lambda one: None if one.name.startswith("data/run") else one)
    unpack(archive, work / "copy")
    about["snapshot"] = told(Running(work / "copy" / "data"))
    text = json.dumps(about, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / f"directory-{end}.json").write_text(text + "\n")
    print(f"{archive}: {archive.stat().st_size} bytes, {about['last']} rows, {len(about['types'])} types")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive of ours. The Python of Debian 12 (3.11.2) has no filters yet, and later ones want one."""
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)


def stores(data: Path) -> dict[str, Any]:
    """What the databases say, read as they are."""
    with contextlib.closing(JournalReader(data / "journal.db")) as reader:
        rows = reader.page(0, 1000)
        while len(more := reader.page(rows[-1].sequence, 1000)):
            rows += more
    uplink = apsw.Connection(str(data / "uplink.db"))
    web = apsw.Connection(str(data / "web.db"))
    return {
        "journal": reader.journal_id,
        "last": rows[-1].sequence,
        "types": sorted({row.type for row in rows}),
        "uplink": uplink.execute("SELECT consumer, journal, sequence FROM cursor").fetchone(),
        "retained": sorted(topic for (topic,) in uplink.execute("SELECT topic FROM retained")),
        "http": web.execute("SELECT token, journal, sequence FROM consumer").fetchone(),
        "sessions": [name for (name,) in web.execute("SELECT operator FROM session ORDER BY operator")],
        "lockouts": [key for (key,) in web.execute("SELECT key FROM lockout ORDER BY key")],
    }


def document(sim: SimSite, host: str) -> dict[str, Any]:
    """The site file."""
    lanes = sim.lanes_document(pulse_ms=100, auto_close_ms=200, grant_ms=3000)
    return {
        "site": {
            "id": "north-court", "name": "North Court", "timezone": "Asia/Shanghai", "locale": "zh_CN",
            "anti_passback": "hard", "capacity": 50,
        },
        "gateway": {"id": "gw1", "clock": "trusted", "http": {"host": "127.0.0.1", "port": free_port()}},
        "devices": sim.devices_document(),
        "lanes": lanes,
        "groups": [{"id": "12-3", "places": 1}],
        "stations": [{"id": "booth", "name": "Booth", "lanes": ["in", "out"]}],
        "operators": [
            {"name": "Lin", "role": "guard", "pin": "2468"},
            {"name": "Wei", "role": "leader", "pin": "1357"},
            {"name": "陈红", "role": "control_room", "pin": "8642"},
            {"name": "Ana", "role": "installer", "pin": "97531"},
        ],
        "uplink": {"mqtt": {"host": host, "port": PORT}},
    }  # fmt: skip


def passes() -> list[Pass]:
    """Twenty residents and one of each kind that is refused or warned of."""
    soon, later = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (3, 60))
    residents = [
        Pass(
            f"p{n}", PassKind.MONTHLY, holder=f"住户{n}", phone=f"+86 139 0000 00{n:02}", unit=f"12-{n}",
            cards=(str(400_000 + n),), plates=(f"粤B{10_000 + n}",), valid_until="2999-12-31",
            group="12-3" if n in (18, 19) else "",
        )
        for n in range(20)
    ]  # fmt: skip
    return [
        *residents,
        Pass("staff-1", PassKind.STAFF, holder="Zhao", cards=("410000",), lanes=("in", "out")),
        Pass("soon-1", PassKind.MONTHLY, holder="Qian", cards=("410001",), valid_until=soon),
        Pass("late-1", PassKind.MONTHLY, holder="Sun", cards=("410002",), valid_until="2026-01-31"),
        Pass("early-1", PassKind.MONTHLY, holder="Li", cards=("410003",), valid_from="2999-01-01"),
        Pass("blocked-1", PassKind.BLOCKED, holder="Zhou", cards=("410004",)),
        Pass("guest-1", PassKind.TEMPORARY, holder="Wu", cards=("410005",), valid_until=later),
    ]


class Life:
    """What happens at the gate."""

    def __init__(self, running: Gateway, sim: SimSite, broker: Mosquitto) -> None:
        self.gateway = running
        self.sim = sim
        self.broker = broker
        self.port = running.directory.settings().gateway.http.port
        self.asked = 0

    def first(self, listener: Central) -> None:
        """A quarter of an hour in half a minute, which ends in good order."""
        self.start()
        self.token = self.ask("token.create", name="central", scopes=["events:read", "state:read"], by="Ana")["token"]
        self.ask("token.create", name="old", scopes=["metrics"], by="Ana")
        self.ask("token.revoke", name="old", by="Ana")
        self.station_key = self.ask("station.key", station="booth", by="Ana")["key"]
        self.code = self.ask("passes.code", pass_id="guest-1", by="Wei")["code"]
        self.ask("passes.put", **{"pass": {"id": "p20", "kind": "monthly", "cards": ["400020"]}}, by="office")
        self.ask("passes.delete", pass_id="early-1", by="office")
        self.sign_in("Ana", "97531")
        self.drive_in(*range(8))
        for card in ("410000", "410001", "410005", "400018"):
            self.through("in", card)
        for card in ("410002", "410004", "499999", "400019", "400001"):
            self.refused("in", card)
        for number in (0, 1):
            self.through("out", str(400_000 + number))
        self.turns_back("in", "400010", "back_off")
        self.turns_back("in", "400011", "halfway")
        self.sim.world.fob("side")
        self.seen("barrier.opened", lane="side")
        self.command("out", "hold", "delivery")
        self.command("out", "release", "")
        self.through("out")
        self.device_comes_back("side")
        wait_for(lambda: max(listener.sequences(), default=0) >= 50, "fifty rows at the broker")
        self.pull(40)
        self.stop()

    def last(self, end: str) -> dict[str, Any]:
        """Another start; a crash, a tag, alarms of several states; then the end."""
        self.start()
        self.through("in", "400012")
        self.command("side", "lock", "gearbox is open")
        self.sim.world.car("back", None, "ram")
        self.seen("barrier.crashed", lane="back")
        self.sim.world.strike("side", True)
        self.seen("alarm.raised", kind="crash", lane="side")
        crash = self.alarm("crash", "back")
        self.alarm_command(crash, "acknowledge")
        self.ask("credential", device="reader-in", kind="plate", value="粤B10013")
        for name, pin in (("Lin", "2468"), ("Wei", "1357")):
            self.cookie = self.sign_in(name, pin)
        for _ in range(5):
            self.sign_in("陈红", "0000")
        self.pull(self.gateway.last_sequence() - 5)
        self.settle()
        self.gateway.stop("uplink")
        for card in ("400014", "400015"):
            self.through("in", card)
        self.refused("in", "499998")
        if end == "killed":
            self.sim.readers["in"].present("400016")
            self.seen("access.granted", **{"pass": "p16"})
            wait_for(lambda: self.gateway.lane("in")["arm"] != "closed", "the arm moves")
            self.gateway.kill()
            self.gateway.kill("web")
        else:
            self.gateway.stop("web")
            self.gateway.stop()
        return {"token": self.token, "cookie": self.cookie, "station_key": self.station_key, "code": self.code}

    # ---- processes -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """All three, and wait until the arms are known."""
        self.gateway.start_engine()
        for part in ("uplink", "web"):
            self.gateway.start(part)
        wait_for(self.healthy, "web answers")
        wait_for(lambda: self.gateway.state()["uplink"]["up"], "the uplink is connected")

    def stop(self) -> None:
        """All three in good order."""
        for part in ("uplink", "web", "engine"):
            self.gateway.stop(part)

    def healthy(self) -> bool:
        """True once web serves."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/healthz")[0] == 200
        return False

    def settle(self) -> None:
        """Wait until the uplink has noted that all rows are acknowledged."""
        path = self.gateway.directory.uplink

        def noted() -> bool:
            db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            with contextlib.closing(db):
                return int(db.execute("SELECT max(sequence) FROM cursor").get or 0) >= self.gateway.last_sequence() - 3

        wait_for(noted, "the uplink's cursor follows")

    # ---- cars ------------------------------------------------------------------------------------------------------

    def drive_in(self, *numbers: int) -> None:
        """Residents come home."""
        for number in numbers:
            self.through("in", str(400_000 + number))

    def through(self, lane: str, card: str | None = None) -> None:
        """A car drives through; without a card the guard opens."""
        direction = "entered" if LANES[lane] == "entry" else "exited"
        before = self.count(f"passage.{direction}")
        self.sim.world.car(lane, card)
        if card is None:
            wait_for(lambda: self.sim.world.contacts(lane).approach_loop, "the car is on its loop")
            time.sleep(0.2)
            self.command(lane, "open", "")
        wait_for(lambda: self.count(f"passage.{direction}") > before, f"{card} passes {lane}")
        self.rest(lane)

    def refused(self, lane: str, card: str) -> None:
        """A car is not let in and drives away."""
        decisions = ("access.denied", "access.referred")
        before = self.count(*decisions)
        self.sim.world.car(lane, card, "back_off")
        wait_for(lambda: self.count(*decisions) > before, f"{card} is refused")
        self.rest(lane)

    def turns_back(self, lane: str, card: str, behaviour: Any) -> None:
        """A car that was let in does not come in."""
        self.sim.world.car(lane, card, behaviour)
        wait_for(lambda: self.count("grant.unused", "passage.reversed"), "the grant ends")
        self.rest(lane)

    def rest(self, lane: str) -> None:
        """Wait until the lane is empty and closed."""
        wait_for(lambda: self.sim.world.empty(lane) and self.gateway.lane(lane)["arm"] == "closed", f"{lane} rests")

    def device_comes_back(self, lane: str) -> None:
        """A board falls silent and answers again."""
        faults = self.sim.boards[lane].faults
        faults.silent = True
        self.seen("device.lost")
        faults.silent = False
        self.seen("device.restored")

    # ---- people ----------------------------------------------------------------------------------------------------

    def command(self, lane: str, command: str, reason: str) -> None:
        """The guard's word; it must be carried out."""
        self.asked += 1
        answer = self.gateway.client.call(
            "lane.command", request=f"kept-{self.asked}", lane=lane, command=command, by="Lin", via="guard",
            station="booth", reason=reason,
        )  # fmt: skip
        if answer["status"] != "done":
            raise GatehouseError(f"{command} {lane}: {answer}")

    def alarm(self, kind: str, lane: str) -> str:
        """The id of an open alarm."""
        return str(
            wait_for(
                lambda: next(
                    (
                        one["alarm"]
                        for one in self.gateway.state()["alarms"]
                        if (one["kind"], one["lane"]) == (kind, lane)
                    ),
                    None,
                ),
                f"{kind} at {lane}",
            )
        )

    def alarm_command(self, alarm: str, verb: str) -> None:
        """The control room acts on an alarm."""
        self.asked += 1
        request = f"kept-{self.asked}"
        self.ask("alarm.command", request=request, alarm=alarm, verb=verb, by="陈红", reason="seen on camera")

    def sign_in(self, name: str, pin: str) -> str:
        """The session's cookie; empty after a wrong PIN."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/sign-in", urllib.parse.urlencode({"name": name, "pin": pin}), form)
            cookies = connection.getresponse().headers.get_all("Set-Cookie") or []
        return "; ".join(cookie.split(";")[0] for cookie in cookies)

    def pull(self, after: int) -> None:
        """The central system asks on behind a row, which confirms it."""
        query = f"?lastEventId={self.journal()}.{after}&limit=10"
        status, events = self.get(f"/api/v1/events{query}", Authorization=f"Bearer {self.token}")
        assert status == 200, events

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """A page of the interface."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ask(self, op: str, **params: Any) -> Any:
        """Something at the control socket."""
        return self.gateway.client.call(op, **params)

    # ---- the journal -----------------------------------------------------------------------------------------------

    def journal(self) -> str:
        """Its id."""
        with contextlib.closing(JournalReader(self.gateway.directory.journal)) as reader:
            return reader.journal_id

    def count(self, *types: str) -> int:
        """How many rows of these types there are."""
        return len(self.gateway.events(*types))

    def seen(self, type_: str, /, **data: Any) -> None:
        """Wait for a row."""
        fits: Callable[[dict[str, Any]], bool] = lambda event: data.items() <= event["data"].items()  # noqa: E731
        wait_for(lambda: any(map(fits, self.gateway.events(type_))), f"{type_} {data}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
