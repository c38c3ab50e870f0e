"""Acceptance in real processes on simulated hardware: no tick and no loss is forgotten by kill -9."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.site import SimSite
from gateway.store.journal.reader import JournalReader
from tests.support.site_process import Gateway, gateway, site_document, wait_for

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(180)]
ENDS = {"installer": "Zhou", "control_room": "Wu"}
PULSE, AT_OPEN = "barriers.in.pulse_ms", "barriers.in.at_open"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Gateway, dict[str, Any]]]:
    with SimSite(tmp_path) as sim:
        document = site_document(sim.devices_document(), sim.lanes_document())
        with gateway(tmp_path / "data", document) as running:
            running.start_engine()
            yield running, document


def tick(running: Gateway, point: str) -> None:
    for end, by in ENDS.items():
        answer = running.client.call(
            "acceptance.act",
            request=f"{point}-{end}",
            lane="in",
            what="tick",
            end=end,
            point=point,
            by=by,
            via="browser",
        )
        assert answer["status"] == "done", answer
        wait_for(lambda by=by: written(running, point, by), "the tick is on the disk")  # type: ignore[misc]


def written(running: Gateway, point: str, by: str) -> bool:
    """Whether the journal has that tick."""
    with closing(JournalReader(running.directory.journal)) as reader:
        rows = [row.data() for row in reader.page(0, 1000, ("acceptance.ticked",))]
    return any((row["point"], row["by"]) == (point, by) for row in rows)


def point(running: Gateway, name: str) -> dict[str, Any]:
    sheet = running.client.call("acceptance.look", request="look", lane="in")["sheet"]
    return next(one for one in sheet["points"] if one["id"] == name)


def by_hand(running: Gateway, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments, "--data", str(running.data)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def other(document: dict[str, Any], tmp_path: Path) -> str:
    changed = copy.deepcopy(document)
    next(one for one in changed["lanes"] if one["id"] == "in")["barrier"]["pulse_ms"] = 300
    for one in changed.get("operators", []):
        one.pop("pin", None)
    path = tmp_path / "other.json"
    path.write_text(json.dumps(changed))
    return str(path)


def test_ticks_survive_a_kill_and_an_apply_without_an_engine_takes_its_own(
    site: tuple[Gateway, dict[str, Any]], tmp_path: Path
) -> None:
    running, document = site
    tick(running, PULSE)
    tick(running, AT_OPEN)
    running.kill()
    by_hand(running, "site", "apply", other(document, tmp_path), "--yes")
    running.start_engine()
    lost = point(running, PULSE)
    assert (lost["installer"], lost["lost"]["reason"]) == (None, "limit")
    assert lost["lost"]["by"] not in ("", "gateway")
    kept = point(running, AT_OPEN)
    assert [kept[end]["by"] for end in ENDS] == ["Zhou", "Wu"]


def test_a_version_that_a_kill_takes_back_takes_the_ticks_that_were_made_on_it(
    site: tuple[Gateway, dict[str, Any]], tmp_path: Path
) -> None:
    running, document = site
    by_hand(running, "site", "apply", other(document, tmp_path), "--yes", "--confirm-s", "600")
    tick(running, PULSE)
    wait_for(lambda: running.client.call("site.history")[0]["state"] == "pending", "the version waits")
    running.kill()
    running.start_engine()
    lost = point(running, PULSE)
    assert (lost["basis"]["limit"], lost["installer"], lost["control_room"]) == ("500", None, None)
    assert (lost["lost"]["reason"], lost["lost"]["by"]) == ("limit", "gateway")
