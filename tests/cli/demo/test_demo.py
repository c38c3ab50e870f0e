"""The demo: what can be proved fast on its parts, and once the whole of it."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.control import Client
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.passes import PassKind
from gateway.demo import run as demo
from gateway.demo import traffic as demo_traffic
from gateway.demo.line import Broker, Switch, free_port, line_is_on, set_line
from gateway.demo.news import News
from gateway.demo.people import People
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.passes.checks import check_pass
from tests.cli.conftest import SITE, Gatehouse
from tests.support.site_process import alive, children
from tests.support.waiting import PATIENCE_S, wait_until

TODAY = date(2026, 11, 21)
# The demo lives at the pace of a gate: it may take a minute until a car comes, and more on a busy machine.
DEMO_S = 150.0


class TestPeople:
    def test_there_are_a_few_hundred_passes_of_every_kind(self) -> None:
        kinds = Counter(one.kind for one in People(1, TODAY).all())
        assert set(kinds) == set(PassKind)
        assert kinds.total() > 300

    def test_everybody_has_a_card_of_his_own_and_a_pass_that_can_be_imported(self) -> None:
        import msgspec

        people = list(People(2, TODAY).all())
        assert len({one.id for one in people}) == len({one.cards for one in people}) == len(people)
        for one in people:
            check_pass(msgspec.to_builtins(one))

    def test_the_same_seed_makes_the_same_people(self) -> None:
        assert list(People(7, TODAY).all()) == list(People(7, TODAY).all())
        assert list(People(7, TODAY).all()) != list(People(8, TODAY).all())

    def test_a_stranger_holds_no_pass(self) -> None:
        people = People(3, TODAY)
        assert people.stranger() not in {card for one in people.all() for card in one.cards}

    def test_plates_have_neither_the_letter_i_nor_o_behind_the_province(self) -> None:
        assert all(re.fullmatch(r"\w[A-HJ-NP-Z]D?\d{5}", one.plates[0]) for one in People(4, TODAY).all())


@pytest.mark.real
class TestLine:
    @pytest.fixture
    def echo(self) -> Iterator[socket.socket]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(PATIENCE_S)
            yield server

    @pytest.fixture
    def switch(self, echo: socket.socket, tmp_path: Path) -> Iterator[Switch]:
        made = Switch(echo.getsockname()[1], tmp_path / "line")
        made.start()
        wait_until(lambda: connects(made.port))
        yield made
        made.stop()

    def test_bytes_go_both_ways(self, switch: Switch, echo: socket.socket) -> None:
        echo.accept()[0].close()  # the look whether it listens
        with socket.create_connection(("127.0.0.1", switch.port)) as near:
            far, _ = echo.accept()
            with far:
                near.sendall(b"there")
                far.sendall(b"back")
                assert (far.recv(10), near.recv(10)) == (b"there", b"back")

    def test_cut_ends_connections_and_refuses_new_ones_until_it_is_mended(
        self, switch: Switch, tmp_path: Path, echo: socket.socket
    ) -> None:
        with socket.create_connection(("127.0.0.1", switch.port)) as near:
            near.settimeout(PATIENCE_S)
            set_line(tmp_path / "line", False)
            with contextlib.suppress(ConnectionResetError):
                assert near.recv(1) == b""
        wait_until(lambda: not connects(switch.port))
        set_line(tmp_path / "line", True)
        wait_until(lambda: connects(switch.port))

    def test_a_line_that_nobody_has_touched_is_on(self, tmp_path: Path) -> None:
        assert line_is_on(tmp_path / "none")

    @pytest.mark.skipif(Broker.program() is None, reason="needs mosquitto")
    def test_the_broker_listens_and_goes(self, tmp_path: Path) -> None:
        broker = Broker(tmp_path, str(Broker.program()))
        broker.start()
        assert connects(broker.port)
        broker.stop()
        assert not connects(broker.port)


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
    except OSError:
        return False
    return True


class TestRefusals:
    def test_a_directory_that_demo_did_not_make_is_left_alone(self, gatehouse: Gatehouse, made: Path) -> None:
        before = JournalReader(made / "journal.db").journal_id
        told = gatehouse("demo", "--data", made, "--port", 0)
        assert told.status == 2
        assert "not made by demo" in told.err
        assert JournalReader(made / "journal.db").journal_id == before

    def test_a_folder_with_something_in_it_is_left_alone(self, gatehouse: Gatehouse, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("dear")
        assert gatehouse("demo", "--data", tmp_path, "--port", 0).status == 2
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["letter.txt"]

    def test_a_port_that_is_taken_is_named_with_the_remedy(self, gatehouse: Gatehouse) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            told = gatehouse("demo", "--port", taken.getsockname()[1])
        assert told.status == 1
        assert "--port" in told.err

    def test_a_folder_that_another_demo_uses_is_left_alone(self, gatehouse: Gatehouse, tmp_path: Path) -> None:
        used = DataDirectory(tmp_path / "demo")
        used.create(SITE, demo=True)
        used.lock()
        try:
            told = gatehouse("demo", "--data", used.path, "--port", 0)
        finally:
            used.unlock()
        assert told.status == 3
        assert not (used.path / "wires").exists()

    def test_no_demo_has_no_line(self, gatehouse: Gatehouse, made: Path) -> None:
        assert gatehouse("demo", "uplink", "off", "--data", made).status == 1


class Hardware:
    """Stands in for the simulated site: its world notes what is done to it."""

    def __init__(self) -> None:
        self.world = self
        self.done: list[str] = []

    def empty(self, lane: str) -> bool:
        return True

    def car(self, lane: str, card: str | None, behaviour: str, patience_ms: int = 0) -> None:
        self.done.append(f"car {lane} {behaviour}")

    def repair(self, lane: str) -> None:
        self.done.append(f"repair {lane}")


class Engine:
    """Stands in for the engine: notes who asked for what and refuses a reset as often as it is told."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.asked: list[tuple[str, str]] = []

    def call(self, op: str, **params: Any) -> Any:
        self.asked.append((params["command"], params["by"]))
        self.refusals -= 1
        return {"status": "done", "reason": ""} if self.refusals < 0 else {"status": "refused", "reason": "arm_off"}

    def state(self, _of: type) -> Any:
        return SimpleNamespace(alarms=(), lanes=())


