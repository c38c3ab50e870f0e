"""`slow_wire_p50`, `_p99`, `hanging_disk`: a card at the gate where the wire, the disk or both are bad.

`slow_wire`: the board answers as at 9600 baud, byte by byte, and each flush takes 20 ms longer, as on a worn SD card.
The coil counts as written when the last byte of the order has arrived at the board. Absolute, as the targets are: wire
and flush are given, and most of the figure.

`hanging_disk`: the flush of the very commit that a card waits for hangs for a second. The gate must not hang with it:
the coil has to come when the wait for the journal ends (`journal_wait_ms`, 250), and 30 ms later at most.
"""

from __future__ import annotations

from tests.bench import subjects
from tests.bench.figures import Figure, Plan, Pool
from tests.bench.parts.slow_engine import SlowGateway
from tests.bench.rig import Rig
from tests.bench.targets import TARGETS

BAUDRATE = 9_600
POLL_MS = 50
FLUSH_MS = 20
CARDS, HANGS = 500, 100
HANG_MS, WAIT_MS = 1_000, 250
PASSES = 1_000
TRIES = 20


def measure(plan: Plan) -> list[Figure]:
    """Three figures."""
    return [*_slow_wire(plan), _hanging_disk(plan)]


def _slow_wire(plan: Plan) -> list[Figure]:
    folder = plan.folder("slow-wire")
    rig = Rig(folder, baudrate=BAUDRATE)
    rig.hurry()
    pool = Pool()
    try:
        gateway = subjects.make(folder, rig, PASSES, kind=SlowGateway, poll_ms=POLL_MS)
        gateway.flush_ms = FLUSH_MS
        for number in range(plan.rounds):
            with subjects.engine(gateway, rig):
                rig.passages(5, PASSES)
                rig.settle(gateway.data)
                pool.add([one.latency_us / 1000 for one in rig.passages(plan.share(CARDS, 5), PASSES)])
            plan.say(
                f"  slow wire: round {number + 1}: p50 {pool.rounds(50)[-1]:.1f}, p99 {pool.rounds(99)[-1]:.1f} ms"
            )
    finally:
        rig.close()
    note = f"{BAUDRATE} baud, polled every {POLL_MS} ms, each flush {FLUSH_MS} ms longer"
    names = {percent: f"slow_wire_p{percent}" for percent in (50, 99)}
    return [Figure.pooled(name, pool, percent, TARGETS[name], unit="ms", note=note) for percent, name in names.items()]


def _hanging_disk(plan: Plan) -> Figure:
    folder = plan.folder("hanging-disk")
    rig = Rig(folder)
    rig.hurry()
    pool = Pool()
    missed = 0
    try:
        gateway = subjects.make(folder, rig, PASSES, kind=SlowGateway, journal_wait_ms=WAIT_MS)
        for number in range(plan.rounds):
            with subjects.engine(gateway, rig):
                rig.passages(5, PASSES)
                rig.settle(gateway.data)
                found, others = _hangs(rig, gateway, plan.share(HANGS, 2))
            pool.add(found)
            missed += others
            plan.say(f"  hanging disk: round {number + 1}: p50 {pool.rounds(50)[-1]:.0f} ms")
    finally:
        rig.close()
    note = f"p99; a flush of {HANG_MS} ms, journal_wait_ms {WAIT_MS}; p50 {pool.figure(50):.0f} ms"
    if missed:
        note += f"; {missed} cards met no flush that hung"
    return Figure.pooled("hanging_disk", pool, 99, TARGETS["hanging_disk"], unit="ms", note=note)


def _hangs(rig: Rig, gateway: SlowGateway, count: int) -> tuple[list[float], int]:
    """Milliseconds of so many cards whose commit hung, and how many met another flush: that of a checkpoint."""
    found: list[float] = []
    others = 0
    while len(found) < count:
        hung = gateway.hung()
        gateway.hang(HANG_MS)
        (sample,) = rig.passages(1, PASSES)
        took_ms = sample.latency_us / 1000
        if gateway.hung() > hung and took_ms >= WAIT_MS:
            found.append(took_ms)
        else:
            others += 1
            if others > TRIES + count:
                raise RuntimeError(f"{others} cards met no flush that hung; the last one took {took_ms:.1f} ms")
        rig.serve_for(2 * HANG_MS / 1000)
    return found, others
