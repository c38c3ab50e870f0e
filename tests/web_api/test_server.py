"""The server as a whole: headers, errors, live streams, bounds, and how it starts and stops."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.vocabulary.views import Snapshot
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn, lane
from tests.web_api.conftest import Running, Write, held, snapshot
from tests.web_api.journal.test_feed import until
from web.front.server import EXIT_ADDRESS, EXIT_OK, serve
from web.live.snapshots import Live, Slots
from web.platform.headers import SAFE
from web.platform.problems import BODY_MAX_BYTES, Problem
from web.platform.services import STREAM_SLOTS, THREADS

Tokens = Callable[..., dict[str, str]]


# ---- answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in", "/healthz", "/nothing", "/api/v1/nothing", "/api/docs", "/live", "/static/x/parts/base/base.css"],
)
def test_every_answer_carries_the_safe_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert [(name, headers.get_all(name)) for name, _ in SAFE] == [(name, [value]) for name, value in SAFE]


def test_pages_and_data_are_not_kept_by_caches(client: FlaskClient) -> None:
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
    assert client.get("/api/v1/openapi.json").headers["Cache-Control"] == "no-store"


def test_programs_get_problems_and_people_get_a_page(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.content_type, answer.json["code"], answer.json["status"]) == (
        "application/problem+json", "not_found", 404,
    )  # fmt: skip
    page = client.get("/nothing")
    assert page.status_code == 404 and page.content_type.startswith("text/html")


def test_a_mistake_of_ours_is_calm_outside_and_whole_in_the_log(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_values: Any, **_named: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("web.api.box.health.ask", broken)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    assert "secret detail" not in answer.text and "Traceback" not in answer.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/events", "/openapi.json"])
def test_the_wrong_method_says_which_are_right(client: FlaskClient, path: str) -> None:
    answer = client.post(path)
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_what_a_person_typed_is_not_made_part_of_the_page(client: FlaskClient) -> None:
    assert "<script>" not in client.get("/%3Cscript%3Ealert(1)%3C/script%3E").text


def test_a_body_that_is_too_large_is_not_read(running: Running, token: Tokens) -> None:
    connection = running.connect()
    headers = {**token("passes:write"), "Content-Length": str(BODY_MAX_BYTES * 100)}
    connection.putrequest("POST", "/api/v1/passes/batch")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(b"{")
    assert connection.getresponse().status == 413
    connection.close()


# ---- live ---------------------------------------------------------------------------------------------------------


class Stream:
    """A browser that listens to `/live`."""

    def __init__(self, running: Running, cookie: str) -> None:
        self.connection = running.connect()
        self.connection.request("GET", "/live", headers={"Cookie": f"gatehouse={cookie}"})
        self.answer = self.connection.getresponse()

    def states(self) -> Iterator[dict[str, Any]]:
        """The data of each event named `state`."""
        name = ""
        while line := self.answer.readline():
            key, _, value = line.decode().rstrip("\n").partition(": ")
            name = value if key == "event" else name
            if key == "data" and name == "state":
                yield json.loads(value)

    def close(self) -> None:
        """The browser goes away."""
        self.answer.close()
        self.connection.close()


@pytest.fixture
def cookie(running: Running) -> str:
    services = running.services
    return services.sessions.create(services.site.operators()["Lin"])


def test_a_stream_begins_with_the_state_and_tells_every_change(
    running: Running, engine: EngineStandIn, cookie: str
) -> None:
    running.services.live.wait(0, 60)
    stream = Stream(running, cookie)
    assert stream.answer.getheader("Content-Type", "").startswith("text/event-stream")
    states = stream.states()
    assert next(states)["lanes"][0]["id"] == "in"
    engine.show(lanes=(lane("in"), lane("out")))
    while len(next(states)["lanes"]) < 2:
        pass
    stream.close()


def test_a_stream_goes_on_telling_the_age_when_the_engine_is_gone(
    running: Running, engine: EngineStandIn, cookie: str
) -> None:
    running.services.live.wait(0, 60)
    stream = Stream(running, cookie)
    states = stream.states()
    first = next(states)
    engine.stop()
    later = [next(states) for _ in range(2)]
    assert later[-1]["age_ms"] > first["age_ms"]
    stream.close()


def test_streams_and_long_polls_share_a_cap_below_half_of_the_threads(
    running: Running, engine: EngineStandIn, cookie: str, write: Write, token: Tokens
) -> None:
    assert STREAM_SLOTS < THREADS / 2
    streams = [Stream(running, cookie) for _ in range(STREAM_SLOTS)]
    assert [stream.answer.status for stream in streams] == [200] * STREAM_SLOTS
    status, headers, _ = running.get("/live", {"Cookie": f"gatehouse={cookie}"})
    assert status == 503 and headers["Retry-After"]
    assert running.get("/api/v1/events?timeout=1000", token("events:read"))[0] == 503
    assert running.get("/live/state", {"Cookie": f"gatehouse={cookie}"})[0] == 200
    for stream in streams:
        stream.close()
    until(lambda: running.services.streams.used == 0)


def test_a_stream_ends_with_its_session(running: Running, engine: EngineStandIn, cookie: str) -> None:
    stream = Stream(running, cookie)
    states = stream.states()
    next(states)
    running.services.sessions.end(cookie)
    assert sum(1 for _ in states) < 5
    stream.close()


def test_one_thread_watches_the_engine_however_many_look(data: Path) -> None:
    watched: list[int] = []

    def source(_control: Path) -> Iterator[Snapshot]:
        watched.append(1)
        yield snapshot()
        stop.wait(60)

    stop = threading.Event()
    live = Live(data, source)
    threads = [threading.Thread(target=live.wait, args=(0, 60)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(watched) == 1
    live.stop()
    stop.set()


def test_the_watch_is_taken_up_again_when_the_engine_comes_back(data: Path, engine: EngineStandIn) -> None:
    live = Live(engine_path := data / "run" / "engine.sock")
    version, first = live.wait(0, 60)
    assert first is not None
    engine.stop()
    again = EngineStandIn(engine_path)
    assert engine_path.exists()
    assert live.wait(version, 60)[0] > version
    live.stop()
    again.stop()


def test_a_snapshot_of_a_later_version_is_read_and_one_that_cannot_be_read_makes_the_last_one_old(
    data: Path, engine: EngineStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    engine.show(lanes=({**msgspec.to_builtins(lane("in")), "colour": "red"},))
    live = Live(data / "run" / "engine.sock")
    version, known = live.wait(0, 60)
    assert known is not None and known.lanes == (lane("in"),)
    engine.show(lanes=({"id": "in", "colour": "red"},))
    until(lambda: "the engine's snapshot cannot be read" in caplog.text)
    assert live.snapshot()[0] is known and live.version == version
    engine.show(lanes=(lane("out"),))
    _, again = live.wait(version, 60)
    assert again is not None and again.lanes == (lane("out"),)
    assert "Traceback" not in caplog.text
    live.stop()


def test_a_screen_that_has_had_no_readable_snapshot_says_that_the_state_is_unknown(
    running: Running, engine: EngineStandIn, cookie: str, directory: DataDirectory
) -> None:
    document = directory.documents.load()
    directory.documents.save({**document, "lanes": [{"id": "in", "direction": "entry", "name": "North in"}]})
    engine.show(lanes=({"id": "in"},))
    stream = Stream(running, cookie)
    shown = next(stream.states())
    (panel,) = shown["lanes"]
    assert shown["age_ms"] > 10**6 and (panel["name"], panel["arm"]) == ("North in", "unknown")
    assert not panel["actions"]["open"]["on"]
    stream.close()


def test_a_stop_wakes_everybody_who_waits(data: Path) -> None:
    live = Live(data / "run" / "engine.sock")
    ended: list[float] = []
    waiter = threading.Thread(target=lambda: ended.append(live.wait(0, 60)[0]))
    waiter.start()
    live.stop()
    waiter.join(60)
    assert ended == [0]


def test_a_slot_is_given_back_once_however_often_it_is_returned() -> None:
    slots = Slots(1)
    release = slots.take()
    with pytest.raises(Problem):
        slots.take()
    release()
    release()
    first = slots.take()
    with pytest.raises(Problem):
        slots.take()
    first()
    assert slots.used == 0


# ---- starting and stopping ----------------------------------------------------------------------------------------


def test_a_stop_in_the_middle_of_streams_is_clean(data: Path, engine: EngineStandIn) -> None:
    running = Running(data)
    services = running.services
    cookie = services.sessions.create(services.site.operators()["Lin"])
    stream = Stream(running, cookie)
    next(stream.states())
    running.end()
    stream.close()


def test_a_port_that_is_taken_is_said_in_words_and_by_exit_code(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve(data, "127.0.0.1", port, threading.Event()) == EXIT_ADDRESS
    assert f"127.0.0.1:{port}" in caplog.text and "gateway.http" in caplog.text


def test_a_served_directory_ends_well_when_told_to(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    codes: list[int] = []
    with caplog.at_level(logging.INFO):
        thread = threading.Thread(target=lambda: codes.append(serve(data, "127.0.0.1", 0, stop)))
        thread.start()
        until(lambda: "web listens at http://127.0.0.1:" in caplog.text)
        stop.set()
        thread.join(60)
    assert codes == [EXIT_OK]


def test_what_a_consumer_confirmed_is_on_disk_after_a_stop(data: Path, write: Write, token: Tokens) -> None:
    from web.platform.webdb import WebDatabase

    write(3)
    running = Running(data)
    central = token("events:read")
    running.get("/api/v1/events?lastEventId=k3v9q2m4x8.1", central)
    running.get("/api/v1/events?lastEventId=k3v9q2m4x8.3", central)
    running.end()
    database = WebDatabase(data / "web.db")
    assert database.rows("SELECT token, sequence FROM consumer") == [("central", 3)]
    database.close()


def test_the_application_opens_nothing_before_it_is_asked(app: Flask, data: Path) -> None:
    assert not (data / "web.db").exists()
    assert held(app).live.version == 0
