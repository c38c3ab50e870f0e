"""Who did what, and from where, stands in the journal."""

from __future__ import annotations

import pytest

from tests.core.playbook import Playbook, site_document

BOOTH = {"by": "Lin", "via": "guard", "station": "north-booth"}
FROM_AFAR = {"by": "Wei", "via": "http", "station": None}


def told(play: Playbook, type_: str) -> dict[str, object]:
    return {key: play.data(type_)[key] for key in ("by", "via", "station")}


@pytest.mark.parametrize(
    ("command", "row"),
    [
        ("open", "barrier.commanded"), ("open", "access.granted"), ("stop", "barrier.commanded"),
        ("stop", "barrier.stopped"), ("close", "barrier.commanded"), ("hold", "barrier.held"),
        ("hold", "barrier.commanded"), ("lock", "barrier.locked"), ("look", "barrier.looked"),
    ],
)  # fmt: skip
def test_a_guards_order_is_recorded_with_the_booth_that_it_came_from(command: str, row: str) -> None:
    play = Playbook()
    play.person(command, station="north-booth")
    assert told(play, row) == BOOTH


def test_what_ends_a_state_names_its_author_too() -> None:
    play = Playbook()
    play.person("hold", station="north-booth")
    play.person("release", station="north-booth")
    assert told(play, "barrier.released") == BOOTH
    play.person("lock", station="north-booth")
    play.person("unlock", station="north-booth")
    assert told(play, "barrier.unlocked") == BOOTH
    play.set(arm_detached=True)
    play.set(arm_detached=False)
    play.person("reset", station="north-booth")
    assert told(play, "barrier.reset") == BOOTH


@pytest.mark.parametrize("command", ["open", "close", "stop"])
def test_a_remote_order_in_a_guards_name_does_not_read_as_his_own_hand(command: str) -> None:
    play = Playbook()
    expires = play.wall_ns + 60_000_000_000
    assert play.person(command, by="Wei", via="http", expires_wall_ns=expires).status == "done"
    assert told(play, "barrier.commanded") == FROM_AFAR


def test_what_the_gateway_does_by_itself_came_by_no_way() -> None:
    play = Playbook()
    play.read()
    assert told(play, "barrier.commanded") == {"by": "gateway", "via": None, "station": None}


def test_a_look_is_recorded_with_what_was_said() -> None:
    play = Playbook()
    play.person("look", reason="nobody under it")
    assert play.data("barrier.looked")["reason"] == "nobody under it"


@pytest.mark.parametrize("name", ["gateway", "schedule", "fire contact"])
def test_a_hold_by_a_person_is_no_free_flow_whatever_they_are_called(name: str) -> None:
    play = Playbook(site_document())
    play.person("hold", by=name)
    assert play.data("barrier.held")["scheduled"] is False
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["mark"] is None
