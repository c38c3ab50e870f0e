"""`journal_vs_peer`, `journal_vs_peer_lost`: the journal against the storage of thingsboard-gateway.

The peer is its pinned release, installed by pip into an environment of its own; where that cannot be had, nothing is
measured. With 1,000 rows that wait, the journal's rows a second, each durable and chained, are set against the peer's
puts a second that reach its database file, which is not synced. The note has its puts alone, which go to a queue in
memory. `_lost` is what was acknowledged and is gone after kill -9, of ours; the note has the peer's.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from tests.bench import subjects
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, take_turns
from tests.bench.parts.appender import GROUP, rows_of
from tests.bench.targets import TARGETS
from tests.support.site_process import ROOT

RELEASE = "thingsboard-gateway==3.8.5"
TEXT_BYTES = 200
GROUPS = 300
KILLS = 15
GROUPS_BEFORE_A_KILL = 20
PATIENCE_S = 60.0


class NoPeerError(Exception):
    """The peer cannot be installed here."""


def measure(plan: Plan) -> list[Figure]:
    """Both figures."""
    python = install(plan.folder("peer-environment"))
    folder = plan.folder("peer")
    groups = plan.size(GROUPS, 5)
    puts: list[float] = []
    journal = Journal.create(folder / "journal.db", source="/sites/bench/gateways/gw1", boot_id="bench")
    with closing(journal):
        group = rows_of(TEXT_BYTES)
        for _ in range(plan.size(20, 1)):
            journal.append(group)
        size = _text_bytes(journal, folder)
        ratios = take_turns(
            plan,
            lambda: _rows_per_second(journal, groups),
            lambda: _peer_per_second(python, plan.folder("peer-data"), size, groups * GROUP, puts),
            f"{GROUP} rows a commit",
        )
    ours, theirs = _lost(plan, size, python)
    note = f"durable rows/s against {RELEASE}'s undurable ones, {size} bytes; it puts into memory"
    alone = statistics.median(puts)
    killed = f"{len(ours)} times kill -9; the peer lost some of {sum(map(bool, theirs))}, at most {max(theirs)} rows"
    return [
        Figure.of("journal_vs_peer", ratios, TARGETS["journal_vs_peer"], note=f"{note} {alone:.0f}/s"),
        Figure.of("journal_vs_peer_lost", ours, TARGETS["journal_vs_peer_lost"], unit="rows", note=killed),
    ]


def install(folder: Path) -> Path:
    """An environment with the peer alone, and its Python; NoPeerError says why there is none.

    Its storage needs nothing but the standard library, so nothing else is installed.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    argv = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", RELEASE]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPeerError(f"{RELEASE} cannot be installed, so nothing was measured: {done.stderr.strip()[-500:]}")
    return python


# ---- how fast --------------------------------------------------------------------------------------------------------


def _rows_per_second(journal: Journal, groups: int) -> float:
    group = rows_of(TEXT_BYTES)
    started_ns = time.perf_counter_ns()
    for _ in range(groups):
        journal.append(group)
        journal.tidy()
    return groups * GROUP * 1e9 / (time.perf_counter_ns() - started_ns)


def _peer_per_second(python: Path, folder: Path, size: int, count: int, puts: list[float]) -> float:
    done = subprocess.run(
        [str(python), _script(), "rate", str(folder), str(size), str(count)], capture_output=True, text=True, check=True
    )
    alone, stored = map(float, done.stdout.split())
    puts.append(alone)
    return stored


def _text_bytes(journal: Journal, folder: Path) -> int:
    with closing(JournalReader(folder / "journal.db")) as reader:
        (last,) = reader.page(journal.last_sequence - 1, 1)
    return len(last.text)


def _script() -> str:
    return str(subjects.FLOORS / "peer.py")


# ---- what is lost ----------------------------------------------------------------------------------------------------


def _lost(plan: Plan, size: int, python: Path) -> tuple[list[int], list[int]]:
    """Rows that were acknowledged and are gone, for each kill: ours, and the peer's."""
    chance = random.Random(1)
    ours, theirs = [], []
    for number in range(plan.size(KILLS, 1)):
        settle(plan.scratch)
        journal, folder = plan.folder("killed") / "journal.db", plan.folder("killed-peer")
        argv = [sys.executable, "-m", "tests.bench.parts.appender", str(journal), str(TEXT_BYTES)]
        ours.append(_killed(argv, chance, lambda journal=journal: _whole(journal)))  # type: ignore[misc]
        argv = [str(python), _script(), "lose", str(folder), str(size)]
        theirs.append(_killed(argv, chance, lambda folder=folder: _kept(folder)))  # type: ignore[misc]
        plan.say(f"  kill {number + 1}: {ours[-1]} rows lost, the peer {theirs[-1]}")
    return ours, theirs


def _killed(argv: Sequence[str], chance: random.Random, kept: Callable[[], int]) -> int:
    """Kill it while it stores; how many of those that it has acknowledged are not there."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT)
    with process, process.stdout or subprocess.DEVNULL:  # type: ignore[union-attr]
        assert process.stdout is not None
        told = b""
        for _ in range(GROUPS_BEFORE_A_KILL):
            told = process.stdout.readline() or told
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        *more, _ = [told, *process.stdout.read().split(b"\n")]
        process.wait()
    acknowledged = max(int(one) for one in more if one.strip())
    return max(0, acknowledged - kept())


def _whole(path: Path) -> int:
    """The rows of a journal whose chain holds."""
    with closing(JournalReader(path)) as reader:
        return reader.verify().rows


def _kept(folder: Path) -> int:
    db = sqlite3.connect(folder / "data.db")
    with closing(db):
        return int(db.execute("SELECT count(*) FROM messages").fetchone()[0])
