"""The pages of the acceptance in front of a real engine: both ends tick, sign, and delete their drawing."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.core.vocabulary.events import DeviceLost
from tests.engine.settings.conftest import Box, until
from tests.web_installer.conftest import Desk, words_of

LANE = "/installer/acceptance/in"
AT_OPEN = "barriers.in.at_open"


def png(width: int = 8, height: int = 4) -> str:
    """A drawing as the page sends it."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\xff" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


@pytest.fixture
def mei(client: FlaskClient) -> Desk:
    """The control room."""
    return Desk(client, "Mei")


def live(desk: Desk) -> dict[str, Any]:
    found = desk.get(f"{LANE}/live").json
    assert found is not None
    return dict(found["sheet"])


def row(desk: Desk, point: str = AT_OPEN) -> dict[str, Any]:
    return next(one for one in live(desk)["rows"] if one["id"] == point)


def act(desk: Desk, what: str, point: str = "", **more: str) -> Any:
    return desk.post(f"{LANE}/act", what=what, point=point, **more)


def tick_all(*desks: Desk) -> None:
    for desk in desks:
        for one in live(desk)["rows"]:
            assert act(desk, "tick", one["id"]).status_code == 303


def test_the_list_names_each_lane_and_how_far_it_is(ana: Desk) -> None:
    act(ana, "tick", AT_OPEN)
    until(lambda: "Under way" in ana.text("/installer/acceptance"))


def test_a_tick_of_one_end_is_seen_by_the_other_with_what_was_measured(ana: Desk, mei: Desk, box: Box) -> None:
    box.set(at_open=True, at_closed=False)
    box.set(at_open=False, at_closed=True)
    until(lambda: row(ana)["good"])
    assert act(ana, "tick", AT_OPEN).headers["Location"] == f"{LANE}#{AT_OPEN}"
    seen = row(mei)
    assert (seen["installer"]["by"], seen["control_room"]) == ("Ana", None)
    act(mei, "tick", AT_OPEN)
    assert row(ana)["control_room"]["by"] == "Mei"
    assert live(ana)["accepted"] == 1


def test_the_end_of_a_tick_is_that_of_the_role(mei: Desk, box: Box) -> None:
    act(mei, "tick", AT_OPEN)
    until(lambda: box.rows("acceptance.ticked"))
    data = box.rows("acceptance.ticked")[0].data()
    assert (data["end"], data["by"], data["via"]) == ("control_room", "Mei", "guard")


def test_a_tick_is_taken_back_by_the_same_button(ana: Desk) -> None:
    act(ana, "tick", AT_OPEN)
    act(ana, "withdraw", AT_OPEN)
    shown = row(ana)
    assert shown["installer"] is None
    assert "Ana" in shown["lost"]


def test_a_lane_is_signed_by_both_with_a_drawing_that_is_never_in_the_journal(ana: Desk, mei: Desk, box: Box) -> None:
    assert act(ana, "sign").status_code == 409
    tick_all(ana, mei)
    assert act(ana, "sign", drawing=png()).status_code == 303
    media = live(mei)["installer"]["media"]
    image = mei.get(f"{LANE}/drawings/{media}")
    assert (image.content_type, image.data[:4]) == ("image/png", b"\x89PNG")
    act(mei, "sign")
    assert live(ana)["state"] == "handed_over"
    until(lambda: len(box.rows("acceptance.signed")) == 2)
    assert png()[30:60] not in "".join(one.text for one in box.rows())


def test_a_drawing_is_deleted_by_its_own_end_and_the_signature_stays(ana: Desk, mei: Desk, box: Box) -> None:
    tick_all(ana, mei)
    act(ana, "sign", drawing=png())
    media = live(ana)["installer"]["media"]
    assert ana.get(f"{LANE}/drawings/{media}").status_code == 200
    mei.post(f"{LANE}/forget")
    assert mei.get(f"{LANE}/drawings/{media}").status_code == 200
    ana.post(f"{LANE}/forget")
    assert ana.get(f"{LANE}/drawings/{media}").status_code == 404
    assert (live(mei)["installer"]["by"], live(mei)["installer"]["media"]) == ("Ana", "")
    until(lambda: box.rows("acceptance.drawing_deleted"))
    assert box.rows("acceptance.drawing_deleted")[0].data()["by"] == "Ana"


@pytest.mark.parametrize("drawing", ["data:image/svg+xml;base64,AA==", "nonsense", png(4000, 1), png()[:60]])
def test_what_is_no_drawing_is_refused_in_words(ana: Desk, mei: Desk, drawing: str) -> None:
    tick_all(ana, mei)
    answer = act(ana, "sign", drawing=drawing)
    assert answer.status_code == 422
    assert live(ana)["installer"] is None


def test_a_lane_and_an_act_that_do_not_exist_are_named(ana: Desk) -> None:
    assert ana.get("/installer/acceptance/west").status_code == 404
    assert act(ana, "praise").status_code == 400
    assert act(ana, "tick", "barriers.in.wings").status_code == 409


def test_another_role_has_no_business_here(client: FlaskClient) -> None:
    assert Desk(client, "Lin").get(LANE).status_code == 403


def test_the_sheet_for_paper_has_both_languages_whatever_the_screens_language(ana: Desk) -> None:
    act(ana, "tick", AT_OPEN)
    until(lambda: "Ana" in ana.text(f"{LANE}/sheet"))
    told = ana.text(f"{LANE}/sheet")
    for words in ("点对点验收单", "Point-to-point acceptance", "开到位限位", "Limit: open", "io.input.0", "断电再上电"):
        assert words in told


def test_without_an_engine_the_page_shows_the_journal_and_offers_nothing(ana: Desk, box: Box) -> None:
    act(ana, "tick", AT_OPEN)
    until(lambda: box.rows("acceptance.ticked"))
    box.stop()
    shown = live(ana)
    assert shown["offline"] is True
    assert next(one for one in shown["rows"] if one["id"] == AT_OPEN)["installer"]["by"] == "Ana"
    assert act(ana, "tick", "barriers.in.at_closed").status_code == 503


def test_a_touched_point_tells_what_keeps_the_tag_on(ana: Desk, box: Box) -> None:
    box.call("lane.command", request="l1", lane="in", command="lock", by="Lin", via="guard", reason="new switch")
    until(lambda: box.lane("in")["mode"] == "locked")
    box.bus("io").report(DeviceLost("io", "no answer"))
    until(lambda: row(ana, "devices.io.power_cycle")["keeps_tag"])
    assert "1" in live(ana)["tag"]
    assert live(ana)["tag"] in words_of(ana.get(LANE))
