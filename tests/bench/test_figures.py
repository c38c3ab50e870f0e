"""The arithmetic of the benchmark: percentiles, pools, rounds, and what a line says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import Figure, Plan, Pool, percentile, take_turns

SAMPLES = st.lists(st.floats(0.1, 1e6), min_size=1, max_size=400)


def plan(rounds: int = 3, *, quick: bool = False) -> Plan:
    """A plan that says nothing."""
    return Plan(Path("/nowhere"), rounds=rounds, quick=quick, say=lambda _: None)


def pool(*rounds: tuple[list[float], list[float]]) -> Pool:
    """A pool with these rounds of product and floor."""
    made = Pool()
    for ours, floor in rounds:
        made.add(ours, floor)
    return made


# ---- percentiles -----------------------------------------------------------------------------------------------------


def test_a_percentile_of_a_hundred_is_the_value_of_that_rank() -> None:
    samples = [float(number) for number in range(100, 0, -1)]
    assert [percentile(samples, percent) for percent in (1, 50, 90, 99, 100)] == [1, 50, 90, 99, 100]


@pytest.mark.parametrize(
    ("size", "percent", "rank"),
    [(1, 50, 1), (1, 99, 1), (2, 50, 1), (2, 51, 2), (3, 50, 2), (10, 90, 9), (10, 99, 10), (99, 99, 99),
     (100, 99, 99), (101, 99, 100), (500, 90, 450), (500, 99, 495), (1000, 99.9, 999)],
)  # fmt: skip
def test_the_rank_is_the_nearest_one_above(size: int, percent: float, rank: int) -> None:
    assert percentile([float(number) for number in range(1, size + 1)], percent) == rank


@given(SAMPLES, st.sampled_from([1, 50, 90, 99, 100]))
def test_a_percentile_was_measured_and_as_many_samples_as_it_says_do_not_exceed_it(
    samples: list[float], percent: int
) -> None:
    found = percentile(samples, percent)
    assert found in samples
    assert sum(one <= found for one in samples) * 100 >= percent * len(samples)
    assert sum(one < found for one in samples) * 100 < percent * len(samples)


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)


# ---- pools -----------------------------------------------------------------------------------------------------------


def test_the_samples_of_all_rounds_are_pooled_before_the_percentile_is_taken() -> None:
    slow_round, fast_round = [10.0] * 10, [1.0] * 90
    found = pool((slow_round, [1.0] * 10), (fast_round, [1.0] * 90))
    assert found.figure(90) == 1.0
    assert found.figure(91) == 10.0
    assert found.rounds(91) == [10.0, 1.0]


def test_a_stall_in_one_round_is_one_sample_of_the_pool_and_not_a_fifth_of_the_figure() -> None:
    rounds = [([1.0] * 99 + [500.0 if number == 0 else 2.0], [1.0] * 100) for number in range(5)]
    assert pool(*rounds).figure(99.5) == 2.0


def test_rounds_of_unlike_size_count_by_their_samples() -> None:
    assert pool(([4.0], [1.0]), ([2.0] * 9, [1.0])).figure(50) == 2.0


@given(st.lists(st.tuples(SAMPLES, SAMPLES), min_size=1, max_size=5), st.sampled_from([50, 90, 99]))
def test_the_pooled_ratio_is_that_of_all_samples_in_one_heap(
    rounds: list[tuple[list[float], list[float]]], percent: int
) -> None:
    found = pool(*rounds)
    ours = [one for samples, _ in rounds for one in samples]
    floor = [one for _, samples in rounds for one in samples]
    assert found.figure(percent) == percentile(ours, percent) / percentile(floor, percent)
    assert found.samples == min(len(ours), len(floor))


def test_without_a_floor_the_figure_is_the_percentile_itself() -> None:
    made = Pool()
    made.add([3.0, 1.0])
    made.add([2.0])
    assert (made.figure(50), made.rounds(50), made.samples) == (2.0, [1.0, 2.0], 3)


def test_a_round_needs_samples_and_a_floor_where_the_others_have_one() -> None:
    for rounds in ([([], [1.0])], [([1.0], [1.0]), ([1.0], [])], [([1.0], []), ([1.0], [1.0])]):
        with pytest.raises(ValueError, match="a round brings samples"):
            pool(*rounds)


def test_all_rounds_together_have_as_many_samples_as_were_asked_for() -> None:
    assert [plan(rounds).share(500, 8) * rounds >= 500 for rounds in range(1, 12)] == [True] * 11
    assert plan(5).share(500, 8) == 100
    assert plan(5, quick=True).share(500, 8) == 8


# ---- figures ---------------------------------------------------------------------------------------------------------


def test_a_figure_is_the_median_of_its_rounds_with_the_extremes() -> None:
    figure = Figure.of("f", [3.0, 1.0, 2.0], "<=2")
    assert (figure.value, figure.median, figure.low, figure.high, figure.rounds) == (2.0, 2.0, 1.0, 3.0, 3)


def test_a_pooled_figure_tells_the_rounds_beside_the_pool() -> None:
    figure = Figure.pooled("f", pool(([10.0] * 10, [1.0] * 10), ([1.0] * 90, [1.0] * 90)), 90, "<=2")
    assert (figure.value, figure.median, figure.low, figure.high) == (1.0, 5.5, 1.0, 10.0)
    assert (figure.rounds, figure.samples) == (2, 100)


@pytest.mark.parametrize(
    ("size", "percent", "warned"), [(99, 99, True), (100, 99, False), (9, 90, True), (10, 90, False)]
)
def test_a_pool_that_is_too_small_for_its_percentile_says_so(size: int, percent: int, warned: bool) -> None:
    figure = Figure.pooled("f", pool(([1.0] * size, [1.0] * size)), percent, "<=2", note="n")
    assert figure.note.startswith(f"p{percent} of so few is the greatest") is warned


def test_an_average_weighs_the_rounds_by_their_size() -> None:
    figure = Figure.average("f", [(10.0, 1), (1.0, 8), (4.0, 1)], "<=12", unit="kB")
    assert (figure.value, figure.median, figure.low, figure.high) == (2.2, 4.0, 1.0, 10.0)


@pytest.mark.parametrize(
    ("value", "target", "passed"),
    [(1.4, "<=1.3", False), (1.3, "<=1.3", True), (36.0, ">=35", True), (35.0, ">=35", True), (34.9, ">=35", False)],
)
def test_a_target_is_met_or_missed(value: float, target: str, passed: bool) -> None:
    assert Figure.of("f", [value], target).passed is passed
    assert Figure.of("f", [value], target).line().split()[4] == ("pass" if passed else "short")


def test_a_line_holds_name_value_unit_target_and_verdict_in_this_order() -> None:
    line = Figure.of("card_to_coil_p50", [1.25, 1.5, 1.2], "<=1.3").line()
    assert line == "card_to_coil_p50 1.25 x <=1.3 pass  [median 1.25, 1.2 .. 1.5, 3 rounds]"


def test_a_line_has_no_exponents() -> None:
    line = Figure.of("f", [18014.976, 17000.0, 99.94], ">=15000").line()
    assert line == "f 17000 x >=15000 pass  [median 17000, 99.9 .. 18015, 3 rounds]"


def test_a_pooled_line_says_how_many_samples_stand_behind_it() -> None:
    line = Figure.pooled("p99", pool(([2.0] * 100, [1.0] * 100)), 99, "<=2", note="so").line()
    assert line == "p99 2 x <=2 pass  [100 samples pooled, median 2, 2 .. 2, 1 rounds] so"


def test_the_document_has_everything_that_the_line_has() -> None:
    assert Figure.of("f", [2.0], "<=3", unit="ms", note="n").document() == {
        "name": "f", "value": 2.0, "unit": "ms", "target": "<=3", "median": 2.0, "low": 2.0, "high": 2.0, "rounds": 1,
        "samples": 0, "note": "n", "passed": True,
    }  # fmt: skip


# ---- turns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "floor", "ratio"), [(2.0, 1.0, 2.0), (1.0, 2.0, 0.5)])
def test_a_ratio_is_the_product_against_its_floor(ours: float, floor: float, ratio: float) -> None:
    assert take_turns(plan(), lambda: ours, lambda: floor, "time") == [ratio] * 3


def test_floor_and_product_take_turns_in_going_first_and_the_disk_is_settled_before_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []

    def note(who: str) -> float:
        order.append(who)
        return 1.0

    monkeypatch.setattr("tests.bench.figures.settle", lambda _: order.append("settle"))
    take_turns(plan(4), lambda: note("ours"), lambda: note("floor"), "time")
    assert order[::2] == ["settle"] * 8
    assert order[1::2] == ["ours", "floor", "floor", "ours", "ours", "floor", "floor", "ours"]
