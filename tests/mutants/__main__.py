"""`python -m tests.mutants [--of core] [--count N] [--seed S]`: plant single faults, see whether the tests find them.

Each fault is one place of one file (see `kinds`), drawn at random from a seed. It is planted in a copy of the tree, and
the tests of that part run until the first one fails. A fault that lives shows a behaviour that no test looks at.
The exit code is 0 when nine of ten were found.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from tests.mutants.kinds import KINDS, Mutant, check_kinds, mutants_of

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"core": ("gateway/core", "tests/core"), "store": ("gateway/store", "tests/store")}
FOUND_MIN = 0.9
LIMIT_S = 300
"""A fault that makes the tests work for so long is an endless loop: found. Time of the processor, so that a busy
machine finds nothing."""

FINDERS_MAX = 20
"""As many tests that found a fault in the same file run before the others: most often one of them finds the next."""


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: the test that found it, or none, and the line as it was and as it became."""

    mutant: Mutant
    found_by: str
    changed: str

    def document(self) -> dict[str, object]:
        """For `--json`."""
        mutant = self.mutant
        return {
            "file": str(mutant.path), "line": mutant.line, "kind": mutant.kind, "occurrence": mutant.occurrence,
            "found_by": self.found_by or None, "changed": self.changed,
        }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, plant, test, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n\n")[2])
    parser.add_argument("--of", choices=sorted(PARTS), default="core", help="the part to plant faults in (core)")
    parser.add_argument("--only", default="", help="only files whose path contains this")
    parser.add_argument("--kind", choices=sorted(KINDS), help="only faults of this kind")
    parser.add_argument("--count", type=int, default=60, help="how many faults (60)")
    parser.add_argument("--seed", type=int, default=0, help="what to draw by; 0 takes a new one and prints it")
    parser.add_argument("--workers", type=int, default=2, help="copies that test at a time (2)")
    parser.add_argument("--json", action="store_true", help="print one JSON document at the end")
    asked = parser.parse_args(arguments)
    check_kinds()
    seed = asked.seed or random.SystemRandom().randrange(1, 1_000_000)
    chosen = draw(asked.of, asked.only, asked.kind, asked.count, seed)
    say = sys.stderr if asked.json else sys.stdout
    print(f"{len(chosen)} faults in {PARTS[asked.of][0]}, seed {seed}", file=say, flush=True)
    outcomes = []
    for outcome in plant(chosen, PARTS[asked.of][1], asked.workers):
        outcomes.append(outcome)
        told = f"found by {outcome.found_by}" if outcome.found_by else f"LIVED\n    {outcome.changed}"
        print(f"{len(outcomes):4} {outcome.mutant}: {told}", file=say, flush=True)
    found = sum(1 for outcome in outcomes if outcome.found_by)
    print(f"found {found} of {len(outcomes)} (seed {seed})", file=say)
    if asked.json:
        print(json.dumps({"seed": seed, "found": found, "faults": [one.document() for one in outcomes]}, indent=1))
    return 0 if outcomes and found >= FOUND_MIN * len(outcomes) else 1


def draw(part: str, only: str, kind: str | None, count: int, seed: int) -> list[Mutant]:
    """Faults at random places; every place is as likely as any other."""
    folder = ROOT / PARTS[part][0]
    files = [path for path in sorted(folder.rglob("*.py")) if only in str(path.relative_to(ROOT))]
    all_of = [mutant for path in files for mutant in mutants_of(path.relative_to(ROOT), path.read_text("utf-8"))]
    if kind:
        all_of = [mutant for mutant in all_of if mutant.kind == kind]
    return random.Random(seed).sample(all_of, min(count, len(all_of)))


def plant(mutants: Sequence[Mutant], tests: str, workers: int) -> Iterator[Outcome]:
    """Each fault in a copy of the tree of its own; outcomes in the order of the faults."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch, ThreadPoolExecutor(workers) as pool:
        copies: Queue[Path] = Queue()
        finders: dict[Path, list[str]] = {}
        for number in range(workers):
            copies.put(_copy(Path(scratch) / str(number)))

        def one(mutant: Mutant) -> Outcome:
            copy = copies.get()
            known = finders.setdefault(mutant.path, [])
            try:
                outcome = _try(copy, mutant, [[*known[-FINDERS_MAX:], *likely(mutant.path, tests)], [tests]])
            finally:
                copies.put(copy)
            if "::" in outcome.found_by and outcome.found_by not in known:
                known.append(outcome.found_by)
            return outcome

        yield from pool.map(one, mutants)


def likely(path: Path, tests: str) -> list[str]:
    """The files of tests that name the module: they run first, since most often one of them finds its faults."""
    module = path.with_suffix("").as_posix().replace("/", ".")
    named = re.compile(rf"^from {re.escape(module)} import|^import {re.escape(module)}$", re.MULTILINE)
    files = sorted((ROOT / tests).rglob("test_*.py"))
    return [str(one.relative_to(ROOT)) for one in files if named.search(one.read_text("utf-8"))]


def _copy(to: Path) -> Path:
    """The tree as it is now, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, stdout=-1
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes((ROOT / name).read_bytes())
    return to


def _try(copy: Path, mutant: Mutant, tests: Sequence[Sequence[str]]) -> Outcome:
    source = (copy / mutant.path).read_text("utf-8")
    code = mutant.code(source)
    assert code is not None
    (copy / mutant.path).write_text(code, "utf-8")
    try:
        found_by = next(filter(None, (_run(copy, some) for some in tests if some)), "")
        return Outcome(mutant, found_by, _changed(source, code))
    finally:
        (copy / mutant.path).write_text(source, "utf-8")


def _run(copy: Path, tests: Sequence[str]) -> str:
    """The test that fails, or what else stops the run; empty when all pass."""
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--tb=no", *tests,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    run = subprocess.run(
        ["prlimit", f"--cpu={LIMIT_S}", *command],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"no end after {LIMIT_S} s"
    if run.returncode == 0:
        return ""
    named = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return named[0].split(" - ")[0].partition(" ")[2] if named else f"exit code {run.returncode}"


def _changed(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n    ".join(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))


if __name__ == "__main__":
    sys.exit(main())
