"""`import_passes`: seconds for a list of a million passes into an empty registry, against bare `executemany`.

The product's way is the one that a running engine takes: a child process that reads the CSV, checks every field, and
stores all passes or none. What the gate notices of it is noted: cards that are shown while the engine imports another
such list, against cards before it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from gateway.store.passes.bulk import import_file
from gateway.store.passes.registry import PassRegistry
from tests.bench import subjects
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, Pool, take_turns
from tests.bench.floors.imported import import_seconds
from tests.bench.rig import FIRST_CARD, Rig
from tests.bench.targets import TARGETS

RESIDENTS = 2_000
"""Passes that the gate knows before; the list's come behind them."""
HEADING = "id,kind,holder,unit,plates,cards,valid_until\n"
IMPORT_S = 600.0


def measure(plan: Plan) -> list[Figure]:
    """One figure; a round is an import into a new file on each side, and one beside a gate at work."""
    folder = plan.folder("import")
    rows = plan.size(1_000_000, 20_000)
    source = folder / "passes.csv"
    write_list(source, rows)
    settle(folder)
    numbers = count()
    ratios = take_turns(
        plan,
        lambda: _ours(folder / f"registry-{next(numbers)}.db", source, rows),
        lambda: import_seconds(folder / f"floor-{next(numbers)}.db", source),
        f"import of {rows} rows, s",
    )
    before, during, imports = _beside_a_gate(plan, folder, source)
    note = f"{rows} rows of CSV against bare executemany; {_gate(before, during, imports)}"
    return [Figure.of("import_passes", ratios, TARGETS["import_passes"], note=note)]


def write_list(path: Path, rows: int) -> None:
    """A pass list of so many lines, whose ids, cards and plates nobody else has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADING)
        for number in range(RESIDENTS, RESIDENTS + rows):
            unit, plate, card = f"{number % 40}-{number % 3000}", f"京A{number:06d}", FIRST_CARD + number
            file.write(f"p{number:07d},monthly,Holder {number},{unit},{plate},{card},2099-12-31\n")


def _ours(path: Path, source: Path, rows: int) -> float:
    PassRegistry(path, writer=True).close()
    settle(path.parent)
    started_ns = time.perf_counter_ns()
    result = import_file(path, source)
    took_ns = time.perf_counter_ns() - started_ns
    if result.created != rows:
        raise RuntimeError(f"only {result.created} of {rows} passes were imported")
    return took_ns / 1e9


def _beside_a_gate(plan: Plan, folder: Path, source: Path) -> tuple[Pool, Pool, int]:
    """Cards before an import and during it, until there are enough of both; and how many imports that took.

    Each import meets a registry that holds nothing but the residents, so it has everything to do.
    """
    before, during = Pool(), Pool()
    wanted = plan.size(300, 5)
    rig = Rig(folder)
    rig.hurry()
    imports = 0
    try:
        while not imports or during.samples < wanted:
            gateway = subjects.make(plan.folder("import-gate"), rig, RESIDENTS)
            with subjects.engine(gateway, rig):
                rig.passages(5, RESIDENTS)
                before.add(_us(rig, max(5, wanted // 2)))
                during.add(_while_importing(rig, gateway, source))
            imports += 1
            plan.say(f"  gate beside import {imports}: {during.samples} cards")
    finally:
        rig.close()
    return before, during, imports


def _us(rig: Rig, cards: int) -> list[float]:
    return [sample.latency_us for sample in rig.passages(cards, RESIDENTS)]


def _while_importing(rig: Rig, gateway: subjects.Gateway, source: Path) -> list[float]:
    imported = _InBackground(lambda: gateway.client.call("passes.import", IMPORT_S, file=str(source), by="Lin"))
    found: list[float] = []
    while not found or imported.runs():
        found += _us(rig, 1)
    imported.check()
    return found


class _InBackground:
    """Some work in a thread; `check` raises what it raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def runs(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def check(self) -> None:
        """Wait for its end."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error


def _gate(before: Pool, during: Pool, imports: int) -> str:
    told = ", ".join(f"p{percent} {during.figure(percent) / before.figure(percent):.2f} x" for percent in (50, 90, 99))
    return f"{during.samples} cards at the gate during {imports} imports: {told} of before"
