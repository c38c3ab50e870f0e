"""The events feed: what a central system may rely on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.core.vocabulary.views import JournalView
from gateway.store.journal.heads import parse_head
from gateway.store.journal.lineage import Lineage
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import JOURNAL_ID, Running, Write, held

Get = Callable[..., TestResponse]


@pytest.fixture(params=["short way", "ordinary way"])
def get(
    request: pytest.FixtureRequest,
    client: FlaskClient,
    token: Callable[..., dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Get:
    """Pulls; plain ones are answered at the WSGI border or by the view, and nobody can tell which."""
    if request.param == "ordinary way":
        monkeypatch.setattr("web.api.journal.quick._asked", lambda _text: None)
    headers = token("events:read")

    def ask(**query: Any) -> TestResponse:
        return client.get("/api/v1/events", query_string=query, headers=headers)

    return ask


def ids(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [event["id"] for event in answer.json or json.loads(answer.data)]


def problem(answer: TestResponse) -> str:
    assert answer.content_type == "application/problem+json"
    return str(json.loads(answer.data)["code"])


def test_the_feed_gives_the_journals_own_bytes(get: Get, write: Write, journal: Journal) -> None:
    write(3)
    answer = get()
    texts = [row.text for row in JournalReader(journal._path).page(0, 10)]
    assert answer.data.decode() == "[" + ",".join(texts) + "]"
    assert answer.content_type == "application/cloudevents-batch+json"


def test_the_short_way_and_the_ordinary_one_give_the_same_answer(
    client: FlaskClient, token: Callable[..., dict[str, str]], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(3)
    headers = token("events:read")
    path = f"/api/v1/events?limit=2&lastEventId={JOURNAL_ID}.1&timeout=100"
    short = client.get(path, headers=headers)
    monkeypatch.setattr("web.api.journal.quick._asked", lambda _text: None)
    ordinary = client.get(path, headers=headers)
    assert short.data == ordinary.data != b"[]"
    assert (short.status, sorted(short.headers)) == (ordinary.status, sorted(ordinary.headers))


def test_a_cursor_is_exclusive_and_leads_through_everything_in_order(get: Get, write: Write) -> None:
    write(250)
    seen: list[str] = []
    while page := ids(get(lastEventId=seen[-1] if seen else "", limit=100)):
        seen += page
    assert seen == [f"{JOURNAL_ID}.{number}" for number in range(1, 251)]


def test_a_page_holds_a_hundred_events_unless_asked_otherwise(get: Get, write: Write) -> None:
    write(120)
    assert len(ids(get())) == 100
    assert len(ids(get(limit=7))) == 7


def test_at_the_end_the_answer_is_an_empty_list_at_once(get: Get, write: Write) -> None:
    write(2)
    assert get(lastEventId=f"{JOURNAL_ID}.2").data == b"[]"


@pytest.mark.parametrize(
    "cursor", ["17", "no cursor", f"{JOURNAL_ID}.", f"{JOURNAL_ID}.x", f"{JOURNAL_ID}.٣", ".5", "A" * 500]
)
def test_a_malformed_cursor_is_a_clear_400(get: Get, write: Write, cursor: str) -> None:
    write(1)
    answer = get(lastEventId=cursor)
    assert answer.status_code == 400
    assert problem(answer) == "cursor_invalid"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 1001}, {"limit": "ten"}, {"limit": -1}, {"timeout": 30001}, {"timeout": "1s"},
        {"lastEventID": "k3v9q2m4x8.1"}, {"type": "Ä"}, {"type": ",a"},
        {"type": ",".join(["a"] * 2 + [str(n) for n in range(60)])},
    ],
)  # fmt: skip
def test_parameters_out_of_bounds_or_unknown_are_refused_with_what_would_be_right(
    get: Get, write: Write, query: dict[str, Any]
) -> None:
    write(1)
    answer = get(**query)
    assert answer.status_code == 400
    assert problem(answer) == "request_invalid"


@pytest.mark.parametrize("name", ["access.denied", "gatehouse.access.denied"])
def test_a_type_is_meant_with_or_without_its_prefix(get: Get, write: Write, name: str) -> None:
    write(2)
    write(1, "access.denied")
    write(2)
    assert ids(get(type=name)) == [f"{JOURNAL_ID}.3"]


@pytest.mark.parametrize("query", [{}, {"timeout": 1000}, {"limit": 1}, {"type": "access.granted"}])
def test_a_cursor_beyond_the_last_row_is_refused_and_named(get: Get, write: Write, query: dict[str, Any]) -> None:
    write(5)
    assert get(lastEventId=f"{JOURNAL_ID}.5", **query).status_code == 200
    answer = get(lastEventId=f"{JOURNAL_ID}.6", **query)
    assert (answer.status_code, problem(answer)) == (400, "cursor_invalid")
    assert f"the last row, which is {JOURNAL_ID}.5" in answer.text


def test_a_journal_without_rows_has_no_cursor_but_the_start(get: Get) -> None:
    assert get(lastEventId=f"{JOURNAL_ID}.0").data == b"[]"
    assert get(lastEventId=f"{JOURNAL_ID}.1").status_code == 400


def test_each_answer_has_the_signed_head_of_its_last_row(get: Get, write: Write, app: Flask, journal: Journal) -> None:
    assert "Gatehouse-Head" not in get().headers
    write(5)
    reader = JournalReader(journal._path)
    for query, row in (({"limit": 2}, 2), ({}, 5), ({"lastEventId": f"{JOURNAL_ID}.5"}, 5), ({"type": "x"}, 5)):
        head = parse_head(get(**query).headers["Gatehouse-Head"])
        assert (head.sequence, head.hash) == (row, reader.hash_of(row))
        assert held(app).signing_key.public.check(head)


def test_the_head_of_a_confirmed_row_is_kept(get: Get, write: Write, app: Flask, journal: Journal) -> None:
    write(5)
    get(lastEventId=f"{JOURNAL_ID}.4")
    held(app).consumers.flush()
    ((text,),) = held(app).database.rows("SELECT head FROM consumer")
    head = parse_head(text)
    assert (head.sequence, head.hash) == (4, JournalReader(journal._path).hash_of(4))
    assert held(app).signing_key.public.check(head)


def test_several_types_may_be_repeated_or_listed(get: Get, write: Write) -> None:
    write(1)
    write(1, "access.denied")
    write(1, "access.referred")
    wanted = [f"{JOURNAL_ID}.2", f"{JOURNAL_ID}.3"]
    assert ids(get(type="access.denied,gatehouse.access.referred")) == wanted
    assert ids(get(type="")) == ids(get())
    assert ids(get(type=["access.denied", "access.referred"])) == wanted


def test_a_cursor_that_retention_has_passed_is_answered_by_one_gap_and_goes_on(
    get: Get, write: Write, journal: Journal
) -> None:
    write(10)
    digest = JournalReader(journal._path).hash_of(6)
    journal.drop_some(7, wall_ns=1, most=100)
    first, *rest = json.loads(get(lastEventId=f"{JOURNAL_ID}.2").data)
    assert first["type"] == "gatehouse.journal.gap"
    assert first["id"] == f"{JOURNAL_ID}.6"
    assert (first["data"]["first"], first["data"]["last"], first["data"]["lasthash"]) == (3, 6, digest)
    assert [event["id"] for event in rest] == [f"{JOURNAL_ID}.{number}" for number in range(7, 11)]
    assert ids(get(lastEventId=first["id"])) == [event["id"] for event in rest]


def test_a_cursor_of_another_journal_starts_at_the_oldest_row_behind_a_gap(get: Get, write: Write) -> None:
    write(2)
    first, *rest = json.loads(get(lastEventId="otherjournal.900").data)
    assert first["type"] == "gatehouse.journal.gap"
    assert [event["id"] for event in rest] == [f"{JOURNAL_ID}.1", f"{JOURNAL_ID}.2"]


def test_the_feed_works_while_the_engine_is_away(get: Get, write: Write) -> None:
    write(1)
    assert ids(get()) == [f"{JOURNAL_ID}.1"]


def test_what_a_consumer_confirmed_by_its_cursor_is_remembered(get: Get, write: Write, app: Flask) -> None:
    write(5)
    get(lastEventId=f"{JOURNAL_ID}.4")
    get(lastEventId="otherjournal.900")
    assert get(lastEventId=f"{JOURNAL_ID}.6").status_code == 400
    get()
    assert held(app).consumers.all(Lineage(JOURNAL_ID)) == {"central": 4}
    held(app).consumers.flush()
    assert held(app).database.rows("SELECT token, journal, sequence FROM consumer") == [("central", JOURNAL_ID, 4)]


# ---- waiting, on a real server ----------------------------------------------------------------------------------


def poll(running: Running, headers: dict[str, str], into: list[tuple[int, bytes]], **query: Any) -> threading.Thread:
    text = "&".join(f"{key}={value}" for key, value in query.items())

    def ask() -> None:
        status, _, body = running.get(f"/api/v1/events?{text}", headers)
        into.append((status, body))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def until(true: Callable[[], bool], timeout_s: float = 60) -> None:
    ends = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.005)


def test_a_long_poll_waits_for_news_and_gets_them(
    running: Running, write: Write, token: Callable[..., dict[str, str]], engine: EngineStandIn
) -> None:
    write(1)
    got: list[tuple[int, bytes]] = []
    thread = poll(running, token("events:read"), got, lastEventId=f"{JOURNAL_ID}.1", timeout=20000)
    until(lambda: running.services.streams.used == 1)
    write(1)
    engine.show(journal=JournalView(id=JOURNAL_ID, sequence=2))
    thread.join(60)
    assert [event["id"] for event in json.loads(got[0][1])] == [f"{JOURNAL_ID}.2"]
    until(lambda: running.services.streams.used == 0)


def test_a_long_poll_sees_news_also_without_an_engine(
    running: Running, write: Write, token: Callable[..., dict[str, str]]
) -> None:
    got: list[tuple[int, bytes]] = []
    thread = poll(running, token("events:read"), got, timeout=20000)
    until(lambda: running.services.streams.used == 1)
    write(1)
    thread.join(60)
    assert len(json.loads(got[0][1])) == 1


def test_a_long_poll_for_a_type_sleeps_through_others(
    running: Running, write: Write, token: Callable[..., dict[str, str]]
) -> None:
    got: list[tuple[int, bytes]] = []
    thread = poll(running, token("events:read"), got, timeout=20000, type="access.denied")
    until(lambda: running.services.streams.used == 1)
    write(3)
    write(1, "access.denied")
    thread.join(60)
    assert [event["id"] for event in json.loads(got[0][1])] == [f"{JOURNAL_ID}.4"]


def test_without_news_a_long_poll_ends_with_an_empty_list(
    running: Running, write: Write, token: Callable[..., dict[str, str]]
) -> None:
    status, _, body = running.get("/api/v1/events?timeout=50", token("events:read"))
    assert (status, body) == (200, b"[]")


def test_past_the_cap_a_long_poll_is_told_to_come_again_and_pages_still_load(
    running: Running, write: Write, token: Callable[..., dict[str, str]]
) -> None:
    headers = token("events:read")
    got: list[tuple[int, bytes]] = []
    streams = running.services.streams
    threads = [poll(running, headers, got, timeout=20000) for _ in range(streams.limit)]
    until(lambda: streams.used == streams.limit)
    status, answered, body = running.get("/api/v1/events?timeout=20000", headers)
    assert (status, json.loads(body)["code"]) == (503, "busy")
    assert int(answered["Retry-After"]) >= 1
    assert running.get("/api/v1/events", headers)[0] == 200
    assert running.get("/api/v1/openapi.json")[0] == 200
    write(1)
    for thread in threads:
        thread.join(60)
    assert [status for status, _ in got] == [200] * streams.limit


def test_a_client_that_goes_away_gives_its_slot_back(
    running: Running, write: Write, token: Callable[..., dict[str, str]]
) -> None:
    connection = running.connect()
    connection.request("GET", "/api/v1/events?timeout=30000", headers=token("events:read"))
    until(lambda: running.services.streams.used == 1)
    connection.close()
    until(lambda: running.services.streams.used == 0, 20)


def test_a_stop_ends_long_polls_with_an_answer(data: Any, write: Write, token: Callable[..., dict[str, str]]) -> None:
    running = Running(data)
    got: list[tuple[int, bytes]] = []
    thread = poll(running, token("events:read"), got, timeout=30000)
    until(lambda: running.services.streams.used == 1)
    running.end()
    thread.join(60)
    assert got == [(200, b"[]")]