class TestACrash:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [1000.0]
        monkeypatch.setattr(demo_traffic.time, "monotonic", lambda: now[0])
        return now

    def crashed(self, engine: Engine, clock: list[float]) -> tuple[demo_traffic.Traffic, Hardware]:
        """Traffic right after an arm was struck; no other car comes."""
        hardware = Hardware()
        traffic = demo_traffic.Traffic(hardware, People(1, TODAY), random.Random(1), engine)  # type: ignore[arg-type]
        assert traffic._crash()
        traffic._next_s = clock[0] + 10_000
        assert hardware.done == ["car out ram"]
        return traffic, hardware

    def test_a_person_has_time_to_reset_the_lane_after_a_new_arm_is_fitted(self, clock: list[float]) -> None:
        engine = Engine()
        traffic, hardware = self.crashed(engine, clock)
        traffic.turn(clock[0] + demo_traffic.REPAIR_AFTER_S)
        assert hardware.done[-1] == "repair out"
        traffic.turn(clock[0] + demo_traffic.RESET_AFTER_S - 1)
        assert engine.asked == []
        traffic.reopened("out")
        traffic.turn(clock[0] + demo_traffic.RESET_AFTER_S)
        assert engine.asked == []

    def test_the_played_leader_resets_it_when_nobody_does(self, clock: list[float]) -> None:
        engine = Engine()
        traffic, _ = self.crashed(engine, clock)
        traffic.turn(clock[0] + demo_traffic.RESET_AFTER_S)
        assert engine.asked == [("reset", demo_traffic.LEADER)]

    def test_a_refused_reset_is_said_and_tried_again(
        self, clock: list[float], capsys: pytest.CaptureFixture[str]
    ) -> None:
        engine = Engine(refusals=1)
        traffic, _ = self.crashed(engine, clock)
        clock[0] += demo_traffic.RESET_AFTER_S
        traffic.turn(clock[0])
        assert "arm_off" in capsys.readouterr().out
        traffic.turn(clock[0] + demo_traffic.REPAIR_AFTER_S)
        assert len(engine.asked) == 2


