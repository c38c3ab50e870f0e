"""The demo: what can be proved fast on its parts, and once the whole of it."""

from __future__ import annotations

import contextlib
import os
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

import pytest

from gateway.core.passes import PassKind
from gateway.demo_line import Broker, Switch, free_port, line_is_on, set_line
from gateway.demo_people import People
from gateway.store.checks import check_pass
from gateway.store.directory import DataDirectory
from gateway.store.journal import JournalReader
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


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(3 * DEMO_S)
def test_a_demo_lives_is_cut_off_catches_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "demo"
    argv = [sys.executable, "-m", "gateway", "demo", "--port", str(port), "--data", str(data)]
    said = tmp_path / "said"
    with said.open("wb") as out:
        demo = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, process_group=0)
    try:
        wait_until(lambda: b"sign in" in said.read_bytes(), DEMO_S)
        family = descendants(demo.pid)
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
        if Broker.program() is not None:
            cut_and_mend(data, journal)
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(PATIENCE_S) == 0
        wait_until(lambda: not any(alive(pid) for pid in family))
    finally:
        if alive(demo.pid):
            os.killpg(demo.pid, signal.SIGKILL)
        demo.wait()
    assert DataDirectory(data).made_by_demo
    assert journal.verify().rows > 0


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
