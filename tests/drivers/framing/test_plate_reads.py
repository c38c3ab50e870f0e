from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing.plate_ages import PlateAges
from drivers.framing.plate_reads import ALIKE_MS, DecidedPlate, PlateReader, PlateReading, PlateReads
from gateway.core.vocabulary.events import CredentialRead

S = 1_000_000_000
MS = 1_000_000
TRUE, MISREAD, PART, STRANGER = "京A12345", "京A1Z345", "京A1234", "粤B99999"
NEIGHBOUR = "京A12346"


class Camera:
    """A camera's reads; what is decided as bare plates, without those that are only told again."""

    def __init__(self, **options: Any) -> None:
        self.reads = PlateReads(**options)

    def take(self, text: str, confidence: float, now_ns: int) -> list[str]:
        return [one.plate for one in self.reads.take(text, confidence, now_ns) if not one.again]

    def tick(self, now_ns: int) -> list[str]:
        return [one.plate for one in self.reads.tick(now_ns) if not one.again]


def reads(**changes: float) -> Camera:
    options = {"min_confidence": 50, "sure_confidence": 95, "window_ms": 500, "repeat_ms": 5000, **changes}
    return Camera(**options)


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
    assert camera.reads.ends_ns is None


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
    assert camera.reads.rejected == 1


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
        ends_ns = camera.reads.ends_ns
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


# ---- a plate that stays in sight -------------------------------------------------------------------------------------


def test_a_plate_that_stays_in_sight_is_told_again_once_a_second() -> None:
    camera = reads().reads
    told = [(at, one) for at in range(0, 3_200, 200) for one in camera.take(TRUE, 99, at * MS)]
    assert told == [
        (0, DecidedPlate(TRUE)), (1000, DecidedPlate(TRUE, again=True)), (2000, DecidedPlate(TRUE, again=True)),
        (3000, DecidedPlate(TRUE, again=True)),
    ]  # fmt: skip


def test_after_a_presentation_the_plate_is_a_new_one() -> None:
    camera = reads().reads
    assert camera.take(TRUE, 99, 0) == [DecidedPlate(TRUE)]
    assert camera.take(TRUE, 99, 4 * S) == [DecidedPlate(TRUE, again=True)]
    assert camera.take(TRUE, 99, 9 * S) == [DecidedPlate(TRUE)]


def test_what_is_read_below_the_least_confidence_is_no_sight_of_the_car() -> None:
    camera = reads().reads
    assert camera.take(TRUE, 99, 0) == [DecidedPlate(TRUE)]
    assert camera.take(TRUE, 30, 2 * S) == []


# ---- a plate that is told late ---------------------------------------------------------------------------------------


def reader(**options: Any) -> PlateReader:
    return PlateReader("cam", PlateReading(**options))


def test_a_read_carries_its_age_and_what_its_window_took() -> None:
    camera = reader()
    assert camera.take(TRUE, 60, S, 4_000) == []
    assert camera.tick(S + 500 * MS) == [CredentialRead("cam", "plate", TRUE, age_ms=4_500)]


def test_of_several_messages_of_a_car_the_newest_sight_of_it_counts() -> None:
    camera = reader()
    camera.take(TRUE, 70, 10 * S, 9_000)
    camera.take(MISREAD, 60, 10 * S + 100 * MS, 2_000)
    assert camera.tick(11 * S) == [CredentialRead("cam", "plate", TRUE, age_ms=2_900)]


def test_without_a_time_of_the_camera_no_age_is_known() -> None:
    camera = reader()
    camera.take(TRUE, 60, S)
    assert camera.tick(2 * S) == [CredentialRead("cam", "plate", TRUE)]


@pytest.mark.parametrize("age_ms", [31_000, 3 * 3_600_000, -31_000, -86_400_000, 10**15, -(10**15)])
def test_a_message_that_is_not_of_now_opens_for_nobody_is_counted_and_says_why(age_ms: int) -> None:
    camera = reader()
    assert camera.take(TRUE, 99, S, age_ms) == []
    assert camera.tick(10 * S) == []
    assert (camera.rejected, bool(camera.words)) == (1, True)
    assert camera.take(TRUE, 99, 20 * S, 30_000) == [CredentialRead("cam", "plate", TRUE, age_ms=30_000)]
    assert camera.words == ""


