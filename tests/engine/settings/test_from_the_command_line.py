"""`gatehouse site apply` of settings that hold already, but wait to be confirmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.common import whoami
from tests.engine.settings.conftest import Box, site

SOUTH = site(site={"id": "north-court", "name": "South", "locale": "en"})
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(box: Box, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Applies SOUTH from the command line; returns exit code and output."""
    monkeypatch.setenv("GATEHOUSE_DATA", str(box.directory.path))
    file = tmp_path / "south.json"
    file.write_text(json.dumps(SOUTH))

    def call(*more: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["site", "apply", str(file), "--yes", *more])
        return status, *capsys.readouterr()

    return call


def test_the_author_hears_until_when_they_hold(box: Box, run: Run) -> None:
    assert run("--confirm-s", "300")[0] == 0
    [until] = [one["until"] for one in box.call("site.history") if one["state"] == "pending"]
    status, out, _ = run()
    assert status == 0
    assert "nothing to change" in out and f"version 2 holds until {until}" in out and "gatehouse site confirm" in out
    shown = json.loads(run("--json")[1])
    assert (shown["state"], shown["until"], shown["changes"]) == ("pending", until, [])
    assert box.history()[-1] == (2, "pending")


def test_the_author_confirms_them_with_no_time_to_confirm(box: Box, run: Run) -> None:
    run("--confirm-s", "300")
    status, out, _ = run("--confirm-s", "0")
    assert (status, out) == (0, "nothing to change: these settings hold already\nversion 2 is confirmed and holds\n")
    assert box.history()[-1] == (2, "confirmed")
    assert box.told() == [("applied", 2, whoami()), ("confirmed", 2, whoami())]
    assert run("--confirm-s", "0")[1] == "nothing to change: these settings hold already\n"


def test_somebody_else_hears_who_can_confirm_them(box: Box, run: Run) -> None:
    box.apply(SOUTH, by="somebody", via="http")
    status, out, _ = run()
    assert status == 0 and "applied by somebody (http), who alone can confirm" in out
    assert run("--confirm-s", "0")[0] == 1
    assert box.history()[-1] == (2, "pending")


def test_a_version_that_went_back_is_not_the_one_that_holds(box: Box, run: Run) -> None:
    box.apply(site(site={"id": "north-court", "name": "West", "locale": "en"}), by="somebody")
    box.ask("site.rollback")
    box.apply(SOUTH, confirm_s=0)
    box.apply(site(site={"id": "north-court", "name": "West", "locale": "en"}))
    box.ask("site.rollback")
    assert json.loads(run("--json")[1])["version"] == 3
