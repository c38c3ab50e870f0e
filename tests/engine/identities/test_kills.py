"""Identity numbers in a real engine that is killed with -9: after their days no file has a byte of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from drivers.sim.site import SimSite
from tests.engine.identities.test_identities import PNG
from tests.store.identities.conftest import NUMBERS, opened, planted, sealed_values, signature, traces
from tests.support.site_process import Gateway, gateway, site_document, wait_for

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
DAY_NS = 86_400 * 1_000_000_000
PLAIN = [*(number.encode() for number in NUMBERS), *(signature(number) for number in NUMBERS), PNG]
KILLED_AFTER_S = (0.15, 0.4, 0.8)
"""From the start of the process: before it opens the file, about then, and when it sweeps."""


def told(running: Gateway) -> list[str]:
    """The persons whose deletion is on record."""
    return [event["data"]["person"] for event in running.events("identity.deleted")]


@pytest.mark.long
def test_a_gateway_that_was_off_deletes_at_its_start_however_often_it_is_killed(tmp_path: Path) -> None:
    with SimSite(tmp_path) as sim:
        document = site_document(sim.devices_document(), sim.lanes_document())
        with gateway(tmp_path / "data", document) as running:
            identities = opened(running.data)
            people = planted(identities, time.time_ns() - 31 * DAY_NS)
            kept = planted(identities, time.time_ns() - 29 * DAY_NS, ("K1234567",))
            old = sealed_values(running.data)[:6]
            identities.close()
            for after_s in KILLED_AFTER_S:
                running.start()
                time.sleep(after_s)
                running.kill()
            running.start_engine()
            wait_for(lambda: set(told(running)) >= {one.person for one in people}, "the deletions are on record")
            assert traces(running.data, [*old, *PLAIN]) == []
            left = running.client.call("identities.list", open_only=False)["items"]
            assert [one["person"] for one in left] == [kept[0].person]
