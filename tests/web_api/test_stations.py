"""Who stands at the lane: a booth's own screen at its lanes, and nobody else, whatever role or page they have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import SITE, Running
from web.people.sessions import form_token
from web.people.stations import COOKIE, KEPT_S

LANES = [
    {"id": one, "direction": way, "barrier": {"open": f"io.output.{n}"}}
    for n, (one, way) in enumerate((("in", "entry"), ("out", "exit")))
]
DEVICES = [{"id": "io", "driver": "noop"}]
NORTH = {"id": "north", "name": "North booth", "lanes": ["in"]}
BOOTH_PEER, FAR_PEER = "127.0.0.1", "10.0.0.9"
PROXIES = [
    {"Forwarded": "for=10.0.0.9"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Anything": "1"},
    {"X-Real-IP": "127.0.0.1"},
    {"X-Forwarded": "for=127.0.0.1"},
    {"Forwarded-For": "127.0.0.1"},
    {"X-Client-IP": "127.0.0.1"},
    {"Client-IP": "127.0.0.1"},
    {"True-Client-IP": "127.0.0.1"},
    {"CF-Connecting-IP": "127.0.0.1"},
    {"Via": "1.1 proxy"},
]


def set_up(directory: DataDirectory, *stations: dict[str, Any]) -> None:
    directory.save_site({**SITE, "devices": DEVICES, "lanes": LANES, "stations": list(stations)})


class Screen:
    """A browser somewhere, signed in as Lin."""

    def __init__(self, app: Flask, peer: str = BOOTH_PEER, **headers: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.peer, self.headers = peer, headers
        answer = self.post("/sign-in", {"name": "Lin", "pin": "2468"})
        assert answer.status_code == 303

    def post(self, path: str, form: dict[str, str], **headers: str) -> Any:
        cookie = self.client.get_cookie("gatehouse")
        csrf = {"csrf": form_token(cookie.value)} if cookie else {}
        return self.client.post(
            path, data={**csrf, **form}, headers={**self.headers, **headers}, environ_base={"REMOTE_ADDR": self.peer}
        )

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers, environ_base={"REMOTE_ADDR": self.peer})

    def order(self, command: str = "open", lane_id: str = "in", **body: Any) -> Any:
        csrf = form_token(self.client.get_cookie("gatehouse").value)
        return self.client.post(
            f"/guard/lanes/{lane_id}/{command}",
            json=body,
            headers={**self.headers, "X-CSRF-Token": csrf},
            environ_base={"REMOTE_ADDR": self.peer},
        )

    def take_key(self, key: str) -> Any:
        return self.post("/station", {"key": key})


def told(engine: EngineStandIn) -> list[tuple[str, str, bool]]:
    """What the engine was told of who asks, for each order."""
    return [(one["via"], one["station"], one["present"]) for one in engine.calls("lane.command")]


# ---- without stations: the machine's own screen ------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_the_machines_own_screen_stands_at_every_lane(app: Flask, engine: EngineStandIn, peer: str) -> None:
    screen = Screen(app, peer)
    screen.order("open", "in")
    screen.order("open", "out")
    assert told(engine) == [("guard", "booth", True)] * 2


@pytest.mark.parametrize("peer", ["10.0.0.9", "192.168.1.20", "2001:db8::1", "::ffff:10.0.0.9"])
def test_a_browser_elsewhere_is_remote_whoever_is_signed_in(app: Flask, engine: EngineStandIn, peer: str) -> None:
    Screen(app, peer).order("unlock", reason="work_done", pin="2468")
    Screen(app, peer).order("emergency")
    assert told(engine) == [("browser", "", False)] * 2


@pytest.mark.parametrize("header", PROXIES, ids=lambda one: next(iter(one)))
def test_what_came_through_a_proxy_is_remote(app: Flask, engine: EngineStandIn, header: dict[str, str]) -> None:
    Screen(app, BOOTH_PEER, **header).order("emergency")
    assert told(engine) == [("browser", "", False)]


def test_a_cookie_makes_no_station_where_none_is_set_up(app: Flask, engine: EngineStandIn) -> None:
    screen = Screen(app, FAR_PEER)
    screen.client.set_cookie(COOKIE, "1" * 20)
    screen.order("emergency")
    assert told(engine) == [("browser", "", False)]


# ---- with stations: whoever holds the key ------------------------------------------------------------------------


def test_with_stations_the_machines_own_browser_is_one_only_with_a_key(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    set_up(directory, NORTH)
    screen = Screen(app)
    screen.order("emergency")
    assert screen.take_key(directory.station_keys.issue("north")).status_code == 303
    screen.order("emergency")
    assert told(engine) == [("browser", "", False), ("guard", "north", True)]


def test_a_station_stands_at_its_lanes_and_at_no_other(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    set_up(directory, NORTH)
    screen = Screen(app, FAR_PEER)
    screen.take_key(directory.station_keys.issue("north"))
    screen.order("open", "in")
    screen.order("open", "out")
    assert told(engine) == [("guard", "north", True), ("guard", "north", False)]


def test_the_key_is_kept_out_of_reach_for_long_and_renewed(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    set_up(directory, NORTH)
    screen = Screen(app, FAR_PEER)
    taken = screen.take_key(directory.station_keys.issue("north"))
    for answer in (taken, screen.get("/")):
        cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(COOKIE))
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and f"Max-Age={KEPT_S}" in cookie


def test_a_new_key_ends_the_station_that_held_the_old_one(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    set_up(directory, NORTH)
    screen = Screen(app, FAR_PEER)
    screen.take_key(directory.station_keys.issue("north"))
    directory.station_keys.issue("north")
    screen.order("emergency")
    assert told(engine) == [("browser", "", False)]


def test_a_station_that_was_taken_out_of_the_site_file_is_none(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    set_up(directory, {"id": "south"})
    screen = Screen(app, FAR_PEER)
    screen.client.set_cookie(COOKIE, directory.station_keys.issue("north"))
    screen.order("emergency")
    assert told(engine) == [("browser", "", False)]


@pytest.mark.parametrize(
    ("address", "peer", "is_one"),
    [
        ("10.0.0.9", "10.0.0.9", True),
        ("10.0.0.9", "::ffff:10.0.0.9", True),
        ("10.0.0.0/24", "10.0.0.77", True),
        ("10.0.0.9/24", "10.0.0.77", True),
        ("10.0.0.9", "10.0.0.10", False),
        ("10.0.0.0/24", "127.0.0.1", False),
        ("2001:db8::/32", "2001:db8::7", True),
        ("2001:db8::/32", "10.0.0.9", False),
    ],
)
def test_an_address_narrows_a_station_further(
    app: Flask, engine: EngineStandIn, directory: DataDirectory, address: str, peer: str, is_one: bool
) -> None:
    set_up(directory, {**NORTH, "address": address})
    screen = Screen(app, peer)
    screen.client.set_cookie(COOKIE, directory.station_keys.issue("north"))
    screen.order("emergency")
    assert told(engine) == [("guard", "north", True) if is_one else ("browser", "", False)]


def test_an_address_never_stands_for_the_key(app: Flask, engine: EngineStandIn, directory: DataDirectory) -> None:
    set_up(directory, {**NORTH, "address": "10.0.0.9"})
    Screen(app, "10.0.0.9").order("emergency")
    assert told(engine) == [("browser", "", False)]


@pytest.mark.parametrize("header", PROXIES, ids=lambda one: next(iter(one)))
def test_a_key_that_came_through_a_proxy_is_worth_nothing(
    app: Flask, engine: EngineStandIn, directory: DataDirectory, header: dict[str, str]
) -> None:
    set_up(directory, NORTH)
    screen = Screen(app, BOOTH_PEER, **header)
    key = directory.station_keys.issue("north")
    refused = screen.take_key(key)
    assert refused.status_code == 403 and "proxy" in refused.text
    screen.client.set_cookie(COOKIE, key)
    screen.order("emergency")
    assert told(engine) == [("browser", "", False)]


def test_a_wrong_key_is_answered_on_the_page_and_makes_no_station(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    set_up(directory, NORTH)
    directory.station_keys.issue("north")
    screen = Screen(app, FAR_PEER)
    refused = screen.take_key("1234 5678 9012 3456 7890")
    assert refused.status_code == 403 and "does not match" in refused.text
    assert COOKIE not in " ".join(refused.headers.getlist("Set-Cookie"))


def test_the_page_says_which_station_this_is_and_whether_one_is_needed(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    here = app.test_client()
    assert "only one" in here.get("/station").text
    set_up(directory, NORTH)
    assert "Not a booth&#39;s screen" in here.get("/station").text
    here.set_cookie(COOKIE, directory.station_keys.issue("north"))
    assert "North booth" in here.get("/station").text


def test_a_key_file_that_cannot_be_read_makes_no_station_and_breaks_no_page(
    app: Flask, engine: EngineStandIn, directory: DataDirectory
) -> None:
    set_up(directory, NORTH)
    screen = Screen(app, FAR_PEER)
    screen.take_key(directory.station_keys.issue("north"))
    (directory.secrets / "stations.json").write_text("{ half")
    assert screen.order("open").status_code == 200
    assert told(engine) == [("browser", "", False)]


# ---- a real server: what a proxy adds is seen ---------------------------------------------------------------------


def test_a_real_server_lets_a_proxys_headers_through(running: Running, engine: EngineStandIn, data: Path) -> None:
    status, _, body = running.get("/metrics", {"X-Forwarded-For": "10.0.0.9"})
    assert (status, b"token_missing" in body) == (401, True)
    assert running.get("/metrics")[0] == 200


# ---- the chosen lane ---------------------------------------------------------------------------------------------


def choose(screen: Screen, lane_id: str) -> Any:
    csrf = form_token(screen.client.get_cookie("gatehouse").value)
    return screen.client.post(
        "/guard/choose",
        json={"lane": lane_id},
        headers={**screen.headers, "X-CSRF-Token": csrf},
        environ_base={"REMOTE_ADDR": screen.peer},
    )


def test_a_stations_chosen_lane_is_told_to_the_engine(app: Flask, engine: EngineStandIn) -> None:
    assert choose(Screen(app), "in").status_code == 200
    assert engine.calls("lane.choose") == [{"station": "booth", "lane": "in", "by": "Lin"}]


def test_another_page_chooses_for_nobody(app: Flask, engine: EngineStandIn, directory: DataDirectory) -> None:
    assert choose(Screen(app, FAR_PEER), "in").status_code == 409
    set_up(directory, NORTH)
    screen = Screen(app, FAR_PEER)
    screen.take_key(directory.station_keys.issue("north"))
    refused = choose(screen, "out")
    assert (refused.status_code, refused.json["code"]) == (409, "on_the_spot_only")
    assert engine.calls("lane.choose") == []


# ---- alarms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("peer", "way"), [(BOOTH_PEER, ("guard", "booth")), (FAR_PEER, ("browser", ""))])
def test_the_way_an_acknowledgement_came_is_told(
    app: Flask, engine: EngineStandIn, peer: str, way: tuple[str, str]
) -> None:
    screen = Screen(app, peer)
    csrf = form_token(screen.client.get_cookie("gatehouse").value)
    path = "/guard/alarms/a-1/acknowledge"
    screen.client.post(path, json={}, headers={"X-CSRF-Token": csrf}, environ_base={"REMOTE_ADDR": peer})
    asked = engine.calls("alarm.command")[0]
    assert (asked["via"], asked["station"]) == way
