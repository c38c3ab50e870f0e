"""A whole gateway in real processes on a simulated site: started, asked, killed with -9, and looked at afterwards.

The hardware lives in the test's process (`drivers.sim`), so it outlives every kill, and what it saw can be compared
with what the journal says.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.processes.ending import PARENT_VARIABLE
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.passes.registry import PassRegistry
from tests.support.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
FIRST_CARD = 400_000


def wait_for(holds: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S, every_s: float = 0.01) -> Any:
    """The first true answer of `holds`; AssertionError that says what was waited for."""
    return wait_until(holds, timeout_s, what, every_s)


class Gateway:
    """The processes of one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.directory = DataDirectory(data)
        self.client = Client(self.directory.socket)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    # ---- processes -------------------------------------------------------------------------------------------------

    def start(self, part: str = "engine") -> subprocess.Popen[bytes]:
        """Start engine, uplink, web or run; returns at once. Each has its log beside the data directory."""
        with self._log_path(part).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", self.module(part), part, "--data", str(self.data)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True,
                env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
            )  # fmt: skip
        self._running[part] = process
        return process

    def module(self, part: str) -> str:
        """What `python -m` runs as a part."""
        return "gateway"

    def start_engine(self, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """Start the engine and wait until every device was opened or has failed its first try."""
        self.start("engine")
        return self.wait_ready(timeout_s)

    def wait_ready(self, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """The answer to a ping once nothing is missing."""

        def ready() -> dict[str, Any] | None:
            self._must_run("engine")
            answer = self.ping()
            return answer if answer and answer["ready"] else None

        found: dict[str, Any] = wait_for(ready, f"engine ready; {self.log('engine')[-800:]}", timeout_s)
        return found

    def kill(self, part: str = "engine") -> None:
        """SIGKILL, and wait until it is gone."""
        process = self._running.pop(part)
        process.kill()
        process.wait()

    @contextmanager
    def frozen(self, part: str) -> Iterator[None]:
        """The process stands still for the length of the block."""
        os.kill(self.pid(part), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid(part), signal.SIGCONT)

    def stop(self, part: str = "engine", timeout_s: float = PATIENCE_S) -> int:
        """SIGTERM; the exit code."""
        process = self._running.pop(part)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout_s)

    def process(self, part: str = "engine") -> subprocess.Popen[bytes]:
        """The process of a part that was started."""
        return self._running[part]

    def pid(self, part: str = "engine") -> int:
        """The process of a part."""
        return self._running[part].pid

    def runs(self, part: str = "engine") -> bool:
        """Whether a part was started and has not ended."""
        process = self._running.get(part)
        return process is not None and process.poll() is None

    def end(self) -> None:
        """Kill whatever still runs."""
        for part in list(self._running):
            self.kill(part)

    def log(self, part: str = "engine") -> str:
        """Everything that a part has said."""
        path = self._log_path(part)
        return path.read_text(errors="replace") if path.exists() else ""

    def _log_path(self, part: str) -> Path:
        return self.data.with_name(f"{self.data.name}-{part}.log")

    def _must_run(self, part: str) -> None:
        process = self._running[part]
        assert process.poll() is None, f"{part} has ended with {process.returncode}: {self.log(part)[-2000:]}"

    # ---- questions -------------------------------------------------------------------------------------------------

    def ping(self) -> dict[str, Any] | None:
        """What the engine answers, None when it does not."""
        try:
            answer: dict[str, Any] = self.client.call("ping", timeout_s=10)
        except GatehouseError:
            return None
        return answer

    def state(self) -> dict[str, Any]:
        """The snapshot."""
        found: dict[str, Any] = self.client.call("state")
        return found

    def lane(self, lane: str) -> dict[str, Any]:
        """One lane of the snapshot."""
        return next(one for one in self.state()["lanes"] if one["id"] == lane)

    def device(self, device: str) -> dict[str, Any]:
        """One device of the snapshot."""
        return next(one for one in self.state()["devices"] if one["id"] == device)

    def command(self, lane: str, command: str, by: str = "Lin", **more: Any) -> dict[str, Any]:
        """A guard's command."""
        answer: dict[str, Any] = self.client.call(
            "lane.command", request=f"t{time.monotonic_ns()}", lane=lane, command=command, by=by, via="guard",
            reason="test", **more,
        )  # fmt: skip
        return answer

    def events(self, *types: str, after: int = 0) -> list[dict[str, Any]]:
        """The journal as it stands in its file, oldest first; types without prefix."""
        found: list[dict[str, Any]] = []
        with closing(JournalReader(self.directory.journal)) as reader:
            while rows := reader.page(after, 1000, types):
                found += [json.loads(row.text) for row in rows]
                after = rows[-1].sequence
        return found

    def last_sequence(self) -> int:
        """The last row of the journal."""
        with closing(JournalReader(self.directory.journal)) as reader:
            return reader.last_sequence()

    def verify(self) -> int:
        """Check the chain and that no sequence is left out; the number of rows."""
        with closing(JournalReader(self.directory.journal)) as reader:
            verified = reader.verify()
            assert verified.rows == verified.last - verified.first + 1, f"the sequence has holes: {verified}"
            return verified.rows


@contextmanager
def gateway(data: Path, document: dict[str, Any], passes: Iterable[Pass] = ()) -> Iterator[Gateway]:
    """A data directory with these settings and passes; whatever runs on it is killed behind the block."""
    one = Gateway(data)
    one.directory.create(document)
    registry = PassRegistry(one.directory.registry, writer=True)
    registry.import_passes(iter(passes))
    registry.close()
    try:
        yield one
    finally:
        one.end()


def monthly_passes(count: int) -> list[Pass]:
    """Valid passes with the card numbers from FIRST_CARD on."""
    return [Pass(f"p{n}", PassKind.MONTHLY, cards=(str(FIRST_CARD + n),)) for n in range(count)]


def site_document(
    devices: list[dict[str, Any]], lanes: list[dict[str, Any]], *, mqtt_port: int | None = None, http_port: int = 0,
    site: dict[str, Any] | None = None, groups: list[dict[str, Any]] | None = None, **gateway_keys: Any,
) -> dict[str, Any]:  # fmt: skip
    """A site file for simulated hardware; the clock is vouched for, since test machines often cannot tell."""
    document: dict[str, Any] = {
        "site": {"id": "north-court", "name": "North Court", "timezone": "Asia/Shanghai", **(site or {})},
        "gateway": {"id": "gw1", "clock": "trusted", **gateway_keys},
        "devices": devices,
        "lanes": lanes,
        "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
    }
    if groups:
        document["groups"] = groups
    if http_port:
        document["gateway"]["http"] = {"host": "127.0.0.1", "port": http_port}
    if mqtt_port is not None:
        document["uplink"] = {"mqtt": {"host": "127.0.0.1", "port": mqtt_port}}
    return document


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found
