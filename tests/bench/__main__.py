"""`python -m tests.bench [NAME...] [--json] [--rounds N] [--quick]`: measure, and print one line a figure.

A name is a figure or a benchmark; without one everything is measured. Progress goes to stderr. The exit code is 0 with
short figures too, and 1 only when something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from tests.bench.figures import Figure, Plan

BENCHES: dict[str, tuple[str, ...]] = {
    "journal": ("journal_single", "journal_group"),
    "card": ("card_to_coil_p50", "card_to_coil_p99"),
    "load": ("card_to_coil_under_load", "card_to_coil_under_load_rt"),
    "crash": ("crash_to_alarm", "crash_to_alarm_backlog"),
    "backlog": ("backlog_drain",),
    "pull_feed": ("pull_feed",),
    "restart": ("restart",),
    "memory": ("memory_engine", "memory_all"),
    "simulated": ("simulate_speed",),
}
"""Module in this package -> the figures that its `measure(plan)` gives."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for."""
    asked = _parse(arguments)
    chosen = _choose(asked.names)
    scratch = Path(tempfile.mkdtemp(prefix="gatehouse-bench-", dir=os.environ.get("GATEHOUSE_BENCH_DIR", "/var/tmp")))
    found: list[Figure] = []
    failed: list[str] = []
    try:
        for name in chosen:
            with _byte_code_kept_in(scratch):
                figures = _measure(name, Plan(scratch, asked.rounds, asked.quick))
            wanted = [figure for figure in figures if not asked.names or {name, figure.name} & set(asked.names)]
            failed += [] if figures else [name]
            found += wanted
            if not asked.json:
                for figure in wanted:
                    print(figure.line(), flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if asked.json:
        print(json.dumps({"figures": [figure.document() for figure in found], "not_measured": failed}, indent=1))
    for name in failed:
        print(f"{name}: could not be measured, see above", file=sys.stderr)
    return 1 if failed else 0


def _byte_code_kept_in(scratch: Path) -> AbstractContextManager[object]:
    """As after an installation: no process that is measured compiles its source anew, neither ours nor a floor."""
    return patch.dict(os.environ, PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=str(scratch / "byte-code"))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure against bare floors.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures or benchmarks; all without one")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--rounds", type=int, default=5, help="how often floor and product take turns (5)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing")
    asked = parser.parse_args(arguments)
    known = {name for bench, figures in BENCHES.items() for name in (bench, *figures)}
    for name in asked.names:
        if name not in known:
            parser.error(f"there is no figure {name!r}; known: {', '.join(sorted(known))}")
    if asked.rounds < 1:
        parser.error("--rounds must be at least 1")
    return asked


def _choose(names: Sequence[str]) -> list[str]:
    if not names:
        return list(BENCHES)
    return [bench for bench, figures in BENCHES.items() if {bench, *figures} & set(names)]


def _measure(name: str, plan: Plan) -> list[Figure]:
    """The figures of one benchmark; none when it could not be made."""
    started_s = time.monotonic()
    plan.say(f"{name} ...")
    try:
        figures: list[Figure] = import_module(f"tests.bench.{name}").measure(plan)
    except Exception:
        traceback.print_exc()
        return []
    plan.say(f"{name} took {time.monotonic() - started_s:.0f} s")
    return figures


if __name__ == "__main__":
    sys.exit(main())
