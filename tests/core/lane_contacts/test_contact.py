"""One contact: what it says, what it has settled at, and when it bounces, to the nanosecond."""

from __future__ import annotations

import pytest

from gateway.core.lane.contacts.contact import CHATTER_MS, Contact
from gateway.core.settings.model import Point

MS = 1_000_000


def known(name: str = "approach_loop", value: bool = False, debounce_ms: int = 40) -> Contact:
    """A contact that has been read once."""
    contact = Contact(name, Point("io.input.0", debounce_ms=debounce_ms))
    contact.read(value, 0)
    return contact


@pytest.mark.parametrize(
    ("name", "base", "wanted_ms", "debounce_ms", "at_once"),
    [
        ("safety_loop", "safety_loop", 40, 40, True),
        ("safety_loop.1", "safety_loop", 40, 40, True),
        ("approach_loop", "approach_loop", 40, 40, False),
        ("panic.out", "panic", 40, 30, False),
        ("arm_detached", "arm_detached", 20, 20, False),
    ],
)
def test_a_contact_is_debounced_as_its_kind_is(
    name: str, base: str, wanted_ms: int, debounce_ms: int, at_once: bool
) -> None:
    contact = Contact(name, Point("io.input.3", debounce_ms=wanted_ms))
    assert (contact.base, contact.debounce_ms, contact.at_once) == (base, debounce_ms, at_once)
    assert (contact.device, contact.index, contact.point) == ("io", 3, "io.input.3")


def test_a_contact_that_was_never_read_says_nothing() -> None:
    contact = Contact("mains", Point("io.input.0"))
    assert (contact.raw, contact.settled, contact.believed) == (None, None, None)
    assert not contact.settle()
    assert not contact.lose()


@pytest.mark.parametrize(
    ("normally", "value", "meaning"),
    [("open", True, True), ("open", False, False), ("closed", True, False), ("closed", False, True)],
)
def test_the_first_reading_counts_at_once(normally: str, value: bool, meaning: bool) -> None:
    contact = Contact("mains", Point("io.input.0", normally=normally))  # type: ignore[arg-type]
    assert contact.read(value, 5) == (True, False)
    assert (contact.raw, contact.settled) == (meaning, meaning)


def test_a_reading_that_says_the_same_is_nothing_new() -> None:
    contact = known()
    assert contact.read(False, 5) == (False, False)
    assert not contact.calm_by(10**12)


def test_a_change_bounces_until_its_time_is_over() -> None:
    contact = known()
    assert contact.read(True, 100) == (False, True)
    assert (contact.raw, contact.settled) == (True, False)
    assert not contact.calm_by(100 + 40 * MS - 1)
    assert contact.calm_by(100 + 40 * MS)


def test_each_bounce_begins_the_debounce_time_anew() -> None:
    contact = known()
    for at_ns in (0, 10, 20):
        contact.read(not contact.raw, at_ns)
    assert not contact.calm_by(20 + 40 * MS - 1)


def test_a_calm_change_is_settled_once() -> None:
    contact = known()
    contact.read(True, 0)
    assert contact.settle()
    assert contact.settled is True
    assert not contact.settle()
    assert not contact.calm_by(10**12)


def test_a_change_that_went_back_settles_nothing_and_bounces_no_more() -> None:
    contact = known()
    contact.read(True, 0)
    contact.read(False, 5)
    assert not contact.settle()
    assert (contact.settled, contact.calm_by(10**12)) == (False, False)


@pytest.mark.parametrize(("after_ns", "chatters"), [(CHATTER_MS * MS - 1, False), (CHATTER_MS * MS, True)])
def test_a_contact_chatters_from_its_first_bounce_on(after_ns: int, chatters: bool) -> None:
    contact = known()
    contact.read(True, 7)
    contact.read(False, 8)
    assert contact.chatters(7 + after_ns) is chatters


def test_chatter_is_counted_anew_after_it_was_told() -> None:
    contact = known()
    assert not contact.chatters(10**12)
    contact.read(True, 0)
    assert contact.chatters(CHATTER_MS * MS)
    assert not contact.chatters(2 * CHATTER_MS * MS - 1)
    assert contact.chatters(2 * CHATTER_MS * MS)


def test_a_contact_counts_as_active_at_once_and_that_is_new_once() -> None:
    contact = known("safety_loop")
    contact.read(True, 0)
    assert contact.active_at_once()
    assert contact.settled is True
    assert not contact.active_at_once()


@pytest.mark.parametrize(("lasts_ns", "glitch"), [(40 * MS - 1, True), (40 * MS, False)])
def test_what_was_shorter_than_the_debounce_time_was_a_glitch(lasts_ns: int, glitch: bool) -> None:
    contact = known("safety_loop")
    contact.read(True, 9)
    contact.active_at_once()
    contact.read(False, 9 + lasts_ns)
    assert contact.settle()
    assert contact.was_glitch(9) is glitch
    assert not contact.was_glitch(10)


def test_a_lost_contact_knows_nothing_and_begins_anew() -> None:
    contact = known()
    contact.read(True, 0)
    assert contact.lose()
    assert (contact.raw, contact.settled, contact.calm_by(10**12)) == (None, None, False)
    assert not contact.lose()
    assert contact.read(True, 1) == (True, False)


@pytest.mark.parametrize(("settled", "believed"), [(False, None), (True, True)])
def test_a_doubted_detector_is_not_believed_to_be_free(settled: bool, believed: bool | None) -> None:
    contact = known(value=settled)
    contact.doubt()
    assert contact.believed is believed
    assert contact.settled is settled
    contact.believe()
    assert contact.believed is settled


def test_a_full_on_and_off_ends_the_doubt() -> None:
    contact = known()
    contact.doubt()
    contact.read(True, 0)
    contact.settle()
    assert contact.believed is True
    contact.read(False, 1)
    contact.settle()
    assert contact.believed is False
