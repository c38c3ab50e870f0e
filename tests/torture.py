"""`python -m tests.torture [--kills N] [--cuts N] [--fuzz-s N] [--seed S]`: kills, power cuts and nonsense in numbers
that a test run has no time for. The exit code is 0 when nothing acknowledged was lost and nothing moved that should
not have.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KILL_TESTS = ("tests/chaos/test_kill.py", "tests/chaos/test_settings_kill.py")
CUT_TESTS = ("tests/store/journal/test_power_cuts.py",)
FUZZ_TESTS = ("tests/chaos/test_fuzzed_engine.py",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the kills, the power cuts and the nonsense; all of them even if the first fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Kill the engine and cut the power.")
    parser.add_argument("--kills", type=int, default=500, help="kill -9 of the engine (500)")
    parser.add_argument("--cuts", type=int, default=10_000, help="simulated power cuts (10000)")
    parser.add_argument("--seed", default="", help="the seed that a failed run has printed")
    parser.add_argument("--fuzz-s", type=int, default=60, help="seconds of nonsense for a running engine (60)")
    asked = parser.parse_args(arguments)
    numbers = {"GATEHOUSE_KILLS": asked.kills, "GATEHOUSE_CUTS": asked.cuts, "GATEHOUSE_FUZZ_S": asked.fuzz_s}
    environment = {**os.environ, **{name: str(number) for name, number in numbers.items()}}
    environment["GATEHOUSE_KILLS_OF_SETTINGS"] = "all"
    if asked.seed:
        environment["GATEHOUSE_SEED"] = asked.seed
    statuses = [_run(tests, environment) for tests in (KILL_TESTS, CUT_TESTS, FUZZ_TESTS)]
    return max(statuses)


def _run(tests: Sequence[str], environment: dict[str, str]) -> int:
    argv = [sys.executable, "-m", "pytest", "-v", "-s", "-p", "no:xdist", "--timeout=0", *tests]
    return subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
