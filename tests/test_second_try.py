"""Who gets a second try in the project's check, and who does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import second_try
from tests.second_try import MOST, refusal

LONELY = "def test_it():\n    import pathlib\n    assert pathlib.Path('{mark}').exists()\n"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in that folder; pytest in it without plugins, which take seconds to load on a busy machine."""
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=bare, capture_output=True, text=True, check=False
    )


def test_a_few_tests_on_real_parts_get_one() -> None:
    assert refusal([f"tests/uplink/test_feed.py::test_{n}" for n in range(MOST)]) == ""


def test_many_failures_are_no_busy_machine() -> None:
    assert refusal([f"tests/uplink/test_feed.py::test_{n}" for n in range(MOST + 1)])


@pytest.mark.parametrize(
    "name",
    [
        "tests/core/lane/test_tables.py::test_x",
        "tests/simulation/test_simulate.py::test_no_rule_breaks_in_hundreds_of_hours",
        "tests/store/journal/test_power_cuts.py::test_x",
        "tests/chaos/test_kill.py::test_x",
        "tests/uplink/test_feed.py",
    ],
)
def test_what_is_pure_or_rolls_dice_and_what_cannot_be_read_gets_none(name: str) -> None:
    assert refusal([name])


def test_a_failure_without_a_failed_test_stays_one() -> None:
    assert refusal([])


@pytest.mark.parametrize(("heals", "code"), [(True, 0), (False, 1)])
def test_what_fails_again_has_failed_and_what_passes_is_named(tmp_path: Path, heals: bool, code: int) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "test_lonely.py").write_text(LONELY.format(mark=mark))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert run(tmp_path, "-m", "pytest", "-q").returncode == 1
    if heals:
        mark.touch()
    again = run(tmp_path, second_try.__file__)
    assert again.returncode == code, again.stdout + again.stderr
    told = tmp_path / second_try.TOLD
    assert json.loads((tmp_path / second_try.FAILED).read_text() or "{}") == (
        {} if heals else {"test_lonely.py::test_it": True}
    )
    assert (told.read_text() if told.exists() else "") == ("test_lonely.py::test_it\n" if heals else "")
