"""The sheets of all lanes over HTTP, from the journal and the settings alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import State
from tests.support.engine import SITE as GATE
from tests.web_api.conftest import SITE, START_NS

AT_OPEN = "barriers.in.at_open"
BASIS = {"terminal": "io.input.0", "normally": "open", "device": None, "limit": "30 ms"}


@pytest.fixture
def get(client: FlaskClient, token: Callable[..., dict[str, str]], directory: DataDirectory) -> Any:
    directory.save_site({**SITE, "devices": GATE["devices"], "lanes": GATE["lanes"]})
    headers = token("state:read")
    return lambda path="": client.get(f"/api/v1/acceptance{path}", headers=headers)


Get = Callable[..., TestResponse]


def ticked(journal: Journal, directory: DataDirectory, end: str, by: str) -> None:
    said = {
        "lane": "in", "point": AT_OPEN, "kind": "status", "end": end, "basis": BASIS, "lanes": ["in"], "by": by,
        "via": "browser", "station": None, "value": {"how": "measured", "on": False},
    }  # fmt: skip
    journal.append([Row("acceptance.ticked", "lanes/in", said, START_NS, START_NS)])
    state = State(directory.state, writer=True)
    state.catch_up(JournalReader(directory.journal))
    state.close()


def point(answer: TestResponse, name: str = AT_OPEN) -> dict[str, Any]:
    assert answer.json is not None
    return next(one for one in answer.json["items"][0]["points"] if one["id"] == name)


def test_every_lane_has_its_sheet_also_before_the_first_tick(get: Get) -> None:
    answer = get().json
    assert answer is not None
    assert [(sheet["lane"], sheet["state"], sheet["accepted"]) for sheet in answer["items"]] == [
        ("in", "open", 0),
        ("out", "open", 0),
    ]
    assert {point["kind"] for point in answer["items"][0]["points"]} == {
        "status", "control", "measurement", "step", "setting",
    }  # fmt: skip


def test_a_tick_shows_who_made_it_and_what_was_measured(get: Get, journal: Journal, directory: DataDirectory) -> None:
    ticked(journal, directory, "installer", "Zhou")
    shown = point(get("?lane=in"))
    assert (shown["installer"]["by"], shown["installer"]["value"]) == ("Zhou", {"how": "measured", "on": False})
    assert shown["control_room"] is None
    assert "value" not in shown


def test_one_lane_can_be_asked_for_and_one_that_does_not_exist_is_named(get: Get) -> None:
    answer = get("?lane=out").json
    assert answer is not None
    assert [sheet["lane"] for sheet in answer["items"]] == ["out"]
    missing = get("?lane=west")
    assert (missing.status_code, "west" in missing.get_data(as_text=True)) == (404, True)


def test_the_sheets_need_the_right_to_read_the_state(client: FlaskClient, token: Callable[..., dict[str, str]]) -> None:
    assert client.get("/api/v1/acceptance").status_code == 401
    assert client.get("/api/v1/acceptance", headers=token("passes:read")).status_code == 403
