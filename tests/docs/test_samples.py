"""Samples in the pages are true: links resolve, files are accepted as they are printed, commands and requests run.

`KINDS` names the test of each kind of fenced block; a block of another kind fails until it has one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.registry import GROUP, configure
from gateway.cli import build_parser, main
from gateway.core.settings.site_file import parse_settings
from gateway.demo.line import free_port
from gateway.store.passes.files.reading import read_passes
from gateway.uplink.central.commands import Letter, read
from gateway.uplink.mqtt.messages import Incoming, Topics
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
MANUAL_KEY = "00112233445566778899aabbccddeeff"
KINDS = {
    "json site": "the complete site file",
    "json part": "a part of the site file",
    "json device": "one entry of `devices`",
    "json command": "a message on `/commands`",
    "json pass-change": "messages on `/passes`, one a line",
    "json visit": "a message on `/visits`",
    "json payment": "a message on `/payments`",
    "json slip": "a message on `/slips`",
    "json confirmation": "a message on `/confirmed`",
    "csv passes": "a pass list",
    "console": "commands, in their order, without a running gateway",
    "console running": "commands, in their order, with one",
    "sh curl": "a request to a running gateway",
    "sh mqtt": "a subscription at a broker",
    "sh install": "the installation as root; its files are looked for",
    "python chain": "the check of the chain",
    "toml entry-point": "how a package brings a driver",
    "wiegand": "a description of a card format",
    "text house": "the floors; `test_contributor` compares them with the folders",
    "text output": "what a command prints; its tests are those of the command",
    "text nginx": "a proxy in front; `tests/web_front/test_proxy.py` runs it where nginx is installed",
    "mermaid": "a diagram; `test_reference` compares it with its table",
}


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(kind: str, text: str | None = None) -> list[str]:
    """The fenced blocks of that kind, in one text or in all pages."""
    texts = [path.read_text("utf-8") for path in PAGES] if text is None else [text]
    return [found for each in texts for found in re.findall(rf"^```{re.escape(kind)}\n(.*?)^```", each, re.M | re.S)]


def inline(path: Path) -> list[str]:
    """Everything that a page writes as code within a line."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S))


def anchor(heading: str) -> str:
    """A heading as links name it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# ---- what every page keeps ------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_sample_is_of_a_kind_that_is_tried(path: Path) -> None:
    fences = re.findall(r"^```(.*)$", path.read_text("utf-8"), re.M)
    assert [kind for kind in fences[::2] if kind not in KINDS] == []
    assert [kind for kind in fences[1::2] if kind] == []


def test_every_kind_of_sample_is_in_a_page() -> None:
    assert [kind for kind in KINDS if not blocks(kind)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_json_within_a_line_is_json(path: Path) -> None:
    for text in inline(path):
        # Some fields only have their names given, as in {"type": "tcp", "host", "port"}.
        if re.match(r'\{?"\w+": ', text) and not re.search(r'"[,}]? *"?\w*" *[|}]|, "\w+"[,}]', text):
            whole = text.replace(", ...", "").replace("...", "0")
            json.loads(whole if whole.startswith("{") else f"{{{whole}}}")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_http_path_is_one_of_the_interface(path: Path) -> None:
    known = {
        (method.upper(), re.sub(r"\{\w+\}", "*", ("" if "servers" in entry else "/api/v1") + place))
        for place, entry in json.loads(page("web/api/openapi.json"))["paths"].items()
        for method in entry
    }
    for text in inline(path):
        found = re.fullmatch(r"(GET|PUT|POST|PATCH|DELETE) (/[^ ?]*)(\?.*)?", text)
        if found:
            assert (found[1], re.sub(r"\{[^}]+\}|<[^>]+>", "*", found[2])) in known, text


def test_make_knows_every_target_that_the_pages_name() -> None:
    makefile = page("Makefile")
    for path in PAGES:
        for target in re.findall(r"^(?:\$ )?make ([a-z]+)|`make ([a-z]+)", path.read_text("utf-8"), re.M):
            assert f"\n{target[0] or target[1]}: ##" in makefile


def command_of(words: list[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser that the words of a command lead to, and the words behind its name."""
    parser = build_parser()
    while words and not words[0].startswith("-"):
        groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        child = next((group.choices[words[0]] for group in groups if words[0] in group.choices), None)
        if child is None:
            # A command such as `demo` has an optional group, and others have none: the rest are its arguments.
            assert not groups or not groups[0].required, words
            break
        parser, words = child, words[1:]
    return parser, words


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_within_a_line_exists_with_its_options(path: Path) -> None:
    for text in inline(path):
        if not text.startswith("gatehouse ") or "COMMAND" in text:
            continue
        parser, rest = command_of(shlex.split(text.replace("\\", ""))[1:])
        known = {option for action in parser._actions for option in action.option_strings}
        assert [word for word in rest if word.startswith("--") and word not in known] == [], text


