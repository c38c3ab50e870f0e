"""`written_per_read`, `written_idle`: bytes handed to the file system for a card read, and for a minute at rest.

A read is one decision: a card whose pass has expired, its row, what the projections make of it, and its share of the
checkpoints. Reads come one by one, each after the one before has settled, so that no two share a page of a projection
by luck. A whole passage (a card that is let in, the arm up and down) is several commits apart in time and is noted
beside it. All three processes run, with a broker and no screen. An SD card lives by what is written to it.

The note tells the sum by file, and what the device itself has counted meanwhile, with the file system's own writes and
everybody else's.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import NamedTuple

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.demo.line import free_port
from gateway.store.passes.registry import PassRegistry
from tests.bench import subjects
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan
from tests.bench.parts.counted import CountedGateway
from tests.bench.rig import Rig, frame
from tests.bench.targets import TARGETS
from tests.support.mosquitto import Mosquitto

KB = 1_000
PASSES = 1_000
EXPIRED = 1_000
FIRST_EXPIRED = 3_000_000
READS, PASSAGES, IDLE_S = 300, 60, 120
SETTLED_S = 0.3
"""Three turns of the projections."""
LAST_CURSOR_S = 1.5
"""The uplink writes its cursor once a second, so the last one of what was before comes late."""
SECTOR_BYTES = 512
_SECTORS_WRITTEN = 6


class Window(NamedTuple):
    """What was written during so many reads, passages or minutes."""

    many: float
    by_file: Counter[str]
    rows: int
    device_bytes: int

    @property
    def kilobytes(self) -> float:
        """For one of them."""
        return self.by_file.total() / KB / self.many


def measure(plan: Plan) -> list[Figure]:
    """Both figures; reads, passages and rest take turns."""
    folder = plan.folder("written")
    rig = Rig(folder)
    broker = Mosquitto(folder).start()
    port = free_port()
    try:
        gateway = subjects.make(folder, rig, PASSES, kind=CountedGateway, mqtt_port=broker.port, http_port=port)
        _add_expired(gateway)
        with subjects.engine(gateway, rig):
            for part in ("uplink", "web"):
                gateway.start(part)
            rig.serve(subjects.once_in(0.05, lambda: subjects.listens(port)), 60, "the web does not answer")
            rig.passages(2, PASSES)
            rig.serve_for(plan.size(5, 1))
            bench = _Bench(rig, gateway)
            for number in range(plan.rounds):
                words = bench.round(plan.share(READS, 4), plan.share(PASSAGES, 2), plan.share(IDLE_S, 1))
                plan.say(f"  written, round {number + 1}: {words}")
            for part in ("uplink", "web"):
                gateway.stop(part)
    finally:
        rig.close()
        broker.stop()
    passage = f"a whole passage {_summed(bench.passages).kilobytes:.3g} kB"
    return [
        _figure("written_per_read", bench.reads, "kB", f"a read; {passage}"),
        _figure("written_idle", bench.rest, "kB/min", "a minute at rest"),
    ]


class _Bench:
    """A gateway, and what its rounds have found."""

    def __init__(self, rig: Rig, gateway: CountedGateway) -> None:
        self.rig = rig
        self.gateway = gateway
        self.reads: list[Window] = []
        self.passages: list[Window] = []
        self.rest: list[Window] = []
        self._expired = count()

    def round(self, reads: int, passages: int, idle_s: float) -> str:
        """One window of each, and what to say of them."""
        self.reads.append(self._during(lambda: self._read(reads)))
        self.passages.append(self._during(lambda: self._pass(passages)))
        self.rest.append(self._during(lambda: self._idle(idle_s)))
        read, passage, rest = self.reads[-1], self.passages[-1], self.rest[-1]
        return (
            f"{read.kilobytes:.1f} kB a read, {passage.kilobytes:.1f} a passage, {rest.kilobytes:.1f} a minute at rest"
        )

    def _during(self, work: Callable[[], float]) -> Window:
        """What all processes write while something happens; `work` says how much of it."""
        rig, gateway = self.rig, self.gateway
        rig.serve_for(LAST_CURSOR_S)
        rig.settle(gateway.data)
        before, row, device = gateway.written(), gateway.last_sequence(), device_bytes(gateway.data)
        many = work()
        written, rows = gateway.written() - before, gateway.last_sequence() - row
        rig.settle(gateway.data)
        return Window(many, written, rows, device_bytes(gateway.data) - device)

    def _read(self, reads: int) -> float:
        for _ in range(reads):
            self.rig.reader.send(frame(FIRST_EXPIRED + next(self._expired) % EXPIRED))
            self.rig.serve_for(SETTLED_S)
        return reads

    def _pass(self, passages: int) -> float:
        for _ in range(passages):
            self.rig.passages(1, PASSES)
            self.rig.serve_for(SETTLED_S)
        return passages

    def _idle(self, seconds: float) -> float:
        started_s = time.monotonic()
        self.rig.serve_for(seconds)
        return (time.monotonic() - started_s) / 60


def _summed(windows: list[Window]) -> Window:
    return Window(
        sum(window.many for window in windows),
        sum((window.by_file for window in windows), Counter[str]()),
        sum(window.rows for window in windows),
        sum(window.device_bytes for window in windows),
    )


def _figure(name: str, windows: list[Window], unit: str, what: str) -> Figure:
    whole = _summed(windows)
    files = [f"{file} {size / KB / whole.many:.3g}" for file, size in whole.by_file.most_common() if size]
    rows = f"{whole.rows / whole.many:.3g} rows {what}"
    device = f"the device counted {whole.device_bytes / KB / whole.many:.3g} {unit}"
    note = f"{', '.join(files) or 'nothing'}; {rows}; {device}"
    return Figure.average(
        name, [(window.kilobytes, window.many) for window in windows], TARGETS[name], unit=unit, note=note
    )


def _add_expired(gateway: CountedGateway) -> None:
    with closing(PassRegistry(gateway.directory.registry, writer=True)) as registry:
        registry.import_passes(_expired())
    settle(gateway.data)


def _expired() -> Iterator[Pass]:
    for number in range(EXPIRED):
        card = str(FIRST_EXPIRED + number)
        yield Pass(
            f"x{number:05d}", PassKind.MONTHLY, holder=f"Holder {number}", cards=(card,), valid_until="2026-01-31"
        )


def device_bytes(path: Path) -> int:
    """Bytes that were written to the device under a path since the machine started; 0 where it does not count."""
    device = path.stat().st_dev
    stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
    return int(stat.read_text().split()[_SECTORS_WRITTEN]) * SECTOR_BYTES if stat.exists() else 0
