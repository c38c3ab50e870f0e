"""`python -m tests.torture [--kills N] [--cuts N] [--seed S]`: kills and power cuts in numbers that a test run has no
time for. The exit code is 0 when nothing acknowledged was lost and nothing moved that should not have.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KILL_TESTS = ("tests/chaos/test_kill.py",)
CUT_TESTS = ("tests/store/test_power_cuts.py",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the kills, then the power cuts; both even if the first fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Kill the engine and cut the power.")
    parser.add_argument("--kills", type=int, default=500, help="kill -9 of the engine (500)")
    parser.add_argument("--cuts", type=int, default=10_000, help="simulated power cuts (10000)")
    parser.add_argument("--seed", default="", help="the seed that a failed run has printed")
    asked = parser.parse_args(arguments)
    environment = {**os.environ, "GATEHOUSE_KILLS": str(asked.kills), "GATEHOUSE_CUTS": str(asked.cuts)}
    if asked.seed:
        environment["GATEHOUSE_SEED"] = asked.seed
    statuses = [_run(tests, environment) for tests in (KILL_TESTS, CUT_TESTS)]
    return max(statuses)


def _run(tests: Sequence[str], environment: dict[str, str]) -> int:
    argv = [sys.executable, "-m", "pytest", "-v", "-s", "-p", "no:xdist", "--timeout=0", *tests]
    return subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
