"""How a lane's barrier has fared: counters, what is due, travel times for a curve."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

import web.api
from gateway.core.lane.modes.notices import Notice
from gateway.core.vocabulary.rows.barrier import ServiceLimit
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import State
from tests.web_api.conftest import SECOND_NS, SITE, START_NS, Write

Tokens = Callable[..., dict[str, str]]
Get = Callable[[str], TestResponse]
DESCRIBED: dict[str, Any] = json.loads(Path(web.api.__file__).with_name("openapi.json").read_text())
GATE = {
    "devices": [{"id": "io", "driver": "noop"}],
    "barriers": [{"id": "south", "open": "io.output.3", "service_limits": {"cycles": 1}, "max_cycles_per_h": 90}],
    "lanes": [
        {"id": "in", "direction": "entry", "barrier": {"open": "io.output.0"}},
        {"id": "out", "direction": "exit", "barrier": "south"},
    ],
}


@pytest.fixture
def get(client: FlaskClient, token: Tokens, directory: DataDirectory) -> Get:
    directory.save_site({**SITE, **GATE})
    headers = token("state:read")
    return lambda path: client.get(f"/api/v1/lanes/{path}", headers=headers)


@pytest.fixture
def happened(write: Write, journal: Journal, directory: DataDirectory) -> None:
    """Two openings and closings of the first barrier, a crash, and an opening of the other that makes it due."""
    for number, what in enumerate(("opened", "closed", "opened", "closed")):
        write(1, f"barrier.{what}", barrier="in", cause="commanded", travel_ms=2000 + number)
    write(1, "barrier.commanded", barrier="in", command="open")
    write(1, "barrier.opened", barrier="in", cause="external", presumed=True)
    write(1, "barrier.crashed", barrier="in", cause="forced")
    write(2, "barrier.opened", barrier="south", cause="commanded", travel_ms=900)
    due = {"lane": "out", "barrier": "south", "what": "cycles", "limit": 1, "count": 2}
    journal.append([Row("service.due", "lanes/out", due, START_NS + 60 * SECOND_NS, 60)])
    state = State(directory.state, writer=True)
    state.catch_up(JournalReader(directory.journal))
    state.close()


@pytest.mark.usefixtures("happened")
def test_counters_and_measured_movements_of_a_lane(get: Get) -> None:
    answer = get("in/history").json
    assert (answer["lane"], answer["barrier"]) == ("in", "in")
    assert answer["counters"] == {"cycles": 3, "relay_operations": 1, "crashes": 1}
    assert [(one["what"], one["travel_ms"]) for one in answer["items"]] == [
        ("opened", 2000), ("closed", 2001), ("opened", 2002), ("closed", 2003), ("crashed", None),
    ]  # fmt: skip
    assert (answer["limits"], answer["service_due"], answer["next"]) == ({}, [], None)


@pytest.mark.usefixtures("happened")
def test_a_barrier_that_stands_apart_has_its_own(get: Get) -> None:
    answer = get("out/history").json
    assert (answer["barrier"], answer["counters"]["cycles"]) == ("south", 2)
    assert answer["limits"] == {"cycles": 1, "cycles_per_h": 90}
    due = answer["service_due"][0]
    assert (due["what"], due["limit"], due["count"]) == ("cycles", 1, 2)


@pytest.mark.usefixtures("happened")
def test_a_stretch_of_time_is_told_page_by_page(get: Get) -> None:
    everything = get("in/history").json["items"]
    begins, ends = everything[1]["at"], everything[3]["at"]
    page = get(f"in/history?from={begins}&to={ends}&limit=1").json
    assert page["items"] == everything[1:2]
    rest = get(f"in/history?from={begins}&to={ends}&after={page['next']}").json
    assert rest["items"] == everything[2:3]
    assert rest["from"] == begins
    assert get("in/history?to=2020-01-01").json["items"] == []


@pytest.mark.usefixtures("happened")
@pytest.mark.parametrize("lane", ["in", "out"])
def test_the_answer_is_as_described(get: Get, lane: str) -> None:
    answer = get(f"{lane}/history")
    schema = {**DESCRIBED["components"]["schemas"]["History"], "components": DESCRIBED["components"]}
    Draft202012Validator(schema).validate(answer.json)


def test_what_may_be_due_and_noticed_is_in_the_description() -> None:
    schemas = DESCRIBED["components"]["schemas"]
    assert set(schemas["Due"]["properties"]["what"]["enum"]) == set(get_args(ServiceLimit))
    assert set(schemas["Lane"]["properties"]["notice"]["enum"]) == {*get_args(Notice), None}


@pytest.mark.parametrize("path", ["nobody/history", "no lane/history"])
def test_a_lane_that_is_not_there_is_a_404(get: Get, path: str) -> None:
    assert get(path).status_code == 404


@pytest.mark.parametrize("query", ["from=soon", "to=2026-13-01", "limit=0", "limit=10001", "after=x", "colour=red"])
def test_a_question_that_nobody_can_answer_is_a_400(get: Get, query: str) -> None:
    assert get(f"in/history?{query}").status_code == 400


def test_another_scope_is_not_enough(client: FlaskClient, token: Tokens) -> None:
    assert client.get("/api/v1/lanes/in/history", headers=token("events:read")).status_code == 403
