"""`gatehouse run` and `check` with a true engine: everything starts, answers, and ends together."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.demo.line import free_port
from gateway.store.journal.reader import JournalReader
from tests.cli.conftest import SITE, Gatehouse
from tests.support.site_process import alive, children
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.real


class Running:
    """A `gatehouse run` in a group of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        self.log = data.with_suffix(".log")
        argv = [sys.executable, "-m", "gateway", "run", "--data", str(data)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(argv, stderr=log, process_group=0)

    def parts(self) -> dict[str, int]:
        """The processes of engine, web and uplink that run now, by name."""
        found = {}
        for pid in children(self.process.pid):
            with contextlib.suppress(OSError):  # it has ended in the meantime
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if alive(pid) and len(words) > 3:
                    found[words[3].decode()] = pid
        return found

    def ready(self) -> bool:
        """Whether the web says that all is well."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    def engine(self) -> Client:
        return Client(self.data / "run" / "engine.sock")


@pytest.fixture
def start(gatehouse: Gatehouse, data: Path, site_file: Path) -> Iterator[Callable[..., Running]]:
    """Makes a directory and runs it; whatever is left is killed at the end."""
    begun: list[Running] = []

    def begin(**changes: Any) -> Running:
        port = free_port()
        gateway = {**SITE["gateway"], "http": {"port": port}}
        site_file.write_text(json.dumps({**SITE, "gateway": gateway, "uplink": None, **changes}))
        assert gatehouse("init", "--site", site_file).status == 0
        begun.append(Running(data, port))
        wait_until(begun[-1].ready)
        return begun[-1]

    yield begin
    for run in begun:
        if alive(run.process.pid):
            os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()


def test_run_starts_all_parts_and_ends_them_on_ctrl_c(start: Callable[..., Running]) -> None:
    run = start(uplink={"mqtt": {"host": "127.0.0.1", "port": 1}})
    wait_until(lambda: sorted(run.parts()) == ["engine", "uplink", "web"])
    parts = run.parts()
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.process.wait(PATIENCE_S) == 0
    assert not any(alive(pid) for pid in parts.values())
    rows = JournalReader(run.data / "journal.db").page(0, 100, ["gateway.started", "gateway.stopped"])
    assert [row.type for row in rows] == ["gateway.started", "gateway.stopped"]


def test_without_an_uplink_in_the_site_file_there_is_no_uplink_process(start: Callable[..., Running]) -> None:
    assert sorted(start().parts()) == ["engine", "web"]


def test_all_parts_die_with_a_killed_supervisor(start: Callable[..., Running]) -> None:
    run = start()
    parts = run.parts()
    run.process.kill()
    wait_until(lambda: not any(alive(pid) for pid in parts.values()))


def test_a_killed_engine_comes_back_and_the_web_goes_on(start: Callable[..., Running]) -> None:
    run = start()
    before = run.parts()
    os.kill(before["engine"], signal.SIGKILL)
    wait_until(lambda: run.parts().get("engine", before["engine"]) != before["engine"])
    wait_until(lambda: answers(run.engine()))
    assert run.parts()["web"] == before["web"]


def test_a_second_engine_on_the_directory_exits_3(start: Callable[..., Running], gatehouse: Gatehouse) -> None:
    run = start()
    second = subprocess.run(
        [sys.executable, "-m", "gateway", "engine", "--data", str(run.data)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert second.returncode == 3
    assert f"process {run.parts()['engine']}" in second.stderr
    wait_until(run.ready)


def test_a_second_run_on_the_directory_ends_with_3_and_leaves_the_first_alone(start: Callable[..., Running]) -> None:
    run = start()
    parts = run.parts()
    argv = [sys.executable, "-m", "gateway", "run", "--data", str(run.data)]
    second = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S)
    assert second.returncode == 3
    assert run.parts() == parts


def test_run_without_a_directory_says_how_to_make_one(gatehouse: Gatehouse, data: Path) -> None:
    told = gatehouse("run")
    assert told.status == 2
    assert f"gatehouse init --data {data}" in told.err


def test_under_systemd_lines_carry_their_level_and_no_time(made: Path) -> None:
    argv = [sys.executable, "-m", "gateway", "engine", "--data", str(made)]
    environment = {**os.environ, "JOURNAL_STREAM": "8:1"}
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=environment) as engine:
        assert engine.stderr is not None
        assert engine.stderr.readline().startswith("<6>engine of gw1 runs")
        engine.terminate()
        assert engine.wait(PATIENCE_S) == 0


def test_init_refuses_a_directory_in_use(start: Callable[..., Running], gatehouse: Gatehouse, site_file: Path) -> None:
    start()
    assert gatehouse("init", "--site", site_file).status == 3


def test_check_asks_the_running_engine(start: Callable[..., Running], gatehouse: Gatehouse) -> None:
    start()
    told = gatehouse("check", "--json")
    assert told.status == 0
    assert [(one["id"], one["asked"]) for one in told.data["devices"]] == [("io", "engine"), ("reader", "engine")]


def test_check_tries_only_what_the_engine_does_not_have(
    start: Callable[..., Running], gatehouse: Gatehouse, site_file: Path
) -> None:
    start()
    document = json.loads(site_file.read_text())
    document["devices"].append({"id": "new", "driver": "noop"})
    site_file.write_text(json.dumps(document))
    told = gatehouse("check", "--site", site_file, "--json").data
    assert [one["asked"] for one in told["devices"]] == ["engine", "engine", "wire"]


def test_changes_go_through_the_running_engine(
    start: Callable[..., Running], gatehouse: Gatehouse, tmp_path: Path
) -> None:
    run = start()
    path = tmp_path / "passes.jsonl"
    path.write_text('{"id": "R1", "kind": "monthly", "cards": ["472288"]}\n')
    assert gatehouse("passes", "import", path, "--json").data["created"] == 1
    secret = gatehouse("token", "create", "--name", "n", "--scope", "passes:read", "--json").data["token"]
    asked = urllib.request.Request(
        f"http://127.0.0.1:{run.port}/api/v1/passes/R1", headers={"Authorization": f"Bearer {secret}"}
    )
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        assert json.load(answer)["cards"] == ["472288"]


def test_a_bad_row_is_named_also_by_the_running_engine(
    start: Callable[..., Running], gatehouse: Gatehouse, tmp_path: Path
) -> None:
    start()
    path = tmp_path / "passes.csv"
    path.write_text("id,kind\nR1,royal\n")
    told = gatehouse("passes", "import", path)
    assert told.status == 1
    assert "line 2, kind" in told.err


def answers(client: Client) -> bool:
    try:
        return bool(client.call("ping", timeout_s=10)["pid"])
    except GatehouseError:
        return False
