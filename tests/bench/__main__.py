"""`python -m tests.bench [NAME...] [--json] [--save FILE] [--rounds N] [--quick]`: measure, print one line a figure.

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
from typing import Any
from unittest.mock import patch

from tests.bench import machine
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan

BENCHES: dict[str, tuple[str, ...]] = {
    "journal": ("journal_single", "journal_group"),
    "card": ("card_to_coil_p50", "card_to_coil_p90", "card_to_coil_p99"),
    "scale": ("card_to_coil_scale",),
    "slow": ("slow_wire_p50", "slow_wire_p99", "hanging_disk"),
    "lanes": ("idle_cpu", "idle_cpu_share", "lanes", "lanes_p99"),
    "load": ("card_to_coil_under_load", "card_to_coil_under_load_rt"),
    "crash": ("crash_to_alarm", "crash_to_alarm_backlog"),
    "peer": ("journal_vs_peer", "journal_vs_peer_lost"),
    "backlog": ("backlog_drain",),
    "pull_feed": ("pull_feed", "pull_feed_gzip"),
    "restart": ("restart",),
    "written": ("written_per_read", "written_idle"),
    "memory": ("memory_engine", "memory_all"),
    "imports": ("import_passes",),
    "simulated": ("simulate_speed",),
    "screen": ("page_ready", "page_kb", "page_kb_more", "row_to_screen"),
}
"""Module in this package -> the figures that its `measure(plan)` gives."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for."""
    asked = _parse(arguments)
    scratch = Path(tempfile.mkdtemp(prefix="gatehouse-bench-", dir=os.environ.get("GATEHOUSE_BENCH_DIR", "/var/tmp")))
    plan = Plan(scratch, asked.rounds, asked.quick)
    found: list[Figure] = []
    failed: list[str] = []
    try:
        facts = {**machine.describe(scratch), **_how_busy(plan)}
        for name in _choose(asked.names):
            with _byte_code_kept_in(scratch):
                figures = _measure(name, plan)
            failed += [] if figures else [name]
            _name_left_out(name, figures, plan)
            for figure in figures:
                if not asked.names or {name, figure.name} & set(asked.names):
                    found.append(figure)
                    if not asked.json:
                        print(figure.line(), flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    document = {"machine": facts, "figures": [figure.document() for figure in found], "not_measured": failed}
    _hand_over(document, asked)
    for name in failed:
        print(f"{name}: could not be measured, see above", file=sys.stderr)
    return 1 if failed else 0


def _how_busy(plan: Plan) -> dict[str, Any]:
    """What others take of this machine before anything is measured; whoever wants true figures is warned."""
    if plan.quick:
        return {}
    percent = machine.busy_percent()
    if percent > machine.QUIET_PERCENT:
        plan.say(f"this machine is {percent:.0f} % busy with other things: figures will be noise")
    return {"busy_percent_before": round(percent, 1)}


def _name_left_out(bench: str, figures: Sequence[Figure], plan: Plan) -> None:
    """What this machine or this product does not offer is no failure, and no silence either."""
    for name in BENCHES[bench][1:] if figures else ():
        if name not in {figure.name for figure in figures}:
            plan.say(f"{name}: left out, there is no such thing here")


def _hand_over(document: dict[str, Any], asked: argparse.Namespace) -> None:
    text = json.dumps(document, indent=1)
    if asked.json:
        print(text)
    if asked.save:
        asked.save.write_text(text + "\n")


def _byte_code_kept_in(scratch: Path) -> AbstractContextManager[object]:
    """As after an installation: no process that is measured compiles its source anew, neither ours nor a floor."""
    return patch.dict(os.environ, PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=str(scratch / "byte-code"))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure against bare floors.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures or benchmarks; all without one")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write that document to a file as well")
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
        settle(plan.scratch)
        figures: list[Figure] = import_module(f"tests.bench.measures.{name}").measure(plan)
    except Exception:
        traceback.print_exc()
        return []
    plan.say(f"{name} took {time.monotonic() - started_s:.0f} s")
    return figures


if __name__ == "__main__":
    sys.exit(main())
