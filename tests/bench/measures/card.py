"""`card_to_coil_p50`, `_p90`, `_p99`: from a card's frame to the coil, against the hand-written floor.

100,000 passes, journal on, reader and board on pseudo-terminals; the rig has real-time priority where it may, since it
stands for hardware. Product and floor take turns on the same wires, and the cards of all rounds are pooled on both
sides before a percentile is taken: of the 100 cards of one round p99 is little more than the slowest one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bench import subjects
from tests.bench.figures import Figure, Plan, Pool, percentile
from tests.bench.rig import Rig
from tests.bench.targets import TARGETS

CARDS = 500
PERCENTILES = (50, 90, 99)


def measure(plan: Plan) -> list[Figure]:
    """The three figures from the same cards."""
    folder = plan.folder("card")
    passes = plan.size(100_000, 2_000)
    count = plan.share(CARDS, 8)
    rig = Rig(folder)
    rig.hurry()
    pool = Pool()
    try:
        gateway = subjects.make(folder, rig, passes)
        subjects.floor_registry(folder / "floor-registry.db", passes)
        turns: dict[str, Callable[[], list[float]]] = {
            "ours": lambda: _ours(rig, gateway, count, passes),
            "floor": lambda: _floor(rig, folder, count, passes),
        }
        for number in range(plan.rounds):
            order = ("floor", "ours") if number % 2 else ("ours", "floor")
            taken = {who: turns[who]() for who in order}
            pool.add(taken["ours"], taken["floor"])
            plan.say(f"  card to coil: round {number + 1}: {_words(taken['ours'])} against {_words(taken['floor'])}")
    finally:
        rig.close()
    missed = f", {rig.missed} cards missed on a busy machine" if rig.missed else ""
    note = f"{passes} passes, against a bare script on the same wires{missed}"
    names = {percent: f"card_to_coil_p{percent}" for percent in PERCENTILES}
    return [Figure.pooled(name, pool, percent, TARGETS[name], note=note) for percent, name in names.items()]


def _ours(rig: Rig, gateway: subjects.Gateway, count: int, passes: int) -> list[float]:
    with subjects.engine(gateway, rig):
        return _cards(rig, gateway.data, count, passes)


def _floor(rig: Rig, folder: Path, count: int, passes: int) -> list[float]:
    databases = folder / "floor-registry.db", folder / "floor-journal.db"
    with subjects.floor(rig, "card_to_coil.py", *databases):
        return _cards(rig, folder, count, passes)


def _cards(rig: Rig, written: Path, count: int, passes: int) -> list[float]:
    """Microseconds of each card, after a few that are not counted and with nothing left to write from before."""
    rig.passages(5, passes)
    rig.settle(written)
    rig.passages(2, passes)
    return [sample.latency_us for sample in rig.passages(count, passes)]


def _words(samples: list[float]) -> str:
    return ", ".join(f"p{percent} {percentile(samples, percent):.0f} us" for percent in PERCENTILES)
