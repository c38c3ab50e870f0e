"""Who may run on a data directory: one engine; and a supervisor that is killed takes everything with it."""

from __future__ import annotations

import pytest

from gateway.demo.line import free_port
from tests.chaos.conftest import MakeSite
from tests.support.site_process import FIRST_CARD, alive, children, wait_for
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]


def test_a_second_engine_on_one_directory_exits_3_and_harms_nothing(site: MakeSite) -> None:
    sim, gateway = site()
    gateway.start_engine()
    first = gateway.process()
    wait_for(gateway.last_sequence, "the row of its start")
    rows = gateway.last_sequence()
    second = gateway.start()
    assert second.wait(PATIENCE_S) == 3
    assert "owns" in gateway.log() and str(first.pid) in gateway.log()
    answer = gateway.ping()
    assert answer is not None and answer["pid"] == first.pid
    assert gateway.last_sequence() == rows
    assert sim.world.pulses("in") == []
    first.kill()
    first.wait()


def test_a_directory_is_free_again_as_soon_as_its_engine_was_killed(site: MakeSite) -> None:
    _, gateway = site()
    for _ in range(3):
        gateway.start_engine()
        gateway.kill()
    assert gateway.start_engine()["ready"]


def test_an_engine_stops_within_ten_seconds_with_exit_0_and_writes_that_it_did(site: MakeSite) -> None:
    sim, gateway = site()
    gateway.start_engine()
    sim.readers["in"].present(str(FIRST_CARD))
    wait_for(lambda: sim.world.pulses("in"), "the gate opens")
    assert gateway.stop() == 0
    assert gateway.events()[-1]["type"] == "gatehouse.gateway.stopped"
    assert not any(sim.boards["in"].outputs()), "a pulse was left on"


def test_a_supervisor_that_is_killed_takes_engine_and_web_with_it(site: MakeSite) -> None:
    _, gateway = site(http_port=free_port())
    gateway.start("run")
    wait_for(lambda: (gateway.ping() or {}).get("ready"), "the engine answers")
    parts = wait_for(lambda: len(found := children(gateway.pid("run"))) == 2 and found, "engine and web run")
    gateway.kill("run")
    wait_for(lambda: not any(alive(pid) for pid in parts), "engine and web are gone")
    assert gateway.start_engine()["ready"]


def test_run_ends_cleanly_on_sigterm_with_exit_0(site: MakeSite) -> None:
    _, gateway = site(http_port=free_port())
    gateway.start("run")
    wait_for(lambda: (gateway.ping() or {}).get("ready"), "the engine answers")
    parts = children(gateway.pid("run"))
    assert gateway.stop("run") == 0
    assert not any(alive(pid) for pid in parts)
    assert gateway.events()[-1]["type"] == "gatehouse.gateway.stopped"
