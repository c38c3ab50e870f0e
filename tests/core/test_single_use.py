"""A credential that lets in once: used, copied to another lane, or shown at an exit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import events
from gateway.core.passes import Pass, PassKind
from gateway.core.reads import SEEN_MAX, SINGLE_USE_MS, SingleUse
from tests.core.playbook import Playbook

VISITOR = Pass("v-1", PassKind.TEMPORARY, valid_until="2027-12-31")
MS = 1_000_000


def shown(play: Playbook, *, used: bool = False, visits: tuple[events.OpenVisit, ...] = ()) -> tuple[str, str]:
    play.happens(events.CredentialRead("reader-in", "qr", "0a1b", 0, (VISITOR,), visits, True, used))
    row = next(row for row in reversed(play.rows) if row.type.startswith("access."))
    return row.type, row.data["reason"]


def test_a_code_that_was_never_used_is_granted_without_anti_passback() -> None:
    play = Playbook()
    assert play.settings.site.anti_passback == "off"
    assert shown(play) == ("access.granted", "valid_pass")
    assert play.pulses() == ["open"]


def test_a_used_code_is_denied_whatever_the_site_thinks_of_anti_passback() -> None:
    play = Playbook()
    assert shown(play, used=True) == ("access.denied", "already_inside")
    assert play.pulses() == []


def test_a_code_whose_grant_nobody_used_is_good_again_at_its_lane() -> None:
    play = Playbook()
    shown(play)
    play.advance(60_000)
    assert play.types().count("access.granted") == 1
    assert shown(play) == ("access.granted", "valid_pass")


@pytest.mark.parametrize(("after_ms", "held"), [(0, True), (SINGLE_USE_MS - 1, True), (SINGLE_USE_MS, False)])
def test_a_copy_elsewhere_is_one_too_many_for_a_while(after_ms: int, held: bool) -> None:
    rules = SingleUse()
    rules.granted("0a1b", "in", 7 * MS)
    assert rules.elsewhere("0a1b", "in2", (7 + after_ms) * MS) is held
    assert not rules.elsewhere("0a1b", "in", (7 + after_ms) * MS)
    assert not rules.elsewhere("ffff", "in2", (7 + after_ms) * MS)


@given(st.lists(st.tuples(st.text("ab", max_size=9), st.sampled_from(["in", "in2"])), max_size=600))
def test_what_is_remembered_is_bounded(granted: list[tuple[str, str]]) -> None:
    rules = SingleUse()
    for at, (value, lane) in enumerate(granted):
        rules.granted(value, lane, at)
    assert len(rules._granted) <= SEEN_MAX
    for value, lane in granted[-1:]:
        other = "in2" if lane == "in" else "in"
        assert rules.elsewhere(value, other, len(granted))
