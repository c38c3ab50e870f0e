"""Which facts at a lane ask its cameras for a picture."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary import commands, events
from tests.core.playbook import Playbook, site_document


class Watched(Playbook):
    """A lane with a camera; `pictures` are the times in ms at which one was asked for."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.pictures: list[tuple[int, str]] = []
        super().__init__(*args, **more)

    def happens(self, event: events.Event) -> list[commands.Command]:
        todo = super().happens(event)
        at = self.mono_ns // 1_000_000
        self.pictures += [(at, one.device) for one in todo if isinstance(one, commands.TakePicture)]
        return todo


def document(*cameras: str) -> dict[str, Any]:
    made = site_document()
    made["devices"] += [{"id": one, "driver": "snapshot-http", "url": "http://h/"} for one in ("cam", "over")]
    made["lanes"][0]["cameras"] = list(cameras)
    return made


@pytest.fixture
def play() -> Watched:
    return Watched(document("cam", "over"))


def cameras(play: Watched) -> list[str]:
    return [device for _, device in play.pictures]


def test_a_passage_is_pictured_by_all_cameras_of_its_lane_once(play: Watched) -> None:
    play.let_in()
    assert any(row.type == "passage.entered" for row in play.rows)
    assert cameras(play) == ["cam", "over"]


def test_a_person_has_a_vehicle_without_plates_pictured_and_stands_on_record_without_the_picture(play: Watched) -> None:
    play.happens(events.PictureAsked("r1", "v1", "in", "Lin", "guard", "booth"))
    assert cameras(play) == ["cam", "over"]
    assert play.data("visit.pictured") == {
        "visit": "v1", "lane": "in", "by": "Lin", "via": "guard", "station": "booth",
    }  # fmt: skip
    assert play.replies["r1"].status == "done"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (events.PictureAsked("r1", "v1", "out", "Lin", "guard"), "no_camera"),
        (events.PictureAsked("r1", "v1", "in", " ", "guard"), "name_missing"),
    ],
)
def test_without_a_camera_or_a_name_no_picture_is_asked_for(
    play: Watched, asked: events.PictureAsked, reason: str
) -> None:
    play.happens(asked)
    assert (play.replies["r1"].status, play.replies["r1"].reason) == ("refused", reason)
    assert (cameras(play), play.types("visit.pictured")) == ([], [])


def test_who_asked_for_a_picture_is_answered_once_that_is_on_record(play: Watched) -> None:
    play.journal_waits = True
    play.happens(events.PictureAsked("r1", "v1", "in", "Lin", "guard"))
    assert "r1" not in play.replies


@pytest.mark.parametrize("passes", [()], ids=["unknown"])
def test_a_car_that_is_not_let_in_is_pictured(play: Watched, passes: tuple[Any, ...]) -> None:
    play.read(passes=passes)
    assert [row.type for row in play.rows if row.type.startswith("access.")] == ["access.denied"]
    assert cameras(play) == ["cam", "over"]


def test_a_guards_refusal_is_pictured_too(play: Watched) -> None:
    play.set(approach_loop=True)
    play.read(passes=())
    case = play.site.snapshot().lanes[0].case
    assert case is not None
    assert play.person("refuse", case=case.id, reason="unknown").status == "done"
    assert cameras(play) == ["cam", "over"] * 2


def test_a_crash_is_pictured_at_once_and_twice_after_it() -> None:
    play = Watched(document("cam"))
    play.set(arm_detached=True)
    assert any(row.type == "barrier.crashed" for row in play.rows)
    first = play.pictures[0][0]
    play.advance(10_000)
    assert [at - first for at, _ in play.pictures] == [0, 2_000, 5_000]


def test_a_lane_without_cameras_asks_for_nothing() -> None:
    play = Watched(document())
    play.read(passes=())
    play.set(arm_detached=True)
    play.advance(10_000)
    assert play.pictures == []


def test_other_settings_bring_other_cameras() -> None:
    play = Watched(document("cam"))
    play.other_settings(document("over"))
    play.read(passes=())
    assert cameras(play) == ["over"]
