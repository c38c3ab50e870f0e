"""Every figure can be measured, and says pass or short as it is; sizes are tiny, so no value here means anything."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tty
from pathlib import Path

import pytest

from drivers.framing import modbus
from tests.bench import subjects
from tests.bench.__main__ import BENCHES, main
from tests.bench.figures import Figure, Plan
from tests.bench.rig import AT_CLOSED, AT_OPEN, OPEN_OFF, OPEN_ON, Rig, frame
from tests.support.site_process import ROOT, wait_for

NEEDS_BROKER = {"backlog", "load", "crash", "memory", "written"}
MAY_BE_NONE = ("written_idle", "journal_vs_peer_lost")


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("bench", BENCHES)
def test_every_figure_can_be_measured(bench: str) -> None:
    if bench in NEEDS_BROKER and not (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()):
        pytest.skip("mosquitto is not installed")
    argv = [sys.executable, "-m", "tests.bench", bench, "--quick", "--rounds", "1", "--json"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if bench == "peer" and "NoPeerError" in done.stderr:
        assert done.returncode == 1
        assert json.loads(done.stdout) | {"machine": {}} == {"machine": {}, "figures": [], "not_measured": ["peer"]}
        pytest.skip("the peer cannot be installed here")
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)["figures"]
    names = [figure["name"] for figure in found]
    assert set(names) <= set(BENCHES[bench])
    assert names[0] == BENCHES[bench][0]
    for figure in found:
        assert figure["value"] > 0 or figure["name"] in MAY_BE_NONE
        assert figure["low"] <= figure["median"] <= figure["high"]
        assert figure["unit"] in ("x", "ms", "MB", "kB", "kB/min", "s", "s/s", "%", "rows")


def test_short_figures_are_a_result_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = [Figure.of("journal_single", [0.1], ">=0.95")]
    monkeypatch.setattr("tests.bench.measures.journal.measure", lambda _: measured)
    assert main(["journal_single", "--quick"]) == 0
    assert capsys.readouterr().out.split()[4] == "short"


def test_what_could_not_be_measured_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: Plan) -> list[Figure]:
        raise TimeoutError("the disk has gone")

    monkeypatch.setattr("tests.bench.measures.journal.measure", fails)
    assert main(["journal", "--quick", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["figures"], said["not_measured"]) == ([], ["journal"])


def test_a_figure_that_was_asked_for_and_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.bench.measures.pull_feed.measure", lambda _: [Figure.of("pull_feed", [0.3], ">=0.3")])
    assert main(["pull_feed", "--quick"]) == 0
    assert "pull_feed_gzip: left out" in capsys.readouterr().err


def test_the_document_with_the_machine_can_be_kept_beside_the_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tests.bench.measures.restart.measure", lambda _: [Figure.of("restart", [1.5], "<=2")])
    assert main(["restart", "--quick", "--save", str(tmp_path / "figures.json")]) == 0
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert kept["figures"][0]["name"] == "restart"
    assert kept["machine"]["cores"] == os.cpu_count()
    assert capsys.readouterr().out.startswith("restart 1.5 x <=2 pass")


def test_what_is_measured_after_the_rig_has_gone_has_no_priority_of_the_rigs(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    try:
        rig.hurry()
    finally:
        rig.close()
    assert os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER


def test_the_rigs_arm_goes_up_and_down_for_every_pulse_also_for_one_that_no_passage_waits_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    wire = os.open(rig.board.path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(wire)

    def ask(*pdu: int) -> bytes:
        os.write(wire, modbus.encode_rtu(1, bytes(pdu)))
        rig.serve(lambda: select.select([wire], [], [], 0)[0])
        return os.read(wire, 256)

    def shown() -> int:
        return ask(2, 0, 0, 0, 8)[3]

    closed, moving, up = 1 << AT_CLOSED, 0, 1 << AT_OPEN
    try:
        assert shown() == closed
        ask(*OPEN_ON[1:])
        assert [shown() for _ in range(3)] == [moving, up, up]
        ask(*OPEN_OFF[1:])
        assert [shown() for _ in range(2)] == [closed, closed]
    finally:
        os.close(wire)
        rig.close()


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_lane_that_waits_for_a_person_is_opened_by_the_guard_and_measured_on(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    try:
        gateway = subjects.make(tmp_path, rig, 100)
        with subjects.engine(gateway, rig):
            rig.reader.send(frame(rig.card(100)))
            rig.serve(lambda: rig.opened_ns, 60)
            wait_for(lambda: gateway.events("device.lost"), "the board is lost while the arm rises", 60)
            rig.serve(lambda: gateway.events("device.restored"), 60)
            rig.serve(lambda: gateway.lane("in")["interrupted"], 60, "the arm was rising")
            assert len(rig.passages(1, 100)) == rig.missed == 1
    finally:
        rig.close()


def test_processes_that_are_measured_may_keep_their_byte_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def looks(_: Plan) -> list[Figure]:
        assert not os.environ["PYTHONDONTWRITEBYTECODE"]
        assert Path(os.environ["PYTHONPYCACHEPREFIX"]).parent.is_dir()
        return [Figure.of("restart", [1.0], "<=2")]

    monkeypatch.setattr("tests.bench.measures.restart.measure", looks)
    before = dict(os.environ)
    assert main(["restart", "--quick"]) == 0
    assert dict(os.environ) == before


def test_an_unknown_figure_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["card_to_moon"])
    assert refused.value.code == 2
    assert "card_to_coil_p50" in capsys.readouterr().err
