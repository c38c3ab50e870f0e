"""The pages of the devices in front of a real engine whose boards are played by hand."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from flask.testing import FlaskClient

from drivers.dissect.meaning import MEANINGS
from gateway.core.settings.contacts import CONTACTS
from tests.engine.settings.conftest import Box, until
from tests.web_installer.conftest import Desk
from web.installer.devices.model import VERDICTS, options_of
from web.people.auth import COOKIE
from web.people.sessions import form_token
from web.words.texts import LOCALES, words

DEVICES = "/installer/devices"


@pytest.fixture
def lin(client: FlaskClient) -> Desk:
    """A guard."""
    return Desk(client, "Lin")


def said(desk: Desk, what: str, device: str = "io", **body: Any) -> tuple[int, dict[str, Any]]:
    """A trial as the page's script asks for it: the status and the answer."""
    desk.get(DEVICES)
    token = desk.client.get_cookie(COOKIE)
    assert token is not None
    headers = {"X-CSRF-Token": form_token(token.value)}
    answer = desk.client.post(f"{DEVICES}/{device}/{what}", json=body, headers=headers)
    return answer.status_code, answer.get_json()


def pulsed(box: Box) -> list[tuple[str, int]]:
    return [(order[1], order[2]) for order in box.orders if order[0] == "pulse"]


def tag(box: Box) -> None:
    box.call("lane.command", request="tag-1", lane="in", command="lock", by="Lin", via="guard", reason="new arm")
    until(lambda: box.lane()["tag"] is not None)


# ---- what is shown -------------------------------------------------------------------------------------------------


def test_the_table_has_every_device_with_its_state(ana: Desk) -> None:
    text = ana.text(DEVICES)
    assert all(one in text for one in ("reader-in", "reader-out", "io", "io2"))
    assert text.count("Online") == 4


def test_the_rows_for_the_script_say_the_same(ana: Desk) -> None:
    ana.get(DEVICES)
    found = ana.get(f"{DEVICES}.json").get_json()
    assert found["known"] is True
    assert {row["id"]: row["state"] for row in found["rows"]} == dict.fromkeys(
        ("reader-in", "reader-out", "io", "io2"), "Online"
    )


def test_a_device_shows_its_points_with_the_lane_that_they_serve(ana: Desk) -> None:
    text = ana.text(f"{DEVICES}/io2")
    assert "Input 1 on out: closed limit active" in text
    assert "Output 0" in text
    assert "/installer/settings/devices/io2" in ana.get(f"{DEVICES}/io2").get_data(as_text=True)


def test_an_edge_is_news_once(ana: Desk, box: Box) -> None:
    box.set("io", safety=True)
    found = ana.get(f"{DEVICES}/io/news").get_json()
    assert [(one["input"], one["words"], one["use"]) for one in found["edges"]] == [
        ("Input 2", "on", "in: safety loop")
    ]
    at = "&".join(f"{name}={value}" for name, value in found["at"].items())
    assert ana.get(f"{DEVICES}/io/news?{at}").get_json()["edges"] == []


def test_after_another_run_has_begun_all_of_it_is_news(ana: Desk, box: Box) -> None:
    box.set("io", safety=True)
    found = ana.get(f"{DEVICES}/io/news?edges=900&run=5&frames=900&trace=5").get_json()
    assert (len(found["edges"]), found["at"]["edges"], found["anew"]) == (1, 1, True)


def test_an_unknown_device_is_a_404_page(ana: Desk) -> None:
    assert ana.get(f"{DEVICES}/nowhere").status_code == 404
    assert ana.get(f"{DEVICES}/nowhere/news").status_code == 404


def test_without_the_engine_the_page_says_so(ana: Desk, box: Box) -> None:
    box.stop()
    box.engine = None  # type: ignore[assignment]
    assert ana.get(f"{DEVICES}/io/news").get_json() == {"offline": True}
    assert "does not answer" in ana.text(f"{DEVICES}/io")


def test_a_secret_of_a_device_is_on_no_page() -> None:
    document = {"id": "r", "driver": "osdp", "port": "/dev/x", "key": "8f1c", "broker": {"host": "b", "password": "s3"}}
    shown = json.dumps(options_of(document, words("en")))
    assert "8f1c" not in shown
    assert "s3" not in shown


@pytest.mark.parametrize("path", ["", ".json", "/io", "/io/news", "/io/live", "/io/card?frame=1"])
def test_only_installers_look(lin: Desk, path: str) -> None:
    assert lin.get(DEVICES + path).status_code == 403


@pytest.mark.parametrize("what", ["pulse", "show", "restart"])
def test_only_installers_try(lin: Desk, box: Box, what: str) -> None:
    assert said(lin, what, output=7)[0] == 403
    assert box.orders == []


# ---- trials --------------------------------------------------------------------------------------------------------


