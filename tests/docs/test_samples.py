"""What the pages show is true: links lead somewhere, files can be taken as they stand, commands run."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.core.settings.site_file import parse_settings
from gateway.demo.line import free_port
from gateway.store.passes.files import read_passes
from tests.support.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, kind: str) -> list[str]:
    """The fenced blocks of that kind, such as `console` or `json site`."""
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```", text, re.M | re.S)


def anchor(heading: str) -> str:
    """A heading as links name it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text("utf-8")):
        if "://" in target:
            continue
        file, _, fragment = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), re.M)
            assert fragment in [anchor(heading) for heading in headings], target


def test_the_readme_leads_to_every_page() -> None:
    text = page("README.md") + page("docs/contributor.md") + page("docs/integrator.md")
    assert [path.name for path in PAGES if path.name not in text and path.name != "README.md"] == []


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages talk about, and a data directory of its own."""
    (tmp_path / "site.json").write_text(blocks(page("docs/installer.md"), "json site")[0])
    (tmp_path / "residents.csv").write_text(blocks(page("docs/integrator.md"), "csv passes")[0], "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEHOUSE_DATA", str(tmp_path / "data"))
    return tmp_path


def test_the_site_file_of_the_installer_is_accepted(bench: Path) -> None:
    from drivers.registry import configure

    settings = parse_settings(json.loads((bench / "site.json").read_text()))
    assert [config.id for config in configure(settings)] == ["reader-in", "io"]


def test_the_pass_list_of_the_integrator_is_accepted(bench: Path) -> None:
    assert [one.id for one in read_passes(bench / "residents.csv")] == ["R0001", "S0007"]


def gatehouse_lines(name: str) -> list[list[str]]:
    """The `gatehouse` commands in a page's console blocks, without sudo."""
    lines = [line[2:] for block in blocks(page(name), "console") for line in block.splitlines() if line[:2] == "$ "]
    plain = [re.sub(r"^sudo -u gatehouse ", "", line) for line in lines]
    return [shlex.split(line)[1:] for line in plain if line.startswith("gatehouse ")]


@pytest.mark.parametrize(("name", "least"), [("docs/installer.md", 5), ("docs/integrator.md", 1)])
def test_the_commands_of_a_page_run_in_their_order(
    bench: Path, name: str, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = gatehouse_lines(name)
    assert len(lines) >= least
    if ["init", "--site", "site.json"] not in lines:
        main(["init", "--site", "site.json"])
    for line in lines:
        status = main(line)
        told = capsys.readouterr()
        if line[0] == "check":
            # The sample's hardware does not hang on this machine; all else of it is fine.
            assert "settings: fine" in told.out
        else:
            assert status == 0, told.err


def test_make_knows_every_target_that_the_pages_name() -> None:
    makefile = page("Makefile")
    for path in PAGES:
        for target in re.findall(r"^(?:\$ )?make ([a-z]+)|`make ([a-z]+)`", path.read_text("utf-8"), re.M):
            assert f"\n{target[0] or target[1]}: ##" in makefile


@pytest.fixture
def served(bench: Path) -> Iterator[tuple[int, str]]:
    """A gateway with a lane `in` on devices that do nothing: its port, and a token for everything."""
    port = free_port()
    document = json.loads((bench / "site.json").read_text())
    document["devices"] = [
        {"id": "reader-in", "driver": "noop"},
        {"id": "io", "driver": "noop"},
        {"id": "cam-in", "driver": "plate-http", "confidence": "confidence"},
    ]
    # Inputs without current say "torn off" to a contact that is closed while all is well.
    del document["lanes"][0]["barrier"]["arm_detached"]
    document["gateway"] = {"id": "gw1", "http": {"port": port}, "clock": "trusted"}
    (bench / "site.json").write_text(json.dumps(document))
    assert main(["init", "--site", "site.json"]) == 0
    with (bench / "log").open("wb") as log:
        run = subprocess.Popen([sys.executable, "-m", "gateway", "run"], stderr=log)
    try:
        wait_until(lambda: healthy(port), what=bench / "log")
        argv = [sys.executable, "-m", "gateway", "token", "create", "--json", "--name", "n", "--scope"]
        made = subprocess.run([*argv, "events:read,lanes:command,plates:push"], capture_output=True, check=True)
        yield port, json.loads(made.stdout)["token"]
    finally:
        run.terminate()
        run.wait(PATIENCE_S)


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.real
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_requests_of_the_integrator_are_answered(served: tuple[int, str]) -> None:
    port, token = served
    samples = [text for text in blocks(page("docs/integrator.md"), "sh") if text.startswith("curl")]
    assert len(samples) == 4
    answers = []
    for sample in samples:
        line = sample.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("curl", "curl -s -m 60", 1)
        told = subprocess.run(
            ["bash", "-c", line], env={**os.environ, "TOKEN": token}, capture_output=True, text=True, check=True
        )
        answers.append(json.loads(told.stdout))
    first, gap, plate, command = answers
    assert first[0]["type"] == "gatehouse.gateway.started" or first[0]["specversion"] == "1.0"
    assert gap[0]["type"] == "gatehouse.journal.gap"
    assert plate == {"plate": "京A12345", "confidence": 97.0}
    assert command["status"] == "done", command
    check: dict[str, Any] = {}
    exec(blocks(page("docs/integrator.md"), "python chain")[0], check)
    broken = check["broken"]
    assert broken(first) is None
    assert broken(gap) is None
    assert broken([{**first[0], "time": first[1]["time"]}, *first[1:]]) == first[1]["id"]
    assert broken(first[1:]) == first[1]["id"]
