from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing.plate_reads import ALIKE_MS, PlateReads

S = 1_000_000_000
MS = 1_000_000
TRUE, MISREAD, PART, STRANGER = "京A12345", "京A1Z345", "京A1234", "粤B99999"
NEIGHBOUR = "京A12346"


def reads(**changes: float) -> PlateReads:
    options = {"min_confidence": 50, "sure_confidence": 95, "window_ms": 500, "repeat_ms": 5000, **changes}
    return PlateReads(**options)  # type: ignore[arg-type]


def test_of_several_reads_of_one_car_the_surest_wins() -> None:
    camera = reads()
    assert camera.take(MISREAD, 70, 0) == []
    assert camera.take(TRUE, 80, 100 * MS) == []
    assert camera.take(MISREAD, 75, 200 * MS) == []
    assert camera.tick(499 * MS) == []
    assert camera.tick(500 * MS) == [TRUE]
    assert camera.tick(S) == []


def test_a_whole_plate_wins_over_a_part_of_it_that_is_surer() -> None:
    camera = reads()
    assert camera.take(PART, 99, 0) == []
    assert camera.take(TRUE, 60, 100 * MS) == []
    assert camera.tick(S) == [TRUE]


def test_a_read_that_is_sure_is_not_waited_with() -> None:
    camera = reads()
    assert camera.take(TRUE, 95, 0) == [TRUE]
    assert camera.ends_ns is None


def test_without_a_window_every_read_counts_at_once() -> None:
    assert reads(window_ms=0).take(TRUE, 60, 7) == [TRUE]


def test_one_presentation_is_one_plate_however_often_it_is_read() -> None:
    camera = reads()
    found = [plate for at in range(0, 20 * S, 200 * MS) for plate in camera.take(TRUE, 99, at)]
    assert found == [TRUE]
    assert camera.take(TRUE, 99, 26 * S) == [TRUE]


def test_misreads_of_a_car_that_stands_there_are_no_news() -> None:
    camera = reads()
    found = []
    for turn in range(100):
        found += camera.take(TRUE if turn % 3 else MISREAD, 99 if turn % 3 else 97, (turn + 1) * 300 * MS)
    assert found == [MISREAD] or found == [TRUE]


def test_a_neighbour_with_a_plate_that_is_alike_is_read_when_the_first_car_has_gone() -> None:
    camera = reads()
    assert camera.take(TRUE, 99, 0) == [TRUE]
    assert camera.take(NEIGHBOUR, 99, S) == []
    assert camera.take(NEIGHBOUR, 99, ALIKE_MS * MS) == [NEIGHBOUR]


def test_a_plate_unlike_the_one_that_waits_is_another_car() -> None:
    camera = reads()
    assert camera.take(TRUE, 70, 0) == []
    assert camera.take(STRANGER, 70, 100 * MS) == [TRUE]
    assert camera.tick(600 * MS) == [STRANGER]


def test_reads_below_the_least_confidence_are_counted_and_do_not_count() -> None:
    camera = reads()
    assert camera.take(TRUE, 49.9, 0) == []
    assert camera.tick(S) == []
    assert camera.rejected == 1


def test_plates_are_decided_in_their_normal_form() -> None:
    assert reads().take("京a·I2O45", 99, 0) == ["京A12045"]


steps = st.lists(
    st.tuples(
        st.sampled_from([TRUE, MISREAD, PART, STRANGER, NEIGHBOUR, ""]),
        st.floats(0, 100),
        st.integers(0, 3_000),
    ),
    max_size=60,
)


@given(steps)
def test_whatever_is_read_each_plate_is_decided_once_a_presentation(told: list[tuple[str, float, int]]) -> None:
    camera, now_ns = reads(), 0
    last: dict[str, int] = {}
    for plate, confidence, pause_ms in told:
        now_ns += pause_ms * MS
        for decided in camera.tick(now_ns) + camera.take(plate, confidence, now_ns):
            assert decided not in last or now_ns - last[decided] >= 5000 * MS
            last[decided] = now_ns
        ends_ns = camera.ends_ns
        assert ends_ns is None or now_ns <= ends_ns <= now_ns + 500 * MS
    for decided in camera.tick(now_ns + S):
        assert decided in {plate for plate, _, _ in told}


@given(st.text(max_size=20), st.floats(0, 100))
def test_any_text_is_survived(text: str, confidence: float) -> None:
    camera = reads()
    assert len(camera.take(text, confidence, 0) + camera.tick(S)) <= 1


@pytest.mark.parametrize("confidence", [95.0, 100.0])
def test_a_part_that_is_sure_still_waits_for_the_whole(confidence: float) -> None:
    camera = reads()
    assert camera.take(PART, confidence, 0) == []
    assert camera.tick(S) == [PART]
