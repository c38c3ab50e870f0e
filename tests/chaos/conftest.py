"""A small, quick site for the chaos tests: short travel times, real wires, real processes."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.site import SimSite
from gateway.physics.controller import ArmSpec
from tests.support.site_process import Gateway, gateway, monthly_passes, site_document

BARRIER = {"pulse_ms": 100, "auto_close_ms": 200}
TRAVEL_MS = 150
PASSES = 200
TIMEOUT_MS = 500
"""A board is lost after three of these, which is longer than a busy machine stalls a thread."""

MakeSite = Callable[..., tuple[SimSite, Gateway]]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[MakeSite]:
    """Builds hardware and a data directory for it; the processes are started by the test."""
    with ExitStack() as stack:

        def build(
            wire: str = "tcp", data: Path | None = None, travel_time_ms: int = 2 * TRAVEL_MS, **more: Any
        ) -> tuple[SimSite, Gateway]:
            spec = ArmSpec(travel_ms=TRAVEL_MS)
            sim = stack.enter_context(SimSite(tmp_path, wire=wire, spec=spec, poll_ms=20))  # type: ignore[arg-type]
            devices = [{**device, **_timeout(device)} for device in sim.devices_document()]
            lanes = sim.lanes_document(**BARRIER)
            for lane in lanes:
                lane["barrier"]["travel_time_ms"] = travel_time_ms
            document = site_document(devices, lanes, **more)
            return sim, stack.enter_context(gateway(data or tmp_path / "data", document, monthly_passes(PASSES)))

        yield build


def _timeout(device: dict[str, Any]) -> dict[str, Any]:
    return {"timeout_ms": TIMEOUT_MS} if device["driver"] == "modbus" else {}


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance with a printed seed; the same seed in GATEHOUSE_SEED makes the same choices again."""
    seed = os.environ.get("GATEHOUSE_SEED") or secrets.token_hex(4)
    print(f"{request.node.name}: GATEHOUSE_SEED={seed}")
    return random.Random(seed)
