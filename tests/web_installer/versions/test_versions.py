"""The history of the settings, the way back to a version, and the settings as a file."""

from __future__ import annotations

import io
import json
from typing import Any

from tests.engine.settings.conftest import Box, until
from tests.web_installer.conftest import Desk, words_of
from web.platform.look import LOCALE_COOKIE

PATH = "/installer/versions"


def named(name: str) -> dict[str, Any]:
    return {"id": "north-court", "name": name, "locale": "en"}


def apply(box: Box, **parts: Any) -> None:
    box.apply({**box.call("site.get")["site"], **parts}, by="Ana", via="browser", confirm_s=0)


def send(desk: Desk, body: bytes) -> Any:
    return desk.post(f"{PATH}/file", file=(io.BytesIO(body), "site.json"))


def test_each_version_says_what_changed_when_and_by_whom(box: Box, ana: Desk) -> None:
    apply(box, site=named("South"))
    text = ana.text(PATH)
    assert text.index("Version 2 Runs") < text.index("Version 1 Confirmed")
    assert "Ana · in a browser 1 value changed site.name" in text


def test_the_lists_of_changes_have_their_styles(box: Box, ana: Desk) -> None:
    apply(box, site=named("South"))
    for page in (PATH, f"{PATH}/1"):
        assert "changes/page" in ana.get(page).get_data(as_text=True)


def test_the_way_back_is_shown_before_it_is_taken(box: Box, ana: Desk) -> None:
    apply(box, site=named("South"))
    assert "site.name South North Court" in ana.text(f"{PATH}/1")
    assert ana.post(f"{PATH}/1/restore").location == f"{PATH}?told=restored"
    assert box.call("state")["site"]["name"] == "North Court"
    assert "restores version 1" in ana.text(PATH)
    assert box.told()[-1] == ("applied", 3, "Ana")


def test_an_unknown_version_is_not_found(ana: Desk) -> None:
    assert ana.get(f"{PATH}/99").status_code == 404
    assert ana.post(f"{PATH}/99/restore").status_code == 404


def test_a_lane_that_does_not_come_to_rest_keeps_its_settings(box: Box, ana: Desk, monkeypatch: Any) -> None:
    from gateway.engine.settings import changes as changes_module

    lanes = box.call("site.get")["site"]["lanes"]
    apply(box, lanes=[{**lanes[0], "barrier": {**lanes[0]["barrier"], "pulse_ms": 900}}, lanes[1]])
    monkeypatch.setattr(changes_module, "REST_S", 0.3)
    box.set(approach=True)
    until(lambda: box.lane()["approach"])
    answer = ana.post(f"{PATH}/1/restore")
    assert (answer.status_code, "must be at rest and empty" in words_of(answer)) == (409, True)
    assert box.history()[-1] == (2, "confirmed")


def test_a_file_that_was_exported_changes_nothing_when_it_is_imported(ana: Desk) -> None:
    answer = ana.get(f"{PATH}/file")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="north-court-1.json"'
    assert b"pin" not in answer.data
    assert send(ana, answer.data).location == "/installer/changes"
    assert not ana.draft().changed


def test_an_imported_file_becomes_the_draft_and_removes_nobody(ana: Desk) -> None:
    document = json.loads(ana.get(f"{PATH}/file").data)
    document["site"]["name"] = "South"
    document["operators"] = [{"name": "Eve", "role": "guard", "pin": "8264"}]
    send(ana, json.dumps(document).encode())
    assert ana.draft().changes == ("site.name", "operators.Eve")
    assert "site.name North Court South" in ana.text("/installer/changes")


def test_a_file_that_is_none_says_so_at_its_field(ana: Desk) -> None:
    for body in (b"", b"{", b"[]", b'{"a": 1, "a": 2}', b"\xff\xfe"):
        answer = send(ana, body)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert not ana.draft().changed
    assert send(ana, b" " * 900_001).status_code == 413


def test_nonsense_in_a_file_is_refused_or_becomes_faults(ana: Desk) -> None:
    wrong = ({"lanes": 7}, {"operators": [3]}, {"site": []}, {"devices": {"a": 1}}, {"operators": "x"})
    for document in wrong:
        assert send(ana, json.dumps(document).encode()).status_code == 422
    for document in ({}, {"nothing": 1}, {"devices": [{}], "lanes": [{"barrier": 7}], "operators": [{}]}):
        assert send(ana, json.dumps(document).encode()).location == "/installer/changes"
        assert "faults keep the changes" in ana.text("/installer/changes")
        ana.post("/installer/changes/drop")


def test_a_version_of_the_gateway_itself_names_it_in_the_language_of_the_page(ana: Desk) -> None:
    assert "the gateway" in ana.text("/installer/versions")
    assert "· gateway" not in ana.text("/installer/versions")
    ana.client.set_cookie(LOCALE_COOKIE, "zh_CN")
    assert "网关" in ana.text("/installer/versions")
