"""Files that a kill and a worn card have left unreadable, under real processes: the next start lets the next car in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.conftest import MakeSite
from tests.chaos.test_full_disk import Lane, raised
from tests.support.site_process import wait_for

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(180)]


def noise(path: Path) -> None:
    """Nothing of a database is left, nor a WAL that could heal it."""
    path.write_bytes(b"\xa5" * 40_960)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_after_a_kill_that_left_no_readable_journal_and_no_projections_a_person_decides(site: MakeSite) -> None:
    sim, gateway = site()
    gateway.start_engine()
    Lane(sim, gateway).let_one_in()
    before = gateway.events()[-1]["id"].partition(".")[0]
    gateway.kill()
    noise(gateway.directory.journal)
    noise(gateway.directory.state)
    gateway.directory.state.unlink()
    gateway.start_engine()
    assert all(gateway.lane(lane)["interrupted"] for lane in ("in", "out")), "nobody knows whether a lane was tagged"
    assert raised(gateway, "storage_degraded")
    gateway.command("in", "open")
    wait_for(lambda: gateway.lane("in")["arm"] == "open", "a person decides and the arm opens")
    assert before not in {one["id"].partition(".")[0] for one in gateway.events()}
    gateway.verify()


@pytest.mark.long
def test_without_a_readable_journal_what_the_projections_know_is_enough(site: MakeSite) -> None:
    sim, gateway = site()
    gateway.start_engine()
    Lane(sim, gateway).let_one_in()
    assert gateway.stop() == 0
    noise(gateway.directory.journal)
    gateway.start_engine()
    Lane(sim, gateway).let_one_in()
    assert raised(gateway, "storage_degraded")
    assert list(gateway.data.glob("journal-damaged-*.db"))