# ---- files ----------------------------------------------------------------------------------------------------------


def complete_site() -> dict[str, Any]:
    """The site file of the installer's page."""
    (text,) = blocks("json site")
    document: dict[str, Any] = json.loads(text)
    return document


def devices() -> list[dict[str, Any]]:
    """The devices that pages add to it; the reader has the key that its installer has made."""
    return [
        json.loads(text.replace("<32 hex digits>", MANUAL_KEY).replace('": "...', '": "x'))
        for text in blocks("json device")
    ]


def test_the_site_file_of_the_installer_is_complete() -> None:
    document = complete_site()
    settings = parse_settings(document)
    assert [config.id for config in configure(settings)] == [device["id"] for device in document["devices"]]
    assert {operator.role for operator in settings.operators} >= {"guard", "leader", "control_room", "office"}
    assert {lane.direction for lane in settings.lanes} == {"entry", "exit"}
    assert settings.needs_uplink


@pytest.mark.parametrize("text", blocks("json part"))
def test_a_part_of_a_site_file_fits_into_it(text: str) -> None:
    assert parse_settings({**complete_site(), **json.loads(text)})


@pytest.mark.parametrize("device", devices(), ids=lambda device: device["id"])
def test_a_device_fits_into_the_site_file(device: dict[str, Any]) -> None:
    document = complete_site()
    document["devices"].append(device)
    assert configure(parse_settings(document))[-1].id == device["id"]


@pytest.mark.parametrize("description", blocks("wiegand"))
def test_a_card_format_is_accepted(description: str) -> None:
    document = complete_site()
    document["devices"].append(
        {"id": "w", "driver": "wiegand", "d0": 17, "d1": 18, "format": " ".join(description.split())}
    )
    assert configure(parse_settings(document))


def test_a_package_brings_a_driver_as_the_contributor_says() -> None:
    (text,) = blocks("toml entry-point")
    ((name, target),) = tomllib.loads(text)["project"]["entry-points"][GROUP].items()
    assert re.fullmatch(r"[a-z-]+", name)
    assert target.endswith(":DRIVER")


def test_the_pass_list_of_the_integrator_is_accepted(bench: Path) -> None:
    assert [one.id for one in read_passes(bench / "residents.csv")] == ["R0001", "S0007", "V0042"]


def orders() -> list[tuple[str, str]]:
    """The messages to the gateway that the pages show, with their topics."""
    changes = [line for text in blocks("json pass-change") for line in text.splitlines()]
    return [
        *(("commands", text) for text in blocks("json command")),
        *(("passes", line) for line in changes),
        *(("visits", text) for text in blocks("json visit")),
        *(("payments", text) for text in blocks("json payment")),
        *(("slips", line) for text in blocks("json slip") for line in text.splitlines()),
        *(("confirmed", text) for text in blocks("json confirmation")),
    ]


@pytest.mark.parametrize(("topic", "text"), orders())
def test_a_message_of_central_is_an_order(topic: str, text: str) -> None:
    topics = Topics.of("north-court", "gw1")
    order = read(Incoming(getattr(topics, topic), text.encode()), topics)
    assert isinstance(order, Letter), order


# ---- commands -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages talk about, and a data directory of its own."""
    (tmp_path / "site.json").write_text(blocks("json site")[0], "utf-8")
    (tmp_path / "residents.csv").write_text(blocks("csv passes")[0], "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEHOUSE_DATA", str(tmp_path / "data"))
    return tmp_path


