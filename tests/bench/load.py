"""`card_to_coil_under_load`: what a busy central costs the driver at the gate, as p99 against an idle gateway.

Busy: central pulls the feed at full rate, a backlog drains to a real broker, three screens are open. `_rt` is the same
with the engine at real-time priority, as systemd sets it; it is left out where that is not permitted. The rig itself
has real-time priority where it may, since it stands for hardware.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.demo_line import free_port
from tests.bench import subjects
from tests.bench.figures import Figure, Plan, percentile
from tests.bench.restart import fill_journal
from tests.bench.rig import Rig
from tests.support.mosquitto import Mosquitto
from tests.support.site_process import ROOT

ENGINE_PRIORITY = 20
MODES = ("", "_rt")


def measure(plan: Plan) -> list[Figure]:
    """One figure, or two where real-time priority may be had."""
    folder = plan.folder("load")
    rig = Rig(folder)
    rig.hurry()
    broker = Mosquitto(folder).start()
    port = free_port()
    modes = MODES if _may_hurry() else MODES[:1]
    ratios: dict[str, list[float]] = {mode: [] for mode in modes}
    try:
        passes = plan.size(100_000, 2_000)
        gateway = subjects.make(folder, rig, passes, mqtt_port=broker.port, http_port=port)
        _, secret = gateway.directory.tokens.create("central", ["events:read"])
        backlog = plan.size(3_000_000, 5_000)
        plan.say(f"  filling the journal with {backlog} rows ...")
        fill_journal(gateway.directory, backlog)
        bench = _Bench(rig, gateway, port, secret, passes, plan.size(60, 5))
        for number in range(min(plan.rounds, 3)):
            for mode in modes:
                idle, busy = bench.round(mode == "_rt")
                ratios[mode].append(percentile(busy, 99) / percentile(idle, 99))
                plan.say(f"  under load{mode}, round {number + 1}: {_words(busy)} against {_words(idle)}")
    finally:
        rig.close()
        broker.stop()
    note = "p99 busy against p99 idle: feed pulled at full rate, backlog draining, three screens"
    targets = {"": "<=3", "_rt": "<=1.2"}
    return [Figure.of(f"card_to_coil_under_load{mode}", ratios[mode], targets[mode], note=note) for mode in modes]


class _Bench:
    """One gateway, idle and busy."""

    def __init__(self, rig: Rig, gateway: subjects.Gateway, port: int, secret: str, passes: int, cards: int) -> None:
        self.rig = rig
        self.gateway = gateway
        self.port = port
        self.secret = secret
        self.passes = passes
        self.cards = cards

    def round(self, hurried: bool) -> tuple[list[float], list[float]]:
        """Latencies of an idle and of a busy gateway."""
        with subjects.engine(self.gateway, self.rig):
            if hurried:
                _hurry(self.gateway.pid())
            self.gateway.start("web")
            self.rig.serve(subjects.once_in(0.05, lambda: subjects.listens(self.port)), 60, "the web does not answer")
            idle = self._cards()
            with self._busy():
                busy = self._cards()
            self.gateway.stop("web")
        return idle, busy

    def _cards(self) -> list[float]:
        self.rig.passages(5, self.passes)
        return self.rig.passages(self.cards, self.passes)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self.gateway.directory.uplink.unlink(missing_ok=True)
        self.gateway.start("uplink")
        argv = [sys.executable, "-m", "tests.bench.busy_central", str(self.port), self.secret]
        central = subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT)
        assert central.stdout is not None
        os.set_blocking(central.stdout.fileno(), False)
        try:
            output = central.stdout
            self.rig.serve(lambda: output.read(), 60, "central does not get busy")
            yield
            if central.poll() is not None:
                raise RuntimeError("central has given up, so this was no load")
        finally:
            central.kill()
            central.wait()
            self.gateway.kill("uplink")


def _may_hurry() -> bool:
    """Whether `Rig.hurry` has been granted real-time priority."""
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO


def _hurry(pid: int) -> None:
    """Real-time priority for every thread of a process."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setscheduler(int(task.name), os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(ENGINE_PRIORITY))


def _words(samples: list[float]) -> str:
    return f"p50 {percentile(samples, 50):.0f} us, p99 {percentile(samples, 99):.0f} us"
