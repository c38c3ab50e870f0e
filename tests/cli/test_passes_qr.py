"""`gatehouse passes qr`: a code as text and as a picture."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from tests.cli.conftest import Gatehouse


@pytest.fixture
def visitor(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> Path:
    """A data directory with a temporary pass and a monthly one."""
    passes = tmp_path / "passes.jsonl"
    rows = [{"id": "v-1", "kind": "temporary"}, {"id": "m-1", "kind": "monthly"}]
    passes.write_text("\n".join(map(json.dumps, rows)))
    assert gatehouse("passes", "import", passes).status == 0
    return made


def test_a_code_is_printed_and_drawn_and_known_to_the_gateway(
    gatehouse: Gatehouse, visitor: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "code.svg"
    told = gatehouse("passes", "qr", "v-1", "--until", "2099-01-01T00:00:00Z", "--svg", picture)
    assert told.status == 1
    assert "92 days" in told.err
    assert not picture.exists()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0).isoformat()
    told = gatehouse("passes", "qr", "v-1", "--until", tomorrow, "--svg", picture)
    assert (told.status, told.err.count("in once")) == (0, 1)
    found = DataDirectory(visitor).codes.check(told.out.strip())
    assert found is not None
    assert found.pass_id == "v-1"
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_a_code_is_json_for_programs_and_on_record_without_its_text(gatehouse: Gatehouse, visitor: Path) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    made = gatehouse("passes", "qr", "v-1", "--until", day, "--json").data
    assert set(made) == {"code", "pass", "name", "ends_at"}
    rows = JournalReader(DataDirectory(visitor).journal).page(0, 100, ["settings.changed"])
    assert rows[-1].data()["code"] == made["name"]
    assert made["code"] not in "".join(row.text for row in rows)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody"], "nobody"),
        (["m-1", "--until", "2026-11-30"], "codes are for temporary passes"),
        (["v-1"], "say until when"),
        (["v-1", "--until", "soon"], "write a day"),
    ],
)
def test_what_cannot_be_is_said_in_words(gatehouse: Gatehouse, visitor: Path, arguments: list[str], says: str) -> None:
    told = gatehouse("passes", "qr", *arguments)
    assert told.status == 1
    assert says in told.err
