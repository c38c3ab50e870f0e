from __future__ import annotations

from drivers.framing.presentation import VALUES_MAX, Presentations, Sightings

SECOND = 1_000_000_000


def test_a_card_left_in_the_field_is_one_presentation() -> None:
    seen = Presentations(repeat_ms=5000)
    begun = [seen.begins("472288", tick * SECOND // 10) for tick in range(600)]
    assert begun == [True] + [False] * 599


def test_a_presentation_ends_by_absence_and_not_by_a_clock() -> None:
    seen = Presentations(repeat_ms=5000)
    assert seen.begins("472288", 0)
    assert not seen.begins("472288", 4 * SECOND)
    assert not seen.begins("472288", 8 * SECOND)
    assert seen.begins("472288", 13 * SECOND)


def test_two_cards_held_in_turn_are_two_presentations() -> None:
    seen = Presentations(repeat_ms=5000)
    assert [seen.begins(card, n * SECOND) for n, card in enumerate("ABABAB")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    seen = Presentations(repeat_ms=5000)
    for number in range(VALUES_MAX + 1):
        assert seen.begins(str(number), 0)
    assert not seen.begins("1", 1)
    assert seen.begins("0", 1)


def test_what_stays_is_told_of_at_its_rate_and_each_value_by_itself() -> None:
    seen = Sightings(every_ms=1000)
    assert [tick for tick in range(35) if seen.due("E280", tick * SECOND // 10)] == [0, 10, 20, 30]
    assert seen.due("E281", 31 * SECOND // 10)


def test_sightings_of_more_values_than_are_remembered_are_told_too_often_rather_than_hoarded() -> None:
    seen = Sightings(every_ms=1000)
    assert all(seen.due(str(number), 0) for number in range(VALUES_MAX + 1))
    assert not seen.due("1", 1)
    assert seen.due("0", 1)


def test_no_repeat_time_means_every_sighting_counts() -> None:
    seen = Presentations(repeat_ms=0)
    assert [seen.begins("A", 0), seen.begins("A", 0)] == [True, True]