class TestNews:
    def told(self, made: Path, kind: str, **data: Any) -> str:
        """The line of a row that the journal holds."""
        with_rows = Journal.open(made / "journal.db", "/sites/s/gateways/g", "boot")
        with_rows.append([Row(kind, "lanes/in", {"lane": "in", **data}, 0, 0, ClockState.SYNCED)])
        with_rows.close()
        news = News(made / "journal.db", {"R1": "王秀英"}, demo.ZONE)
        news._sequence = 0
        (row,) = news.rows()
        return news.line(row)

    def test_a_decision_names_person_reason_and_days(self, made: Path) -> None:
        line = self.told(
            made, "access.granted", reason="valid_pass", days_left=5, decided_by="gateway", **{"pass": "R1"}
        )
        assert line.split(None, 3)[1:] == ["in", "access.granted", "R1 王秀英, valid_pass, days left: 5"]

    def test_a_stranger_is_told_by_his_card(self, made: Path) -> None:
        line = self.told(made, "access.denied", reason="unknown", credential={"kind": "card", "value": "7"})
        assert line.endswith("card 7, unknown")

    def test_what_only_fills_the_screen_is_left_out(self, made: Path) -> None:
        assert self.told(made, "barrier.commanded", command="open") == ""


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(3 * DEMO_S)
def test_a_demo_lives_is_cut_off_catches_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "demo"
    argv = [sys.executable, "-m", "gateway", "demo", "--port", str(port), "--data", str(data)]
    said = tmp_path / "said"
    with said.open("wb") as out:
        running = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, process_group=0)
    try:
        wait_until(lambda: b"sign in" in said.read_bytes(), DEMO_S)
        family = descendants(running.pid)
        text = said.read_text("utf-8")
        token = re.search(r"gh_[\w-]+", text)
        assert token is not None
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/lanes", headers={"Authorization": f"Bearer {token[0]}"}
        )
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            assert b'"in"' in answer.read()
        journal = JournalReader(data / "journal.db")
        wait_until(lambda: bool(journal.page(0, 10, ["passage.entered"])), DEMO_S)
        wait_until(lambda: bool(journal.page(0, 10, ["access.denied"])), DEMO_S)
        wait_until(lambda: "unknown_credential" in said.read_text("utf-8"))
        assert "Gao (installer)" in text and f"http://127.0.0.1:{port}/installer" in text
        discover(data)
        if Broker.program() is not None:
            cut_and_mend(data, journal)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(PATIENCE_S) == 0
        wait_until(lambda: not any(alive(pid) for pid in family))
    finally:
        if alive(running.pid):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    assert DataDirectory(data).made_by_demo
    assert journal.verify().rows > 0


def discover(data: Path) -> None:
    """What is in no setting is found beside the lanes that work."""
    engine = Client(DataDirectory(data).socket)
    engine.call("discover.start", by="Gao", listen_s=3, units=[1])
    wait_until(lambda: engine.call("discover.state")["state"] != "running", DEMO_S)
    told = engine.call("discover.state")
    assert {one["device"]["driver"] for one in told["found"]} >= {"rdm6300", "modbus"}, told
    assert all(str(data / "wires" / "new") in one["where"] for one in told["found"] if one["sure"])


def cut_and_mend(data: Path, journal: JournalReader) -> None:
    """Turn the line off and on from another process, and see the gateway notice both."""
    for line, noticed in (("off", "uplink.lost"), ("on", "uplink.restored")):
        before = journal.last_sequence()
        argv = [sys.executable, "-m", "gateway", "demo", "uplink", line, "--data", str(data)]
        assert subprocess.run(argv, capture_output=True, timeout=PATIENCE_S).returncode == 0
        wait_until(lambda seen=before, kind=noticed: bool(journal.page(seen, 10, [kind])))  # type: ignore[misc]


def descendants(pid: int) -> list[int]:
    """A process and all that it has started, as far down as they go."""
    found = [pid]
    for parent in found:
        found += children(parent)
    return found


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(3 * DEMO_S)
def test_a_demo_goes_on_in_a_folder_that_it_made(tmp_path: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "gateway",
        "demo",
        "--port",
        "0",
        "--hours",
        "0.0001",
        "--data",
        str(tmp_path / "demo"),
    ]
    for _ in range(2):
        told = subprocess.run(argv, capture_output=True, text=True, timeout=DEMO_S)
        assert told.returncode == 0, told.stderr
    journal = JournalReader(tmp_path / "demo" / "journal.db")
    assert len(journal.page(0, 100, ["gateway.started"])) == 2


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(3 * DEMO_S)
def test_a_demo_ends_by_itself_after_its_hours(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "gateway", "demo", "--port", "0", "--hours", "0.0001"]
    told = subprocess.run(
        argv, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=DEMO_S
    )
    assert told.returncode == 0, told.stderr
    assert list(tmp_path.iterdir()) == []
