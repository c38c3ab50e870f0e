"""The bundle as the command writes it: secrets are planted in every place, and none is found in it."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.cli.care import support
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.directory import DataDirectory, source_of
from gateway.store.identities.identities import Taken
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.support import collect
from tests.store.conftest import row
from tests.support.engine import Running

PLANTED = {
    "holder": "王秀英", "holder latin": "Wolfgang Amadeus", "phone": "13912345678",
    "phone with blanks": "+86 139 8765 4321",
    "unit": "7-2-1904", "card": "472288", "plate": "粤B98765", "foreign plate": "MÜ-AB 123", "note": "has a big dog",
    "operator": "Xiuying", "PIN": "864209", "password": "geheim-und-lang",
    "osdp key": "00112233445566778899AABBCCDDEEFF",
    "user": "mqtt-user-42", "household": "12-3-haushalt", "reason": "her mother is ill", "stranger's plate": "京C55555",
    "visitor's card": "77665544", "pass id": "resident-1904", "lane's name": "Beside Mrs Song",
    "identity number": "11010519491231002X",
    "phone's address": "192.0.2.2", "phone's other address": "2001:db8::2:1",
}  # fmt: skip
SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "Song Court"},
    "gateway": {"id": "gw1", "clock": "trusted", "http": {"port": 1}},
    "devices": [
        {"id": "io", "driver": "noop", "name": PLANTED["lane's name"]},
        {"id": "reader", "driver": "noop"},
        {"id": "osdp-in", "driver": "osdp", "port": "/dev/ttyUSB9", "key": PLANTED["osdp key"]},
    ],
    "lanes": [
        {
            "id": "in", "name": PLANTED["lane's name"], "direction": "entry", "readers": ["reader"],
            "barrier": {"open": "io.output.0", "close": "io.output.1", "safety_loop": "io.input.2"},
        }
    ],
    "groups": [{"id": PLANTED["household"], "places": 1}],
    "operators": [{"name": PLANTED["operator"], "role": "guard", "pin": PLANTED["PIN"]}],
    "uplink": {"mqtt": {"host": "127.0.0.1", "port": 9, "username": PLANTED["user"], "password": PLANTED["password"]}},
}  # fmt: skip
PASS = Pass(
    PLANTED["pass id"], PassKind.STAFF, holder=PLANTED["holder"], phone=PLANTED["phone"], unit=PLANTED["unit"],
    cards=(PLANTED["card"],), plates=(PLANTED["plate"], PLANTED["foreign plate"]), note=PLANTED["note"],
)  # fmt: skip
OTHER = Pass("p2", PassKind.STAFF, holder=PLANTED["holder latin"], phone=PLANTED["phone with blanks"])
LOG = "\n".join(f"2026-12-01T03:08:30+0000 box gatehouse[12]: odd {what} {value}" for what, value in PLANTED.items())
METRICS = 'gatehouse_journal_sequence 1234567\ngatehouse_http_consumer_behind_events{token="Xiuying"} 3\n'


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    made.create(SITE)
    with closing(PassRegistry(made.registry, writer=True)) as registry:
        registry.import_passes(iter([PASS, OTHER]))
    with closing(Journal.open(made.journal, source_of(made.settings()), "boot-1")) as journal:
        who = {"by": PLANTED["operator"], "decided_by": PLANTED["operator"], "pass": PLANTED["pass id"]}
        journal.append([
            row(1, credential={"kind": "plate", "value": PLANTED["stranger's plate"]}, **who),
            row(2, credential={"kind": "card", "value": PLANTED["visitor's card"]}, reason=PLANTED["reason"]),
            row(3, "pass.changed", f"passes/{PLANTED['pass id']}", plate=PLANTED["plate"], words=PLANTED["holder"]),
            row(4, "no.such.type", f"operators/{PLANTED['operator']}", deep=[{"x": [PLANTED["phone"]]}]),
            row(5, "operator.sign_in_failed", "operators/-", address=PLANTED["phone's address"], count=1),
            row(6, "operator.locked_out", "operators/-", address=PLANTED["phone's other address"], count=9),
        ])  # fmt: skip
    made.faults.mkdir()
    fault = {"event": {"value": PLANTED["card"], "holder": PLANTED["holder"]}, "error": f"KeyError: {PLANTED['plate']}",
             "trace": [f"  raise X({PLANTED['holder']!r}, {PLANTED['phone']!r})\n"]}  # fmt: skip
    (made.faults / "20261201T030000.000000000Z.json").write_text(json.dumps(fault, ensure_ascii=False))
    (made.faults / "20261201T030001.000000000Z.json").write_text("{broken")
    made.media.joinpath(f"{PLANTED['plate']}.jpg").write_bytes(b"jpg")
    made.tokens.create(PLANTED["operator"], ["events:read"])
    with closing(made.identities) as identities:
        driver = ("tap-1", "v1", "out", "resident_id", PLANTED["identity number"], PLANTED["operator"])
        identities.take(Taken(*driver), 1_790_000_000_000_000_000)
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The web process and journald answer, and say everything."""
    monkeypatch.setattr(support, "_metrics", lambda _: METRICS)

    def logs(found: Any) -> None:
        found.logs["gatehouse-engine"] = LOG

    monkeypatch.setattr(support, "_logs", logs)
    monkeypatch.setattr("gateway.check.devices.TRY_S", 0.3)


