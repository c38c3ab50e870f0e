"""A credential that lets in once: used, copied to another lane, or shown at an exit."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.playbook import Playbook, TwoLanes, two_lanes

VISITOR = Pass("v-1", PassKind.TEMPORARY, valid_until="2027-12-31")


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


def copy_elsewhere(play: TwoLanes) -> tuple[str, str]:
    play.happens(events.CredentialRead("reader-out", "qr", "0a1b", 0, (VISITOR,), (), True))
    row = next(row for row in reversed(play.rows) if row.type.startswith("access."))
    return row.type, row.data["reason"]


def two_entries() -> TwoLanes:
    document = two_lanes()
    document["lanes"][1]["direction"] = "entry"
    return TwoLanes(document)


def test_a_copy_at_another_lane_is_one_too_many_while_the_grant_waits() -> None:
    play = two_entries()
    shown(play)
    assert copy_elsewhere(play) == ("access.denied", "already_inside")


def test_a_copy_is_good_once_the_car_of_the_first_has_not_come() -> None:
    play = two_entries()
    shown(play)
    play.rise()
    play.advance(25_000)
    assert play.types("grant") == ["grant.unused"]
    assert copy_elsewhere(play) == ("access.granted", "valid_pass")


@pytest.mark.parametrize("lane", ["its own", "the other one"])
def test_a_code_that_let_in_is_used_at_once_whatever_the_projections_know(lane: str) -> None:
    play = two_entries()
    shown(play)
    play.rise()
    play.drive_through()
    play.advance(60_000)
    play.lower()
    again = shown(play) if lane == "its own" else copy_elsewhere(play)
    assert again == ("access.denied", "already_inside")