def lines_of(kind: str, name: str) -> list[list[str]]:
    """The commands in a page's blocks of that kind, without sudo."""
    lines = [line[2:] for block in blocks(kind, page(name)) for line in block.splitlines() if line[:2] == "$ "]
    return [shlex.split(_expanded(re.sub(r"^sudo (-u gatehouse )?", "", line))) for line in lines]


def _expanded(line: str) -> str:
    """With the output of `$(...)` in its place, as a shell does it."""
    return re.sub(
        r"\$\(.*?\)", lambda found: subprocess.check_output(["bash", "-c", f"echo {found[0]}"], text=True).strip(), line
    )


COMMANDS = [path.relative_to(ROOT).as_posix() for path in PAGES if blocks("console", path.read_text("utf-8"))]


def test_pages_with_commands_are_known() -> None:
    assert COMMANDS == ["README.md", "docs/contributor.md", "docs/installer.md", "docs/integrator.md"]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_commands_of_a_page_run_in_their_order(bench: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of("console", name)
    if not any(line[:2] == ["gatehouse", "init"] for line in lines):
        main(["init", "--site", "site.json"])
    for program, *line in lines:
        if program == "make":
            assert f"\n{line[0]}: ##" in page("Makefile")
            continue
        if program == "systemctl":
            assert (ROOT / "systemd" / line[-1]).exists()
            continue
        assert program == "gatehouse"
        status = main(line)
        told = capsys.readouterr()
        if line[0] == "check":
            # The hardware of the sample is not on this machine; all else is fine.
            assert "settings: fine" in told.out
        else:
            assert status == 0, told.err


def test_the_installation_names_files_that_are_there() -> None:
    (text,) = blocks("sh install")
    files = [word for word in text.split() if word.startswith(("systemd/", "requirements"))]
    assert len(files) >= 5
    assert [file for file in files if not list(ROOT.glob(file))] == []


@pytest.fixture
def served(bench: Path) -> Iterator[tuple[int, str]]:
    """The installer's site on devices that do nothing: its port, and a token for everything."""
    port = free_port()
    document = complete_site()
    document["devices"] = [{"id": device["id"], "driver": "noop"} for device in document["devices"]]
    document["devices"] += [device for device in devices() if device["driver"] == "osdp"]
    document["devices"].append({"id": "cam-in", "driver": "plate-http", "confidence": "confidence"})
    for lane in document["lanes"]:
        # Inputs without current say "torn off" to a contact that is closed while all is well.
        del lane["barrier"]["arm_detached"]
    del document["uplink"]
    document["gateway"] = {"id": "gw1", "http": {"port": port}, "clock": "trusted"}
    document["stations"] = next(
        part["stations"] for text in blocks("json part") if "stations" in (part := json.loads(text))
    )
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
def test_the_samples_for_a_running_gateway_work(served: tuple[int, str], capsys: pytest.CaptureFixture[str]) -> None:
    port, token = served
    for path in PAGES:
        for program, *line in lines_of("console running", path.relative_to(ROOT).as_posix()):
            assert program == "gatehouse"
            status = main(line)
            assert status == 0, (line, capsys.readouterr().err)
    samples = blocks("sh curl")
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
    exec(blocks("python chain")[0], check)
    broken = check["broken"]
    assert broken(first) is None
    assert broken(gap) is None
    assert broken([{**first[0], "time": first[1]["time"]}, *first[1:]]) == first[1]["id"]
    assert broken(first[1:]) == first[1]["id"]


@pytest.mark.real
@pytest.mark.skipif(shutil.which("mosquitto_sub") is None, reason="needs mosquitto_sub")
def test_the_subscription_of_the_integrator_works(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path).start()
    try:
        (text,) = blocks("sh mqtt")
        program, *line = shlex.split(text)
        send = ["mosquitto_pub", "-p", str(broker.port), "-r", "-t", "gatehouse/s/g/status", "-m", "here"]
        subprocess.run(send, check=True)
        told = subprocess.run(
            [program, "-p", str(broker.port), "-C", "1", "-W", "20", *line], capture_output=True, text=True, check=True
        )
        assert told.stdout == "gatehouse/s/g/status here\n"
    finally:
        broker.stop()
