"""A second try, alone and in a fresh process, for the few tests of a run that failed beside others.

Hundreds of tests talk to real brokers, browsers, terminals and processes; on a shared machine that is stalled for a
second one of them may give up too early. What fails again has failed. What passes is named, in the output and in
`artefacts/second_try.txt`, because a test that needs this is a defect to be mended. There is no second try for more
than `MOST` tests, for what is pure, or for what rolls dice (made-up days, kills, power cuts): there the first word
counts, since a second throw would hide what the first one found.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
TOLD = Path("artefacts/second_try.txt")
MOST = 3
ONCE = ("tests/core/", "tests/simulation/", "tests/store/", "tests/chaos/test_kill.py", "tests/test_architecture.py")


def refusal(failed: Iterable[str]) -> str:
    """Why these tests get no second try; empty when they do."""
    names = list(failed)
    if not names:
        return "no test is known to have failed: something else did"
    if len(names) > MOST:
        return f"{len(names)} tests failed; a busy machine explains {MOST} at most"
    for name in names:
        if "::" not in name:
            return f"{name} could not be read"
        if name.startswith(ONCE):
            return f"{name} has only one try"
    return ""


def main() -> int:
    """Run them once more; the exit code is 0 if all pass now, else 1."""
    failed = list(json.loads(FAILED.read_text())) if FAILED.exists() else []
    why = refusal(failed)
    if why:
        print(f"no second try: {why}", file=sys.stderr)
        return 1
    print("second try, alone:", *failed, sep="\n  ", flush=True)
    done = subprocess.run([sys.executable, "-m", "pytest", "-v", "-p", "no:xdist", *failed], check=False)
    if done.returncode:
        return 1
    TOLD.parent.mkdir(parents=True, exist_ok=True)
    with TOLD.open("a", encoding="utf-8") as told:
        told.writelines(f"{name}\n" for name in failed)
    print("passed only at the second try, which is a defect to be mended:", *failed, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
