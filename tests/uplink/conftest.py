"""A broker, an engine stand-in, a journal and the uplink, all real but the engine's decisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.store.journal.writer import Journal, Row
from tests.support.engine_stand_in import EngineStandIn, engine_stand_in
from tests.support.mosquitto import Central, Mosquitto, central, wait_until
from tests.support.uplink_process import PREFIX, UplinkProcess

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
DATA = {"lane": "in", "credential": {"kind": "card", "value": "472288"}, "reason": "valid_pass"}


class Writer:
    """Fills a journal as an engine would."""

    def __init__(self, directory: Path, journal_id: str = "testjournal") -> None:
        source = "/sites/north-court/gateways/gw1"
        self.journal = Journal.create(directory / "journal.db", journal_id, source, BOOT)

    def write(self, count: int = 1, age_s: float = 0.0) -> int:
        """So many rows that were committed `age_s` ago; the last one's sequence."""
        back_ns = int(age_s * 1e9)
        for start in range(0, count, 500):
            wall_ns, mono_ns = time.time_ns() - back_ns, time.monotonic_ns() - back_ns
            row = Row("access.granted", "lanes/in", DATA, wall_ns, mono_ns)
            self.journal.append([row] * min(500, count - start))
        return self.journal.last_sequence

    def close(self) -> None:
        """Let go of the file."""
        self.journal.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    one = Writer(tmp_path)
    yield one
    one.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path).start()
    yield one
    one.stop()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineStandIn]:
    with engine_stand_in(tmp_path / "engine.sock") as one:
        yield one


@pytest.fixture
def listener(broker: Mosquitto) -> Iterator[Central]:
    """Central, listening before the uplink starts."""
    with central(broker.port, PREFIX) as one:
        yield one


@pytest.fixture
def uplink(tmp_path: Path, broker: Mosquitto) -> Iterator[UplinkProcess]:
    """The uplink, not started yet."""
    one = UplinkProcess(tmp_path, broker.port)
    yield one
    one.stop()


@pytest.fixture
def arrived(listener: Central) -> Callable[[int], list[int]]:
    """Waits until the row of that sequence is at central; all sequences in order of arrival."""

    def wait(sequence: int) -> list[int]:
        wait_until(lambda: sequence in listener.sequences()[-200:], what=f"row {sequence} at central")
        return listener.sequences()

    return wait
