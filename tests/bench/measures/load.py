"""`card_to_coil_under_load`: what a busy central costs the driver at the gate, as p99 against an idle gateway.

Busy: central pulls the feed at full rate, a backlog drains to a real broker, three screens are open. Idle: the same
engine and the same web without any of them. Idle and busy take turns, the disk is synced before each, and the cards of
all rounds are pooled. `_rt` is the same with the engine started at real-time priority, as systemd starts it (which of
its threads follow is the engine's affair); it is left out where that is not permitted. The rig itself has real-time
priority where it may, since it stands for hardware.

A commit that took over 50 ms waited for the disk. Such commits are counted apart, and so are the cards that met one:
they tell of this disk, not of what the load costs. The note has the figure with them too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.demo.line import free_port
from tests.bench import subjects
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, Pool, percentile
from tests.bench.measures.restart import fill_journal
from tests.bench.parts.timed_engine import STALL_MS, Commit, TimedGateway, apart, stalls
from tests.bench.rig import Rig, Sample
from tests.bench.targets import TARGETS
from tests.support.mosquitto import Mosquitto
from tests.support.site_process import ROOT

ENGINE_PRIORITY = 20
CARDS = 330
"""Of each kind, idle and busy: 300, and some to spare for those that are counted apart."""
BATCH = 10
"""Cards between two looks at the backlog."""
MODES = ("", "_rt")


def measure(plan: Plan) -> list[Figure]:
    """One figure, or two where real-time priority may be had."""
    folder = plan.folder("load")
    rig = Rig(folder)
    rig.hurry()
    broker = Mosquitto(folder).start()
    port = free_port()
    modes = [mode for mode in MODES if not mode or _may_hurry()]
    try:
        passes = plan.size(100_000, 2_000)
        gateway = subjects.make(folder, rig, passes, kind=TimedGateway, mqtt_port=broker.port, http_port=port)
        _, secret = gateway.directory.tokens.create("central", ["events:read"])
        backlog = plan.size(3_000_000, 50_000)
        plan.say(f"  filling the journal with {backlog} rows ...")
        fill_journal(gateway.directory, backlog)
        bench = _Bench(rig, gateway, port, secret, passes, plan.share(CARDS, 5), least=backlog // 5)
        results = {mode: _Result() for mode in modes}
        for number in range(plan.rounds):
            for mode in modes:
                settle(folder)
                words = results[mode].add(*bench.round(mode == "_rt", busy_first=number % 2 == 1))
                plan.say(f"  under load{mode}, round {number + 1}: {words}")
    finally:
        rig.close()
        broker.stop()
    more = f"; the backlog began anew {bench.begun_anew} times" if bench.begun_anew else ""
    return [results[mode].figure(mode, more) for mode in modes]


class _Result:
    """Both pools of one mode: without and with the cards that met a stalled commit."""

    def __init__(self) -> None:
        self._free = Pool()
        self._all = Pool()
        self._commits = 0
        self._stalled: list[Commit] = []
        self._cards_apart = [0, 0]

    def add(self, idle: list[Sample], busy: list[Sample], commits: list[Commit]) -> str:
        """One round, and what to say of it."""
        stalled = stalls(commits)
        free = [apart(samples, stalled)[0] for samples in (idle, busy)]
        for which, samples in enumerate((idle, busy)):
            self._cards_apart[which] += len(samples) - len(free[which])
        self._all.add(_us(busy), _us(idle))
        self._free.add(_us(free[1]) or _us(busy), _us(free[0]) or _us(idle))
        self._commits += len(commits)
        self._stalled += stalled
        return f"{_words(_us(busy))} against {_words(_us(idle))}; {_slow(stalled, len(commits))}"

    def figure(self, mode: str, more: str) -> Figure:
        """The p99, and in its note what was counted apart."""
        idle, busy = self._cards_apart
        note = (
            "p99 busy against p99 idle: feed pulled at full rate, backlog draining, three screens; "
            f"{_slow(self._stalled, self._commits)}, met by {busy} cards busy and {idle} idle, "
            f"with those {self._all.figure(99):.3g} x{more}"
        )
        name = f"card_to_coil_under_load{mode}"
        return Figure.pooled(name, self._free, 99, TARGETS[name], note=note)


def _us(samples: list[Sample]) -> list[float]:
    return [sample.latency_us for sample in samples]


def _words(samples: list[float]) -> str:
    return ", ".join(f"p{percent} {percentile(samples, percent):.0f} us" for percent in (50, 90, 99))


def _slow(stalled: list[Commit], commits: int) -> str:
    slowest = f" (slowest {max(commit.took_ms for commit in stalled):.0f} ms)" if stalled else ""
    return f"{len(stalled)} of {commits} commits over {STALL_MS} ms{slowest}"


class _Bench:
    """One gateway, idle and busy."""

    def __init__(
        self, rig: Rig, gateway: TimedGateway, port: int, secret: str, passes: int, cards: int, least: int
    ) -> None:
        self.rig = rig
        self.gateway = gateway
        self.port = port
        self.secret = secret
        self.passes = passes
        self.cards = cards
        self.least = least
        self.begun_anew = 0

    def round(self, hurried: bool, busy_first: bool) -> tuple[list[Sample], list[Sample], list[Commit]]:
        """The cards of an idle and of a busy gateway, and the commits of both."""
        self.gateway.priority = ENGINE_PRIORITY if hurried else 0
        with subjects.engine(self.gateway, self.rig):
            self.gateway.start("web")
            self.rig.serve(subjects.once_in(0.05, lambda: subjects.listens(self.port)), 60, "the web does not answer")
            busy = self._while_busy() if busy_first else []
            idle = self._cards(self._just_on)
            busy = busy or self._while_busy()
            self.gateway.stop("web")
        return idle, busy, self.gateway.commits()

    def _cards(self, between: Callable[[], None]) -> list[Sample]:
        self.rig.settle(self.gateway.data)
        self.rig.passages(5, self.passes)
        taken: list[Sample] = []
        while len(taken) < self.cards:
            taken += self.rig.passages(min(BATCH, self.cards - len(taken)), self.passes)
            between()
        return taken

    def _just_on(self) -> None:
        pass

    def _while_busy(self) -> list[Sample]:
        self.rig.settle(self.gateway.data)
        with self._busy():
            return self._cards(self._keep_backlog)

    def _keep_backlog(self) -> None:
        """Before the backlog runs out it begins anew, with a consumer that wants everything from the first row."""
        if subjects.rows_waiting(self.gateway) < self.least:
            self.begun_anew += 1
            self.gateway.kill("uplink")
            self._new_consumer()

    def _new_consumer(self) -> None:
        self.gateway.directory.uplink.unlink(missing_ok=True)
        self.gateway.start("uplink")

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._new_consumer()
        argv = [sys.executable, "-m", "tests.bench.parts.busy_central", str(self.port), self.secret]
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
