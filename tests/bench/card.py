"""`card_to_coil_p50`, `card_to_coil_p99`: from a card's last byte to the coil, against the hand-written floor."""

from __future__ import annotations

from pathlib import Path

from tests.bench import subjects
from tests.bench.figures import Figure, Plan, percentile
from tests.bench.rig import Rig


def measure(plan: Plan) -> list[Figure]:
    """Both figures from the same rounds: 100,000 passes, journal on, reader and board on pseudo-terminals."""
    folder = plan.folder("card")
    passes = plan.size(100_000, 2_000)
    count = plan.size(100, 8)
    rig = Rig(folder)
    try:
        gateway = subjects.make(folder, rig, passes)
        subjects.floor_registry(folder / "floor-registry.db", passes)
        p50, p99 = [], []
        for number in range(plan.rounds):
            ours, base = _round(rig, gateway, folder, count, passes, floor_first=number % 2 == 1)
            p50.append(percentile(ours, 50) / percentile(base, 50))
            p99.append(percentile(ours, 99) / percentile(base, 99))
            plan.say(f"  card to coil: round {number + 1}: {_words(ours)} against {_words(base)}")
    finally:
        rig.close()
    missed = f", {rig.missed} cards missed on a busy machine" if rig.missed else ""
    note = f"{passes} passes, {count} cards a round, against a bare script on the same wires{missed}"
    return [
        Figure.of("card_to_coil_p50", p50, "<=1.3", note=note),
        Figure.of("card_to_coil_p99", p99, "<=2", note=note),
    ]


def _round(
    rig: Rig, gateway: subjects.Gateway, folder: Path, count: int, passes: int, floor_first: bool
) -> tuple[list[float], list[float]]:
    base = _floor(rig, folder, count, passes) if floor_first else []
    with subjects.engine(gateway, rig):
        rig.passages(5, passes)
        ours = rig.passages(count, passes)
    return ours, base or _floor(rig, folder, count, passes)


def _floor(rig: Rig, folder: Path, count: int, passes: int) -> list[float]:
    databases = folder / "floor-registry.db", folder / "floor-journal.db"
    with subjects.floor(rig, "floor_card_to_coil.py", *databases):
        rig.passages(5, passes)
        return rig.passages(count, passes)


def _words(samples: list[float]) -> str:
    return f"p50 {percentile(samples, 50):.0f} us, p99 {percentile(samples, 99):.0f} us"
