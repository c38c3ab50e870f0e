"""The power goes while a payment is on its way: what was answered stays paid, once, and nobody leaves unpaid."""

from __future__ import annotations

import random

import msgspec
import pytest

from gateway.simulation.play import play
from gateway.simulation.rules.cars.money import MoneyRules
from gateway.simulation.story.happenings import Happening, Story
from gateway.simulation.story.write import write

SEED, HOURS = 2, 3
MOMENTS_MS = (0, 1, 2, 5, 20, 120, 400, 1500, 4000, 9000)
"""After the money was taken: before and after its row, its answer, the pulse, the arm, the car."""


@pytest.fixture(scope="module")
def story() -> Story:
    """Some hours at a site where stays are charged, without other troubles."""
    found = write(SEED, HOURS, troubles=0.0)
    assert found.money
    return found


@pytest.fixture(scope="module")
def payments(story: Story) -> list[int]:
    """When somebody pays in this story, in ms."""
    times: list[int] = []
    asked = MoneyRules.asked

    def noted(rules: MoneyRules, request: str, payment: str, visit: str, amount: int) -> None:
        times.append(rules._known.world.now_ms)
        asked(rules, request, payment, visit, amount)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MoneyRules, "asked", noted)
        assert play(story).broken is None
    assert len(times) >= 20
    return times


@pytest.mark.long
@pytest.mark.timeout(600)
def test_paid_stays_paid_once_when_the_power_goes_in_between(story: Story, payments: list[int]) -> None:
    chance = random.Random(SEED)
    for number, moment_ms in enumerate(MOMENTS_MS * 6):
        # The world begins at 1 s of its own clock.
        cut_ms = payments[chance.randrange(len(payments))] - 1_000 + moment_ms
        cut = Happening(cut_ms, "power_cut", 0, {"for_ms": 3_000, "network_ms": 5_000}, number)
        cut_story = msgspec.structs.replace(
            story, happenings=tuple(sorted([*story.happenings, cut], key=lambda one: one.at_ms))
        )
        found = play(cut_story)
        assert found.broken is None, (number, cut_ms, found.broken)
        assert found.starts == 2
