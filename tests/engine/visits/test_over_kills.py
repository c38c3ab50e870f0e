"""Payments in real processes: kill -9 between the payment and the opening; what was answered stays paid, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.site import SimSite
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.journal.reader import JournalReader
from tests.engine.visits.paying import TARIFF, visitor_inside
from tests.support.site_process import Gateway, gateway, site_document

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(180)]
KILLS = 12


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Gateway]:
    with SimSite(tmp_path) as sim:
        document = site_document(sim.devices_document(), sim.lanes_document())
        rules = [{"pass_kind": "temporary", "tariff": "visitor"}]
        document |= {"tariffs": [TARIFF], "charging": {"rules": rules}}
        with gateway(tmp_path / "data", document) as running:
            for number in range(KILLS):
                visitor_inside(tmp_path / "data", 61, f"v{number}", str(7000 + number), document)
            yield running


def paid(running: Gateway) -> list[dict[str, Any]]:
    with closing(JournalReader(running.directory.journal)) as reader:
        return [row.data() for row in reader.page(0, 10_000, ("visit.paid",))]


def pay(running: Gateway, visit: str) -> dict[str, Any]:
    found: dict[str, Any] = running.client.call(
        "visits.pay", request=f"key-{visit}", visit=visit, amount=1000, method="cash", by="Lin", via="guard"
    )
    return found


def test_what_was_answered_stays_paid_once_over_kill_9(site: Gateway) -> None:
    site.start_engine()
    for number in range(KILLS):
        visit = f"v{number}"
        first = pay(site, visit)
        site.kill()
        site.start_engine()
        assert pay(site, visit) == first
        with pytest.raises(GatehouseError, match="nothing is due"):
            site.client.call(
                "visits.pay", request=f"other-{visit}", visit=visit, amount=1, method="cash", by="Lin", via="guard"
            )
    assert [row["visit"] for row in paid(site)] == [f"v{number}" for number in range(KILLS)]
