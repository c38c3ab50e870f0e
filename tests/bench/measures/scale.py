"""`card_to_coil_scale`: from a card's frame to the coil with a million passes and five million rows, against few.

Two gateways on two equal rigs take turns: the large one has a registry of a million passes and the journal of some
years, the small one a thousand passes and no row but its own. Both are the product, so this is no floor: it says that
the size of a site does not delay its cars.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.bench import subjects
from tests.bench.figures import Figure, Plan, Pool, percentile
from tests.bench.measures.restart import fill_journal
from tests.bench.rig import Rig
from tests.bench.targets import TARGETS

CARDS = 500


class _Site(NamedTuple):
    """A gateway with its hardware."""

    rig: Rig
    gateway: subjects.Gateway
    passes: int

    def cards_us(self, count: int) -> list[float]:
        """Microseconds of so many cards, after some that are not counted."""
        with subjects.engine(self.gateway, self.rig):
            self.rig.passages(5, self.passes)
            self.rig.settle(self.gateway.data)
            self.rig.passages(2, self.passes)
            return [sample.latency_us for sample in self.rig.passages(count, self.passes)]


def measure(plan: Plan) -> list[Figure]:
    """One figure; who is first alternates."""
    rows = plan.size(5_000_000, 5_000)
    passes = plan.size(1_000_000, 5_000)
    rigs: list[Rig] = []
    pool = Pool()
    try:
        small = _site(plan.folder("scale-small"), rigs, plan.size(1_000, 200))
        plan.say(f"  storing {passes} passes and {rows} rows ...")
        large = _site(plan.folder("scale-large"), rigs, passes)
        fill_journal(large.gateway.directory, rows)
        for number in range(plan.rounds):
            taken = {}
            for site in (small, large) if number % 2 else (large, small):
                site.rig.hurry()
                taken[site.passes] = site.cards_us(plan.share(CARDS, 8))
            pool.add(taken[large.passes], taken[small.passes])
            words = " against ".join(f"p50 {percentile(taken[site.passes], 50):.0f} us" for site in (large, small))
            plan.say(f"  scale: round {number + 1}: {words}")
    finally:
        for rig in rigs:
            rig.close()
    tail = ", ".join(f"p{percent} {pool.figure(percent):.3g} x" for percent in (90, 99))
    note = f"{passes} passes and {rows} rows against {small.passes} passes and none; {tail}"
    return [Figure.pooled("card_to_coil_scale", pool, 50, TARGETS["card_to_coil_scale"], note=note)]


def _site(folder: Path, rigs: list[Rig], passes: int) -> _Site:
    rig = Rig(folder)
    rigs.append(rig)
    return _Site(rig, subjects.make(folder, rig, passes), passes)
