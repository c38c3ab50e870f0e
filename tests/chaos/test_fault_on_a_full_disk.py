"""A core that fails while the disk takes nothing: what the next one must know stands in memory only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.events import UplinkChanged
from tests.chaos.test_full_disk import enlarge, fill, small_disk
from tests.engine.conftest import until
from tests.support.engine import Running

__all__ = ["small_disk"]
pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]


@pytest.fixture
def full(small_disk: Path) -> Iterator[Running]:
    """An engine whose disk has filled up."""
    enlarge(small_disk)
    running = Running(small_disk / "data")
    running.bus.restore()
    until(lambda: running.lane()["arm"] == "closed")
    running.client.call("passes.put", by="Lin", **{"pass": {"id": "lin", "kind": "monthly", "cards": ["7"]}})
    hog = fill(small_disk)
    cards = iter(range(10**6, 10**7))

    def degraded() -> Any:
        for _ in range(50):
            running.bus.card(str(next(cards)))
        until(lambda: len(running.engine._inbox) == 0)
        return running.client.call("state")["journal"]["degraded"]

    until(degraded)
    yield running
    hog.unlink()
    until(lambda: not running.client.call("state")["journal"]["degraded"])
    running.stop()


def test_the_next_core_knows_the_tag_and_serves_the_next_car(full: Running) -> None:
    locked = full.client.call(
        "lane.command", request="1", lane="out", command="lock", by="Lin", via="guard", reason="work", present=True
    )
    assert locked["status"] == "done"
    core = full.engine._loop._core
    core._handlers[UplinkChanged] = lambda *_: 1 // 0  # type: ignore[attr-defined]
    full.engine._inbox.put(UplinkChanged(False, "cut"))
    until(lambda: full.engine._loop._core is not core)
    until(lambda: "fault" in full.alarms())
    assert full.lane("out")["mode"] == "locked"
    assert full.lane("out")["tag"]["by"] == "Lin"
    before = len(full.bus.orders)
    full.bus.card("7")
    until(lambda: ("pulse", "io", 0, 500, True) in full.bus.orders[before:])
    assert not full.engine.failure
