"""`gatehouse simulate`: thirty site-hours in every run, and how the command begins and ends."""

from __future__ import annotations

import gc
import logging
import os
import random
import subprocess
import sys

import apsw
import msgspec
import pytest

from gateway.simulation.box.box import Box
from gateway.simulation.play import play
from gateway.simulation.story.write import write
from tests.variants import first_and

HOURS = int(os.environ.get("GATEHOUSE_SIMULATE_HOURS", "30"))
LONG_HOURS = 600
SEEDS = (302, 105)
"""The same days in every run, so that a change and nothing else makes it fail. New ones: GATEHOUSE_NEW_SEEDS=1."""


def command(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    line = [*before, sys.executable, "-m", "gateway", "simulate", *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.timeout(3600)  # it begins with the first test and gives way to all others, so it may end with the last
@pytest.mark.parametrize("hours", first_and(HOURS, LONG_HOURS))
def test_no_rule_breaks_in_hundreds_of_hours(hours: int) -> None:
    new = os.environ.get("GATEHOUSE_NEW_SEEDS") == "1"
    seeds = [random.SystemRandom().randrange(10**9) if new else seed for seed in SEEDS]
    each = str(-(-hours // len(seeds)))
    runs = [command("--seed", str(seed), "--hours", each, before=("nice", "-n", "19")) for seed in seeds]
    for seed, run in zip(seeds, runs, strict=True):
        out, err = run.communicate()
        assert run.returncode == 0, f"seed {seed}\n{out}\n{err[-2000:]}"
        assert out.startswith(f"seed {seed}, ")


def test_a_story_that_is_over_leaves_nothing_in_memory(caplog: pytest.LogCaptureFixture) -> None:
    disks, boxes = left_in_memory()
    with caplog.at_level(
        logging.CRITICAL + 1
    ):  # a record holds the trace of a planted fault, and so all that it was in
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
