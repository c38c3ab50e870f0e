"""A person looks under the arm: what was doubted is believed, and the arm closes where nothing speaks against it."""

from __future__ import annotations

import pytest

from tests.core.playbook import Playbook, site_document


def opened() -> Playbook:
    """An arm that a person opened and nobody passed; its close waits for nothing but a look."""
    play = Playbook(site_document(mains="io.input.5"))
    play.person("open")
    play.rise()
    play.set(mains=False)
    play.set(mains=True)
    play.advance(60_000)
    play.forget()
    return play


def test_after_a_look_an_empty_lane_closes_in_its_time() -> None:
    play = opened()
    assert play.person("look").status == "done"
    play.advance(1499)
    assert play.pulses() == []
    play.advance(1)
    assert play.pulses() == ["close"]
    assert play.data("barrier.looked")["by"] == "Lin"


@pytest.mark.parametrize("loop", ["safety_loop"])
def test_after_a_look_nothing_closes_on_a_car_that_stands_there(loop: str) -> None:
    play = opened()
    play.set(**{loop: True})
    play.person("look")
    play.advance(30_000)
    assert play.pulses() == []


def test_after_a_look_nothing_closes_on_a_car_that_may_pass() -> None:
    play = opened()
    play.set(approach_loop=True)
    play.read()
    play.person("look")
    play.advance(10_000)
    assert play.pulses() == []


def test_a_look_at_a_closed_arm_moves_nothing() -> None:
    play = Playbook()
    play.person("look")
    play.advance(30_000)
    assert play.outputs == []


def test_a_look_from_afar_is_refused() -> None:
    play = Playbook()
    reply = play.person("look", via="mqtt", expires_wall_ns=play.wall_ns + 10**10)
    assert reply.reason == "on_the_spot_only"


@pytest.mark.parametrize(("notice", "wiring"), [("vehicle_under", {}), ("approach_stuck", {}), ("crossed_closed", {})])
def test_a_look_ends_the_notice_that_asked_for_it(notice: str, wiring: dict[str, str]) -> None:
    play = Playbook(site_document(**wiring))
    match notice:
        case "vehicle_under":
            play.set(approach_loop=True)
            play.read()
            play.rise()
            play.set(safety_loop=True)
            play.advance(60_000)
        case "approach_stuck":
            play.set(approach_loop=True)
            play.advance(900_000)
        case "crossed_closed":
            play.drive_through()
    assert play.lane()["notice"] == notice
    play.person("look")
    assert play.lane()["notice"] is None