def test_a_plate_whose_confidence_is_not_known_counts_and_any_other_read_is_better() -> None:
    camera = reader(min_confidence=60)
    assert camera.take(TRUE, -1.0, 0) == []
    assert camera.tick(500 * MS) == [CredentialRead("cam", "plate", TRUE)]
    other = reader(min_confidence=60)
    other.take(MISREAD, -1.0, 0)
    assert other.take(TRUE, 96, 100 * MS) == [CredentialRead("cam", "plate", TRUE)]


@pytest.mark.parametrize("age_ms", [0, 29_999, 30_000, -1, -30_000])
def test_a_message_of_about_now_is_a_read(age_ms: int) -> None:
    assert reader().take(TRUE, 99, S, age_ms) == [CredentialRead("cam", "plate", TRUE, age_ms=max(0, age_ms))]


def test_the_greatest_age_is_an_option() -> None:
    assert reader(max_age_s=5).take(TRUE, 99, S, 5_001) == []
    assert reader(max_age_s=600).take(TRUE, 99, S, 599_000) != []


def test_a_late_message_is_no_sight_of_a_car_that_was_there() -> None:
    camera = reader()
    camera.take(TRUE, 99, 0, 0)
    assert camera.take(TRUE, 99, 4 * S, 60_000) == []
    assert [one.again for one in camera.take(TRUE, 99, 5 * S, 0)] == [False]


def test_a_car_that_is_seen_afresh_after_a_late_message_of_it_is_read() -> None:
    camera = reader()
    assert [one.again for one in camera.take(TRUE, 99, 100 * S, 20_000)] == [False]
    assert [one.again for one in camera.take(TRUE, 99, 102 * S, 0)] == [False]
    assert [one.again for one in camera.take(TRUE, 99, 104 * S, 0)] == [True]


def test_a_late_message_of_a_car_that_is_in_sight_begins_no_presentation() -> None:
    camera = reader()
    assert [one.again for one in camera.take(TRUE, 99, 100 * S, 0)] == [False]
    assert [(one.again, one.age_ms) for one in camera.take(TRUE, 99, 102 * S, 20_000)] == [(True, 20_000)]
    assert [one.again for one in camera.take(TRUE, 99, 104 * S, 0)] == [True]


@pytest.mark.parametrize(
    ("ages", "says"),
    [
        ([12_000_000], "the camera's clock seems to be 3 h 20 min behind|a plate came 3 h 20 min after it was read"),
        ([42_000], "came 42 s after it was read and opened no lane (max_age_s is 30)"),
        ([42_000, 95_000], "came 95 s after it was read"),
        ([42_000, 43_500], "the camera's clock seems to be 43 s behind this gateway's"),
        ([8 * 3_600_000 + 1_200], "8 h behind this gateway's: check its time zone"),
        ([-8 * 3_600_000 + 1_200], "7 h 59 min ahead of this gateway's: check its time zone"),
        ([-400_000], "6 min ahead of this gateway's: check its time server (NTP)"),
        ([20 * 365 * 86_400_000], "came 7300 days after it was read"),
    ],
)  # fmt: skip
def test_the_words_say_whether_the_cameras_clock_seems_off(ages: list[int], says: str) -> None:
    judged = PlateAges(30)
    words = [judged.wrong(age_ms, number * 10 * S) for number, age_ms in enumerate(ages)][-1]
    assert any(one in words for one in says.split("|"))


def test_messages_of_one_outage_that_come_together_say_nothing_of_the_clock() -> None:
    judged = PlateAges(30)
    assert "clock seems" not in judged.wrong(42_000, 0)
    assert "clock seems" not in judged.wrong(42_300, 100 * MS)
