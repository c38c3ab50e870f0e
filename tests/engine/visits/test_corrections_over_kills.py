"""Corrections in a real process: what was answered is there after kill -9, once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.site import SimSite
from gateway.store.projections.state import State
from tests.support.site_process import Gateway, gateway, site_document

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(180)]


def correct(running: Gateway, request: str, verb: str, **more: Any) -> dict[str, Any]:
    asked = {"by": "central", "via": "http", "reason": "counted", **more}
    answer: dict[str, Any] = running.client.call("visit.command", request=request, verb=verb, **asked)
    return answer


def inside(running: Gateway) -> tuple[int, int]:
    """The number of cars, and the open visits."""
    with closing(State(running.directory.state)) as state:
        found = state.inside(None, "")
    return found.count, found.visits


def test_what_was_answered_is_there_after_a_kill_and_its_repeat_changes_nothing(tmp_path: Path) -> None:
    with SimSite(tmp_path) as sim:
        document = site_document(sim.devices_document(), sim.lanes_document())
        with gateway(tmp_path / "data", document) as running:
            running.start_engine()
            made = correct(running, "k1", "came", plate="粤B12345")
            running.kill()
            running.start_engine()
            assert inside(running) == (1, 1)
            assert correct(running, "k1", "came", plate="粤B12345")["status"] in ("done", "refused")
            assert inside(running) == (1, 1)
            correct(running, "k2", "count", count=7)
            running.kill()
            running.start_engine()
            assert inside(running) == (7, 1)
            assert correct(running, "k3", "left", visit=made["visit"])["status"] == "done"
            running.kill()
            running.start_engine()
            assert inside(running) == (6, 0)
            assert correct(running, "k4", "left", visit=made["visit"])["reason"] == "visit_over"
