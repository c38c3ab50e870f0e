"""The systemd units: what they start exists, what it loads, and that only the engine has real-time priority."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import build_parser
from gateway.cli.common import DEFAULT_DATA

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = ("engine", "uplink", "web")


def unit(name: str) -> dict[str, str]:
    """The settings of a service; what stands several times is joined."""
    found: dict[str, str] = {}
    for line in (UNITS / f"gatehouse-{name}.service").read_text().splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found[key] = f"{found[key]} {value}" if key in found else value
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_starts_a_command_that_exists_on_the_default_directory(name: str) -> None:
    program, *argv = unit(name)["ExecStart"].split()
    assert Path(program).name == "gatehouse"
    arguments = build_parser().parse_args(argv)
    assert (arguments.command, str(arguments.data)) == (name, DEFAULT_DATA)


def test_only_the_engine_has_real_time_priority_and_it_has_its_limits() -> None:
    engine = unit("engine")
    assert (engine["CPUSchedulingPolicy"], engine["CPUSchedulingResetOnFork"]) == ("fifo", "yes")
    assert int(engine["LimitRTPRIO"]) >= int(engine["CPUSchedulingPriority"])
    assert re.fullmatch(r"\d+s", engine["LimitRTTIME"])
    for name in ("uplink", "web"):
        assert unit(name)["RestrictRealtime"] == "yes"
        assert "CPUSchedulingPolicy" not in unit(name)


def test_the_engine_tells_systemd_how_it_is() -> None:
    engine = unit("engine")
    assert (engine["Type"], engine["NotifyAccess"], engine["WatchdogSec"]) == ("notify", "main", "10")
    assert engine["SupplementaryGroups"] == "dialout gpio input"


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_runs_as_one_user_in_a_sandbox_and_is_never_given_up(name: str) -> None:
    found = unit(name)
    assert (found["User"], found["ProtectSystem"], found["NoNewPrivileges"]) == ("gatehouse", "strict", "yes")
    assert (found["StartLimitIntervalSec"], found["StateDirectory"]) == ("0", "gatehouse")
    assert "2" in found["RestartPreventExitStatus"].split()


def test_an_uplink_that_had_nothing_to_do_begins_with_the_settings_that_name_a_central() -> None:
    text = (UNITS / "gatehouse-uplink.path").read_text()
    assert f"PathChanged={DEFAULT_DATA}/site.json" in text
    assert "gatehouse-uplink.path" in (UNITS / "gatehouse.target").read_text()


@pytest.mark.real
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    for path in UNITS.glob("gatehouse*"):
        text = path.read_text().replace("/opt/gatehouse/bin/gatehouse", "/bin/true")
        (tmp_path / path.name).write_text(text)
    units = [
        str(path)
        for path in sorted(tmp_path.glob("*.service"))
        + sorted(tmp_path.glob("*.target"))
        + sorted(tmp_path.glob("*.timer"))
        + sorted(tmp_path.glob("*.path"))
    ]
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
    )
    assert (told.returncode, told.stderr) == (0, "")


# ---- what a service loads ------------------------------------------------------------------------------------------

_TOLD = """
import sys
from gateway.cli import _jobs_for, build_parser
build_parser(_jobs_for(sys.argv[1:]))
print(*sorted(name for name in sys.modules if name.startswith("gateway.cli.")))
"""


def _loaded(*words: str) -> list[str]:
    argv = [sys.executable, "-c", _TOLD, *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("words", [["engine"], ["--data", "web", "uplink"], ["--json", "web", "--data", "x"]])
def test_a_process_loads_the_commands_that_run_it_and_no_other(words: list[str]) -> None:
    assert _loaded(*words) == ["gateway.cli.common", "gateway.cli.running"]


@pytest.mark.parametrize("words", [[], ["--help"], ["--data", "engine"], ["--data", "engine", "check"], ["no-such"]])
def test_every_other_command_line_knows_all_commands(words: list[str]) -> None:
    assert {"gateway.cli.begin", "gateway.cli.care.support", "gateway.cli.money.tariffs"} <= set(_loaded(*words))
