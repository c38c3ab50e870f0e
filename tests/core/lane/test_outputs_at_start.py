"""What the core does with outputs that a board reads back switched on: a killed gateway must not hold a relay."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary import events
from tests.core.playbook import OUTPUTS, Playbook, site_document


def restored_with(*on: str, book: Playbook | None = None, **barrier: Any) -> Playbook:
    """The board answers with these outputs switched on."""
    book = book or Playbook(site_document(**barrier), start=False)
    outputs = tuple(name in on for name in OUTPUTS)
    book.happens(events.DeviceRestored("io", tuple(book.electrical), outputs))
    return book


def names(book: Playbook) -> list[str]:
    return [name for _, name, _ in book.outputs]


@pytest.mark.parametrize("terminal", ["open", "close", "stop"])
def test_a_momentary_output_left_on_by_a_killed_gateway_is_let_go(terminal: str) -> None:
    assert names(restored_with(terminal)) == [f"{terminal}=off"]


def test_letting_go_is_no_movement_and_writes_no_command() -> None:
    book = restored_with("open")
    assert book.pulses() == []
    assert book.types("barrier.commanded") == []


def test_outputs_that_rest_are_left_alone() -> None:
    assert names(restored_with()) == []


def test_a_held_contact_keeps_what_it_reads_back_so_that_no_arm_drops_on_a_car() -> None:
    assert names(restored_with("open", control="hold", close=None, stop=None)) == []


def test_an_inverted_output_rests_energised() -> None:
    inverted = {"point": "io.output.0", "normally": "closed"}
    assert names(restored_with("open", open=inverted)) == []
    assert names(restored_with(open=inverted)) == ["open=on"]


def test_a_siren_left_on_is_silenced() -> None:
    assert names(restored_with("siren")) == ["siren=off"]


def test_a_siren_that_sounds_for_a_crash_goes_on_when_its_board_comes_back() -> None:
    book = Playbook()
    book.set(arm_detached=True)
    book.happens(events.DeviceLost("io", "no answer"))
    book.outputs.clear()
    restored_with("siren", book=book)
    assert names(book) == []


def test_a_board_that_tells_no_outputs_is_believed_at_rest() -> None:
    book = Playbook(start=False)
    book.happens(events.DeviceRestored("io", tuple(book.electrical), ()))
    assert names(book) == []
