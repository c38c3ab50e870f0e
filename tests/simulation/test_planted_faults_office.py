"""The simulator bites: faults planted in what the office and its guards decide, each of which its rule catches."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.access.decider import Decider
from gateway.core.access.pending import PendingCase
from gateway.core.access.rules import Decision, Load
from gateway.core.reports.reports import WATCH, Reports
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.engine.identities.ops import IdentityOps
from gateway.engine.slips.ops import SlipOps
from tests.simulation.planted import found_by

pytestmark = pytest.mark.timeout(600)
Patch = pytest.MonkeyPatch


@pytest.mark.long
@pytest.mark.parametrize("money", [False, True])
def test_without_a_fault_an_office_breaks_nothing(money: bool) -> None:
    assert found_by("none", office=True, money=money) is None


def test_goods_that_leave_without_a_slip_are_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Decider, "_load", lambda *_given: Load.FITS)
    assert found_by("slips", troubles=0.5, only=("nothing",), office=True) is not None


def test_a_slip_that_is_used_twice_is_caught(monkeypatch: Patch) -> None:
    """By the guards at two screens, of whom the second one is not refused."""
    right = SlipOps._known

    def known(self: SlipOps, slip: str) -> Any:
        return msgspec.structs.replace(right(self, slip), state="open")

    monkeypatch.setattr(SlipOps, "_known", known)
    assert found_by("slips", troubles=0.5, only=("nothing",), office=True) is not None


def test_a_watched_car_that_waits_for_a_person_is_caught(monkeypatch: Patch) -> None:
    right = Decider._decided

    def decided(self: Decider, turn: Any, lane: Any, taken: Any) -> Decision:
        decision = right(self, turn, lane, taken)
        if not any(one.kind == WATCH for one in taken.read.listed):
            return decision
        return msgspec.structs.replace(decision, verdict=Verdict.REFERRED, reason=Reason.LANE_FAULT)

    monkeypatch.setattr(Decider, "_decided", decided)
    assert found_by("watched", troubles=0.5, only=("nothing",), office=True) is not None


def test_a_watched_car_of_which_nobody_is_told_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Reports, "_tell", lambda *_given: None)
    assert found_by("watched", troubles=0.5, only=("nothing",), office=True) is not None


def test_a_watched_car_that_raises_no_alarm_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Reports, "_raise", lambda *_given, **_more: None)
    assert found_by("watched", troubles=0.5, only=("nothing",), office=True) is not None


def test_a_car_without_a_card_that_is_released_before_its_steps_are_taken_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(IdentityOps, "must_fit", lambda *_given: None)
    monkeypatch.setattr(IdentityOps, "ended", lambda *_given: None)
    assert found_by("identity", troubles=0.5, only=("nothing",), office=True) is not None


def test_a_refused_car_that_pays_its_way_out_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PendingCase, "refused", property(lambda _self: False))
    assert found_by("refused", troubles=0.5, only=("nothing",), money=True) is not None


@pytest.mark.long
def test_a_check_that_lets_two_cars_out_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(IdentityOps, "ended", lambda *_given: None)
    assert found_by("identity", hours=12, troubles=0.5, only=("nothing",), office=True) is not None