def test_a_stream_takes_a_place_and_gives_it_back(ana: Desk) -> None:
    answer = ana.get(f"{DEVICES}/io/live")
    parts = iter(answer.response)
    assert next(parts) == b"retry: 2000\n\n"
    first = next(parts)
    assert isinstance(first, bytes)
    assert first.startswith(b"event: news\n")
    assert json.loads(first.partition(b"data: ")[2])["offline"] is False
    answer.close()


def test_a_trial_needs_the_forms_token(ana: Desk, box: Box) -> None:
    ana.get(DEVICES)
    assert ana.client.post(f"{DEVICES}/io/restart", json={}).status_code == 403
    assert box.rows("device.tested") == []


def test_a_free_output_is_pulsed(ana: Desk, box: Box) -> None:
    assert said(ana, "pulse", output=7) == (200, {"status": "done", "text": "Pulsed.", "code": ""})
    assert pulsed(box) == [("io", 7)]


def test_an_output_that_is_not_there_is_refused_in_words(ana: Desk, box: Box) -> None:
    status, answer = said(ana, "pulse", output=200)
    assert (status, answer["status"]) == (409, "refused")
    assert "has no output 200" in answer["text"]
    assert box.orders == []


@pytest.mark.parametrize("output", ["", "x", None, [1]])
def test_what_is_no_number_is_a_bad_request(ana: Desk, box: Box, output: Any) -> None:
    assert said(ana, "pulse", output=output)[0] == 400
    assert box.orders == []


def test_a_form_without_a_script_leads_back_and_says_what_was_done(ana: Desk, box: Box) -> None:
    answer = ana.post(f"{DEVICES}/io/pulse", output="7")
    assert answer.status_code == 303
    assert "Pulsed." in ana.text(str(answer.location))
    assert pulsed(box) == [("io", 7)]


def test_a_form_never_moves_an_arm(ana: Desk, box: Box) -> None:
    answer = ana.post(f"{DEVICES}/io/pulse", output="0")
    assert "moves an arm" in ana.text(str(answer.location))
    assert box.orders == []


def test_what_the_lane_refuses_is_said_in_its_words(ana: Desk, box: Box) -> None:
    box.set("io", safety=True)
    until(lambda: box.lane()["safety"] is True)
    text = said(ana, "pulse", output=1, moves="in")[1]["text"]
    assert "A vehicle is under the arm." in text
    assert box.orders == []


def test_an_arm_is_moved_for_its_lane_by_name_and_by_the_lanes_own_command(ana: Desk, box: Box) -> None:
    assert said(ana, "pulse", output=0)[1]["code"] == "arm_moves"
    assert said(ana, "pulse", output=0, moves="out")[1]["code"] == "arm_moves"
    assert box.orders == []
    assert said(ana, "pulse", output=0, moves="in")[0] == 200
    until(lambda: pulsed(box) == [("io", 0)])
    assert box.rows("barrier.commanded")[0].data()["by"] == "Ana"


def test_a_tag_is_shown_and_said_before_the_arm_moves(ana: Desk, box: Box) -> None:
    tag(box)
    arm = ana.get(f"{DEVICES}/io/news").get_json()["outputs"][0]
    until(lambda: "a tag of Lin: new arm" in ana.get(f"{DEVICES}/io/news").get_json()["outputs"][0]["tag"])
    assert "the arm of in (open)" in arm["warning"]
    assert said(ana, "pulse", output=0, moves="in")[1]["code"] == "lane_tagged"
    assert said(ana, "pulse", output=0, moves="in", under_tag="yes")[1]["code"] == "lane_tagged"
    assert box.orders == []
    assert said(ana, "pulse", output=0, moves="in", under_tag=True)[0] == 200
    assert pulsed(box) == [("io", 0)]


def test_a_restart_is_journaled_with_its_author(ana: Desk, box: Box) -> None:
    assert said(ana, "restart", "reader-in") == (200, {"status": "done", "text": "The device begins anew.", "code": ""})
    row = box.rows("device.tested")[0].data()
    assert (row["what"], row["device"], row["by"], row["via"]) == ("restart", "reader-in", "Ana", "guard")
    assert pulsed(box) == []


# ---- words ---------------------------------------------------------------------------------------------------------


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", MEANINGS)
def test_every_kind_of_meaning_has_its_words_with_the_same_figures(kind: str, locale: str) -> None:
    told = words(locale).part("installer.devices.meaning.")
    assert fields(told[f"installer.devices.meaning.{kind}"]) == fields(MEANINGS[kind])


@pytest.mark.parametrize("locale", LOCALES)
def test_every_point_and_sign_has_its_words(locale: str) -> None:
    keys = [*CONTACTS, "open", "close", "stop", "siren", "lights.red", "signals.denied"]
    wanted = [f"key.{key}" for key in keys] + [f"sign.{one}" for one in VERDICTS]
    assert [key for key in wanted if f"installer.devices.{key}" not in words(locale)] == []
