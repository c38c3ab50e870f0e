"""`idle_cpu`, `idle_cpu_share`, `lanes`, `lanes_p99`: what lanes cost of the processor, and one another.

`idle_cpu`: the processor time of an engine with four lanes in which nothing happens, against a bare synchronous script
that polls the same four boards as often. `idle_cpu_share` is the engine's part of one core.

`lanes`: the engine's part of one core with sixteen lanes and a car every five seconds in each, and `lanes_p99` the p99
from card to coil there against the first lane alone, where one car comes after the other. The note has what 64 lanes
take. Only the engine counts: the hardware is in this process.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from gateway.store.passes.registry import PassRegistry
from tests.bench import subjects
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, Pool, percentile, take_turns
from tests.bench.parts.many_lanes import POLL_MS, Lanes
from tests.bench.parts.processor import Share
from tests.bench.targets import TARGETS
from tests.support.site_process import Gateway, site_document

IDLE_LANES, LANES, STRETCH = 4, 16, 64
IDLE_S, BUSY_S, STRETCH_S = 20, 60, 30
CAR_EVERY_S = 5.0
CARDS_ALONE = 150
PASSES = 1_000
WARM_S = 2.0
START_S = 90.0


def measure(plan: Plan) -> list[Figure]:
    """Four figures."""
    return [*_idle(plan), *_busy(plan)]


# ---- nothing happens -------------------------------------------------------------------------------------------------


def _idle(plan: Plan) -> list[Figure]:
    folder = plan.folder("idle")
    shares: list[float] = []
    with Lanes(folder, IDLE_LANES, PASSES) as lanes:
        gateway = _gateway(plan, lanes)

        def ours() -> float:
            with _engine(gateway, lanes):
                shares.append(_share(lanes, gateway.pid(), plan.size(IDLE_S, 1)))
            return shares[-1]

        ratios = take_turns(plan, ours, lambda: _floor(lanes, plan.size(IDLE_S, 1)), "idle, % of a core")
    note = f"{IDLE_LANES} lanes on Modbus TCP, polled every {POLL_MS} ms"
    return [
        Figure.of("idle_cpu", ratios, TARGETS["idle_cpu"], note=f"{note}; against a bare synchronous poller"),
        Figure.of("idle_cpu_share", shares, TARGETS["idle_cpu_share"], unit="%", note=f"{note}; of one core"),
    ]


def _floor(lanes: Lanes, seconds: float) -> float:
    """The part of one core that the bare poller takes."""
    argv = [sys.executable, str(subjects.FLOORS / "poller.py"), str(POLL_MS), *(str(gate.port) for gate in lanes.gates)]
    process = subprocess.Popen(argv)
    try:
        polled = [gate.polls for gate in lanes.gates]
        lanes.serve(
            lambda: all(gate.polls > before for gate, before in zip(lanes.gates, polled, strict=True)),
            START_S, "the floor does not poll",
        )  # fmt: skip
        return _share(lanes, process.pid, seconds)
    finally:
        process.kill()
        process.wait()


def _share(lanes: Lanes, pid: int, seconds: float) -> float:
    """What a process takes of one core while the boards are polled; RuntimeError when they are not, as often."""
    lanes.serve_for(WARM_S)
    before = [gate.polls for gate in lanes.gates]
    share = Share(pid)
    lanes.serve_for(seconds)
    percent = share.percent()
    least = min(gate.polls - polls for gate, polls in zip(lanes.gates, before, strict=True))
    if least < 0.8 * seconds * 1000 / POLL_MS:
        raise RuntimeError(f"a board was polled only {least} times in {seconds} s, so this is no measure")
    return percent


# ---- cars ------------------------------------------------------------------------------------------------------------


def _busy(plan: Plan) -> list[Figure]:
    shares: list[float] = []
    pool = Pool()
    missed = 0
    with Lanes(plan.folder("one-lane"), 1, PASSES) as one, Lanes(plan.folder("many-lanes"), LANES, PASSES, 2) as many:
        gateways = _gateway(plan, one), _gateway(plan, many)
        for number in range(plan.rounds):
            taken: dict[int, list[float]] = {}
            for lanes, gateway in ((one, gateways[0]), (many, gateways[1]))[:: -1 if number % 2 else 1]:
                settle(plan.scratch)
                with _engine(gateway, lanes):
                    lanes.serve_for(WARM_S)
                    if lanes is one:
                        samples = lanes.cars_one_by_one(plan.share(CARDS_ALONE, 2))
                    else:
                        share = Share(gateway.pid())
                        samples = lanes.traffic(plan.size(BUSY_S, 6), CAR_EVERY_S)
                        shares.append(share.percent())
                taken[len(lanes.gates)] = [sample.latency_us for sample in samples]
            pool.add(taken[LANES], taken[1])
            missed += many.missed
            words = " against ".join(f"p99 {percentile(taken[lanes], 99):.0f} us" for lanes in (LANES, 1))
            plan.say(f"  lanes: round {number + 1}: {shares[-1]:.1f} % of a core, {words}")
    note = f"{LANES} lanes, a car every {CAR_EVERY_S:g} s in each"
    late = f"; {missed} cars found the one before" if missed else ""
    stretch = "" if plan.quick else f"; {STRETCH} lanes took {_stretch(plan):.0f} %"
    return [
        Figure.of("lanes", shares, TARGETS["lanes"], unit="%", note=f"{note}; of one core{stretch}{late}"),
        Figure.pooled("lanes_p99", pool, 99, TARGETS["lanes_p99"], note=f"{note}; against one lane alone"),
    ]


def _stretch(plan: Plan) -> float:
    with Lanes(plan.folder("stretch"), STRETCH, PASSES, 3) as lanes:
        gateway = _gateway(plan, lanes)
        with _engine(gateway, lanes):
            lanes.serve_for(WARM_S)
            share = Share(gateway.pid())
            lanes.traffic(STRETCH_S, CAR_EVERY_S)
            return share.percent()


# ---- the product -----------------------------------------------------------------------------------------------------


def _gateway(plan: Plan, lanes: Lanes) -> Gateway:
    gateway = Gateway(plan.folder("lanes-data") / "data")
    gateway.directory.create(site_document(lanes.devices(), lanes.lanes()))
    with closing(PassRegistry(gateway.directory.registry, writer=True)) as registry:
        registry.import_passes(subjects.passes(PASSES))
    settle(gateway.data.parent)
    return gateway


@contextmanager
def _engine(gateway: Gateway, lanes: Lanes) -> Iterator[None]:
    """The engine, ready on these lanes; ended in good order behind the block."""
    gateway.start()
    try:
        ready = subjects.once_in(0.1, lambda: (gateway.ping() or {}).get("ready"))
        lanes.serve(ready, START_S, f"the engine does not get ready: {gateway.log()[-1500:]}")
        yield
        process = gateway.process()
        process.terminate()
        lanes.serve(lambda: process.poll() is not None, START_S, "the engine does not end")
    finally:
        gateway.end()
