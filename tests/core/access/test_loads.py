"""A hazardous load is kept out; with `goods_slip` a visitor's goods wait at the exit for a guard."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary.events import ExpectedVisit, OpenVisit
from tests.core.playbook import Playbook, site_document

HOUR_NS = 3_600 * 1_000_000_000


def leaves(goods_slip: bool, **more: Any) -> Playbook:
    """A visitor is at the exit."""
    document = site_document()
    document["lanes"][0]["direction"] = "exit"
    document["site"]["goods_slip"] = goods_slip
    play = Playbook(document)
    play.set(approach_loop=True)
    now_ns = play.now().wall_ns
    visitor = ExpectedVisit("v1", now_ns, now_ns + HOUR_NS, entered=True, **more)
    play.read("77", passes=(), expected=(visitor,), visits=(OpenVisit("v1", None, None, now_ns, "77"),))
    return play


def test_goods_wait_for_a_guard_who_releases_the_vehicle_with_its_visit() -> None:
    play = leaves(True, goods=True)
    assert play.data("access.referred")["reason"] == "slip_missing"
    assert play.pulses() == []
    assert play.person("open", reason="papers_seen").status == "done"
    play.rise()
    play.drive_through()
    assert play.data("passage.exited")["visit"] == "v1"


@pytest.mark.parametrize(("goods_slip", "goods"), [(False, True), (True, False)])
def test_without_goods_or_without_the_setting_a_visitor_leaves_by_itself(goods_slip: bool, goods: bool) -> None:
    play = leaves(goods_slip, goods=goods)
    assert play.data("access.granted")["reason"] == "expected_visit"


def test_a_visitor_with_a_hazardous_load_is_kept_out_and_reported() -> None:
    play = Playbook()
    now_ns = play.now().wall_ns
    play.read("77", passes=(), expected=(ExpectedVisit("v1", now_ns, now_ns + HOUR_NS, hazardous=True),))
    assert play.data("access.denied")["reason"] == "hazardous_load"
    assert play.data("case.reported")["to"] == "leader"
