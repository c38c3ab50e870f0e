"""What the core does in made-up stories is what it did when somebody last looked (see `stories`)."""

from __future__ import annotations

import pytest

from tests.core.stories import SEEDS, SHAPES, digest, kept, played

KEPT = kept()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_kept_story_comes_out_the_same(shape: str, seed: int) -> None:
    expected = KEPT[f"{shape} {seed}"].split()
    steps: list[str] = []
    for number, (name, told) in enumerate(played(shape, seed)):
        steps.append(name)
        assert digest(told) == expected[number], f"step {number} after {steps} is another one now:\n{told}"
    assert len(steps) == len(expected)


def test_a_story_is_kept_for_every_shape_and_seed() -> None:
    assert set(KEPT) == {f"{shape} {seed}" for shape in SHAPES for seed in SEEDS}


def test_the_stories_reach_what_a_lane_can_do() -> None:
    rows = {
        line.split()[1]
        for shape in SHAPES
        for seed in SEEDS
        for _, told in played(shape, seed)
        for line in told.splitlines()
        if line.startswith("row ")
    }
    reached = {kind.partition(".")[0] for kind in rows}
    assert reached == {
        "acceptance", "access", "alarm", "barrier", "case", "clock", "device", "gateway", "grant", "pass", "passage",
        "repair", "service", "storage", "uplink",
    }  # fmt: skip
    assert len(rows) >= 40
