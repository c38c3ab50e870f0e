"""What `gatehouse simulate` prints: seed and hours fix it, and a rule that broke is told with its story."""

from __future__ import annotations

import pytest

from gateway import cli
from gateway.core.lane.modes.crash import Crashes
from tests.simulation.test_simulate import command


def test_what_is_printed_depends_on_seed_and_hours_alone() -> None:
    runs = [command("--seed", "11", "--hours", "2") for _ in range(2)]
    told = [run.communicate() for run in runs]
    assert told[0][0] == told[1][0]
    assert "rules held" in told[0][0]
    assert "simulated seconds a second" in told[0][1]


def test_a_broken_rule_ends_with_one_and_tells_seed_and_story(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Crashes, "crash", lambda _self, _turn, _sign: None)
    for seed in range(5, 25):  # not every afternoon has a crash
        status = cli.main(["simulate", "--seed", str(seed), "--hours", "4"])
        told = capsys.readouterr()
        if status:
            break
    assert status == 1
    assert told.out.startswith(f"seed {seed}, 4 h\nBROKEN")
    assert "the shortest story found" in told.out
    assert told.err.startswith(f"seed {seed}\n")