def bundle(path: Path) -> dict[str, str]:
    with tarfile.open(path) as tar:
        names = tar.getnames()
        assert all(name.startswith("gatehouse-support/") for name in names)
        return {
            name.removeprefix("gatehouse-support/"): (tar.extractfile(name) or io.BytesIO()).read().decode()
            for name in names
        }


def written(directory: DataDirectory, *more: str) -> dict[str, str]:
    file = directory.path.parent / "bundle.tar.gz"
    assert main(["support", str(file), "--force", "--data", str(directory.path), *more]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    return bundle(file)


@pytest.fixture(params=["no engine", "an engine"])
def found(request: pytest.FixtureRequest, directory: DataDirectory, asked: None) -> Iterator[dict[str, str]]:
    if request.param == "no engine":
        yield written(directory)
        return
    running = Running(directory.path)
    try:
        running.bus.restore()
        running.bus.card(PLANTED["card"])
        command = {
            "lane": "in",
            "command": "lock",
            "by": PLANTED["operator"],
            "via": "guard",
            "reason": PLANTED["reason"],
        }
        running.client.call("lane.command", request="r1", station="booth", **command)
        yield written(directory)
    finally:
        running.stop()


def test_none_of_what_was_planted_is_in_it(found: dict[str, str], directory: DataDirectory) -> None:
    hashes = [operator.pin_hash for operator in directory.settings().operators]
    secrets = [token.digest for token in directory.tokens.list()]
    for name, content in found.items():
        for what, value in PLANTED.items():
            for form in (value, value.replace(" ", ""), json.dumps(value)[1:-1]):
                assert form not in content, f"{what} in {name}"
        for secret in (*hashes, *secrets):
            assert secret not in content, name


def test_it_says_what_helps(found: dict[str, str]) -> None:
    assert set(found) >= {
        "README.txt", "versions.json", "settings.json", "check.json", "journal.ndjson", "metrics.txt", "files.json",
        "logs/gatehouse-engine.txt", "integrity.json", "machine.json", "missing.json",
        "faults/20261201T030000.000000000Z.json",
    }  # fmt: skip
    settings = json.loads(found["settings.json"])
    assert settings["lanes"][0]["id"] == "in"
    assert settings["lanes"][0]["barrier"]["open"] == "io.output.0"
    assert settings["devices"][0]["driver"] == "noop"
    assert settings["operators"] == {"guard": 1}
    rows = [json.loads(line) for line in found["journal.ndjson"].splitlines()]
    assert rows[0]["type"] == "gatehouse.access.granted"
    assert rows[0]["data"]["credential"]["value"].startswith("plate:")
    assert "gatehouse_journal_sequence 1234567" in found["metrics.txt"]
    integrity = json.loads(found["integrity.json"])
    assert integrity["journal"]["message"] == "whole"
    assert integrity["databases"]["registry.db"]["message"] == "ok"
    assert "broken" not in found["missing.json"] and "20261201T030001" in found["missing.json"]
    files = json.loads(found["files.json"])
    assert files["media"] == {"count": 1, "bytes": 3}
    assert {"site.json", "journal.db"} <= {one["name"] for one in files["files"]}


def test_only_the_newest_rows_are_in_it(directory: DataDirectory, asked: None) -> None:
    rows = written(directory, "--last", "2")["journal.ndjson"].splitlines()
    assert [json.loads(line)["sequence"][-1] for line in rows] == ["5", "6"]


def test_a_bundle_of_a_damaged_directory_says_what_is_damaged(
    directory: DataDirectory, asked: None, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.journal.write_bytes(b"\xa5" * 20_000)
    directory.registry.write_bytes(b"\xa5" * 20_000)
    directory.site.write_text("{")
    found = written(directory, "--json")
    missing = json.loads(found["missing.json"])
    assert "journal" in missing and "check" in missing
    assert "not a database" in found["integrity.json"]
    assert json.loads(capsys.readouterr().out)["missing"] != []


def test_what_cannot_be_asked_is_named(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.check.devices.TRY_S", 0.1)
    monkeypatch.setattr("shutil.which", lambda _: None)
    missing = json.loads(written(directory)["missing.json"])
    assert {"logs", "metrics", "state"} <= set(missing)
    assert "does not answer" in missing["metrics"]


def test_a_file_that_is_there_is_kept(directory: DataDirectory, asked: None, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert main(["support", str(tmp_path / "mine"), "--data", str(directory.path)]) == 1
    assert (tmp_path / "mine").read_text() == "mine"
    assert main(["support", str(tmp_path / "x"), "--data", str(tmp_path / "nowhere")]) == 2


def test_a_large_journal_is_not_walked(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "CHECK_BYTES_MAX", 10)
    assert "gatehouse verify" in collect.integrity(directory, lambda *_: None)["journal"]["message"]


def test_logs_are_those_of_the_services(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "journalctl"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nprint(*sys.argv[1:]) if 'gatehouse-web' in sys.argv[-1] else sys.exit(1)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(program))
    from gateway.support.bundle import Found

    found = Found()
    support._logs(found)
    assert list(found.logs) == ["gatehouse-web"]
    assert "-n 5000 -u gatehouse-web.service" in found.logs["gatehouse-web"]
    assert "logs of gatehouse-engine" in found.missing
