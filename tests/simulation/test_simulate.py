"""`gatehouse simulate`: hundreds of site-hours with new seeds in every run, and an output that seed and hours fix."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys

import apsw
import msgspec
import pytest

from gateway import cli
from gateway.core.lane_state import LaneState
from gateway.simulation.box import Box
from gateway.simulation.play import play
from gateway.simulation.story import write

HOURS = int(os.environ.get("GATEHOUSE_SIMULATE_HOURS", "500"))
PROCESSES = 2


def command(*arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "gateway", "simulate", *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_rule_breaks_in_hundreds_of_hours_with_new_seeds() -> None:
    seeds = [random.SystemRandom().randrange(10**9) for _ in range(PROCESSES)]
    runs = [command("--seed", str(seed), "--hours", str(-(-HOURS // PROCESSES))) for seed in seeds]
    for seed, run in zip(seeds, runs, strict=True):
        out, err = run.communicate()
        assert run.returncode == 0, f"seed {seed}\n{out}\n{err[-2000:]}"
        assert out.startswith(f"seed {seed}, ")


def test_what_is_printed_depends_on_seed_and_hours_alone() -> None:
    runs = [command("--seed", "11", "--hours", "2") for _ in range(2)]
    told = [run.communicate() for run in runs]
    assert told[0][0] == told[1][0]
    assert "rules held" in told[0][0]
    assert "simulated seconds a second" in told[0][1]


def test_a_broken_rule_ends_with_one_and_tells_seed_and_story(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(LaneState, "crash", lambda _self, _turn, _sign: None)
    assert cli.main(["simulate", "--seed", "3", "--hours", "24"]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("seed 3, 24 h\nBROKEN")
    assert "the shortest story found" in told.out
    assert told.err.startswith("seed 3\n")


def test_a_story_that_is_over_leaves_nothing_in_memory() -> None:
    disks, boxes = left_in_memory()
    for seed in (1, 2):
        play(write(seed, 1, troubles=20.0))
    disks_then, boxes_then = left_in_memory()
    assert disks_then <= disks
    assert boxes_then <= boxes  # fewer, if an earlier test's are gone by now


def left_in_memory() -> tuple[int, int]:
    """How many simulated disks SQLite knows, and how many gateways there are."""
    gc.collect()
    disks = [name for name in apsw.vfs_names() if name.startswith("torn-")]
    return len(disks), sum(isinstance(one, Box) for one in gc.get_objects())


def test_programs_are_told_as_json() -> None:
    run = command("--seed", "11", "--hours", "1", "--json")
    told = msgspec.json.decode(run.communicate()[0])
    assert (told["seed"], told["hours"], told["broken"]) == (11, 1, None)
    assert told["totals"]["crossings"] > 0


def test_hours_that_are_no_number_are_refused_with_words() -> None:
    run = command("--hours", "many")
    _, err = run.communicate()
    assert run.returncode == 2
    assert "hours" in err
