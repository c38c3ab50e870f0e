"""The keys of OSDP readers on the command line: taken in, kept apart, never shown."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.store.directory import DataDirectory
from tests.cli.conftest import SITE, Gatehouse

KEY = "8f1c2b7e55a94d03c6e0917f3ab2d864"
READER = {"id": "door", "driver": "osdp", "port": "/dev/serial/by-path/none", "key": KEY}


def with_reader(site_file: Path) -> Path:
    site_file.write_text(json.dumps({**SITE, "devices": [*SITE["devices"], READER]}))
    return site_file


def test_a_key_is_moved_to_the_secrets_and_no_export_shows_it(
    gatehouse: Gatehouse, site_file: Path, data: Path
) -> None:
    assert gatehouse("init", "--site", with_reader(site_file)).status == 0
    exported = gatehouse("site", "export")
    assert {device["id"] for device in exported.data["devices"]} >= {"door"}
    assert KEY not in exported.out
    holding = [path for path in data.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert [path.relative_to(data) for path in holding] == [Path("secrets/site.json")]
    assert holding[0].stat().st_mode & 0o077 == 0
    assert (data / "secrets").stat().st_mode & 0o077 == 0
    [reader] = [device for device in DataDirectory(data).settings().devices if device.id == "door"]
    assert reader.options["key"] == KEY


def test_a_check_knows_the_keys_that_are_kept(gatehouse: Gatehouse, site_file: Path, tmp_path: Path) -> None:
    gatehouse("init", "--site", with_reader(site_file))
    exported = tmp_path / "exported.json"
    exported.write_text(gatehouse("site", "export").out)
    for arguments in ([], ["--site", exported]):
        told = gatehouse("check", "--json", *arguments)
        assert "devices[2].key" not in {path for path, _ in told.data["problems"]}
        assert KEY not in told.out + told.err


def test_a_reader_without_a_key_is_refused_with_how_to_make_one(gatehouse: Gatehouse, site_file: Path) -> None:
    reader = {key: value for key, value in READER.items() if key != "key"}
    site_file.write_text(json.dumps({**SITE, "devices": [*SITE["devices"], reader]}))
    told = gatehouse("init", "--site", site_file)
    assert told.status == 2
    assert "devices[2].key: is missing" in told.err
    assert "openssl rand -hex 16" in told.err


def test_install_mode_needs_a_running_engine(gatehouse: Gatehouse, made: Path) -> None:
    told = gatehouse("device", "install-mode", "reader", "--minutes", "5")
    assert told.status == 4
    assert "running engine" in told.err
    assert gatehouse("device", "install-mode", "reader", "--minutes", "61").status == 2
