"""Where and when figures were taken, so that they can be read later: the machine, its disk, and what else it did."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

QUIET_PERCENT = 5
_LOOK_S = 2.0


def describe(scratch: Path) -> dict[str, Any]:
    """Facts for whoever reads the figures."""
    return {
        "taken_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": _commit(),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "file_system": file_system(scratch, Path("/proc/mounts").read_text()),
        "real_time_allowed": _real_time_allowed(),
    }


def busy_percent(look_s: float = _LOOK_S, read: Callable[[], str] = Path("/proc/stat").read_text) -> float:
    """How much of all cores others use just now, in percent; waiting for the disk counts as use."""
    before = _ticks(read())
    time.sleep(look_s)
    after = _ticks(read())
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return 100 * (1 - spent[_IDLE] / max(1, sum(spent)))


_IDLE = 3


def _ticks(stat: str) -> list[int]:
    """Ticks of all cores: user, nice, system, idle, waiting for the disk, interrupts, others' machines."""
    return [int(field) for field in stat.split("\n", 1)[0].split()[1:9]]


def file_system(path: Path, mounts: str) -> str:
    """The file system that a path lies on."""
    lines = [line.split() for line in mounts.splitlines()]
    found = max(
        ((point, kind) for _, point, kind, *_ in lines if path.resolve().is_relative_to(point)),
        key=lambda mount: len(mount[0]),
        default=("", "unknown"),
    )
    return found[1]


def _real_time_allowed() -> bool:
    """Whether the rig and the engine may have real-time priority."""
    argv = [sys.executable, "-c", "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"]
    return subprocess.run(argv, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _commit() -> str:
    """The commit that is measured, empty outside a repository; `+` when files were changed since."""
    argv = ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except OSError:
        return ""
    return done.stdout.strip()
