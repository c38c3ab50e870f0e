"""Each kind of client has its own places, and past its bound the oldest unfinished request is dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import SITE, held
from tests.web_front.conftest import Fronted
from web.front.places import (
    BUFFERED_MAX_BYTES,
    CONNECTIONS_MAX,
    KNOWN_MAX,
    KNOWN_S,
    UNFINISHED_MAX,
    Acquaintances,
    Kind,
    bound_bodies,
    make_room,
)

Tokens = Callable[..., dict[str, str]]
FAR = "10.0.0.9"


@dataclass
class One:
    """A connection."""

    kind: Kind = Kind.STRANGER
    unfinished_since_s: float | None = None
    idle_since_s: float | None = None
    buffered_bytes: int = 0
    dropped: list[int] = field(default_factory=list)

    def drop(self) -> None:
        self.dropped.append(1)


def test_past_the_bound_on_open_requests_the_oldest_is_dropped() -> None:
    open_ones = [One(unfinished_since_s=n) for n in range(UNFINISHED_MAX)]
    assert make_room(Kind.STRANGER, open_ones[1:]) and not any(one.dropped for one in open_ones)
    assert make_room(Kind.STRANGER, reversed(open_ones))
    assert [one.unfinished_since_s for one in open_ones if one.dropped] == [0]


def test_a_kind_takes_no_place_of_another() -> None:
    crowd = [One(unfinished_since_s=n) for n in range(UNFINISHED_MAX * 2)]
    assert make_room(Kind.LOCAL, crowd) and make_room(Kind.KNOWN, crowd)
    assert not any(one.dropped for one in crowd)


def test_a_connection_that_rests_goes_before_one_with_a_request() -> None:
    crowd = [One(unfinished_since_s=0), *(One(idle_since_s=n) for n in range(CONNECTIONS_MAX - 1, 0, -1))]
    assert make_room(Kind.STRANGER, crowd)
    assert [one.idle_since_s for one in crowd if one.dropped] == [1]


def test_what_is_being_served_is_never_dropped() -> None:
    crowd = [One() for _ in range(CONNECTIONS_MAX)]
    assert not make_room(Kind.STRANGER, crowd) and not any(one.dropped for one in crowd)


def test_bodies_of_a_kind_are_bounded_in_sum() -> None:
    third = BUFFERED_MAX_BYTES // 3
    crowd = [One(unfinished_since_s=n, buffered_bytes=third) for n in range(5)]
    assert bound_bodies(Kind.STRANGER, crowd)
    assert [one.unfinished_since_s for one in crowd if one.dropped] == [0, 1]


def test_bodies_that_are_served_are_not_dropped_for_it() -> None:
    crowd = [One(buffered_bytes=BUFFERED_MAX_BYTES + 1), One(unfinished_since_s=1)]
    assert not bound_bodies(Kind.STRANGER, crowd) and not crowd[0].dropped
    assert bound_bodies(Kind.LOCAL, crowd)


# ---- who is who ---------------------------------------------------------------------------------------------------


def test_this_machine_is_local_and_a_booths_address_is_known() -> None:
    known = Acquaintances(lambda: ["192.168.1.0/28"])
    peers = ("127.0.0.1", "::1", "::ffff:127.0.0.1", "192.168.1.3", "192.168.1.99", FAR)
    assert [known.kind(peer) for peer in peers] == [Kind.LOCAL] * 3 + [Kind.KNOWN, Kind.STRANGER, Kind.STRANGER]


def test_an_address_that_has_shown_something_is_known_for_a_day() -> None:
    now_s = 0.0
    known = Acquaintances(mono_s=lambda: now_s)
    known.learn(FAR)
    assert known.kind(FAR) == Kind.KNOWN
    now_s = KNOWN_S
    assert known.kind(FAR) == Kind.STRANGER


def test_only_so_many_are_kept_and_the_oldest_goes() -> None:
    known = Acquaintances()
    for number in range(KNOWN_MAX + 1):
        known.learn(f"10.1.0.{number}")
    assert [known.kind(f"10.1.0.{number}") for number in (0, 1, KNOWN_MAX)] == [Kind.STRANGER, Kind.KNOWN, Kind.KNOWN]


def test_a_session_a_stations_key_and_a_cameras_token_make_an_address_known(
    app: Flask, client: FlaskClient, engine: EngineStandIn, directory: DataDirectory, token: Tokens
) -> None:
    known = held(app).acquaintances
    client.post("/sign-in", data={"name": "Lin", "pin": "9"}, environ_base={"REMOTE_ADDR": "10.0.0.1"})
    client.post("/sign-in", data={"name": "Lin", "pin": "2468"}, environ_base={"REMOTE_ADDR": "10.0.0.2"})
    camera = token("plates:push", name="camera")
    client.post("/hooks/plates/cam", json={}, headers=camera, environ_base={"REMOTE_ADDR": "10.0.0.3"})
    client.post("/hooks/plates/cam", json={}, environ_base={"REMOTE_ADDR": "10.0.0.4"})
    directory.save_site({**SITE, "stations": [{"id": "north"}]})
    client.set_cookie("gatehouse_station", directory.station_keys.issue("north"))
    client.get("/station", environ_base={"REMOTE_ADDR": "10.0.0.5"})
    proxied = {"X-Forwarded-For": "10.0.0.5"}
    client.get("/station", headers=proxied, environ_base={"REMOTE_ADDR": "10.0.0.6"})
    kinds = [known.kind(f"10.0.0.{number}") for number in range(1, 7)]
    strange, familiar = Kind.STRANGER, Kind.KNOWN
    assert kinds == [strange, familiar, familiar, strange, familiar, strange]


# ---- on the wire --------------------------------------------------------------------------------------------------


def page(front: Fronted) -> int:
    return front.connect().send("GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").status()


def test_two_hundred_half_open_requests_keep_nobody_from_a_page(front: Fronted) -> None:
    front.comes_as(Kind.STRANGER)
    half = [front.connect().send("GET / HTTP/1.1\r\nX-A: ") for _ in range(210)]
    front.until(lambda: sum(one.is_open() for one in half) == UNFINISHED_MAX)
    assert page(front) == 200
    front.comes_as(Kind.LOCAL)
    assert page(front) == 200
    # The oldest were dropped; one more place was made for each page.
    assert not any(one.is_open() for one in half[: 210 - UNFINISHED_MAX]) and half[-1].is_open()


def test_unfinished_bodies_take_bounded_memory(front: Fronted) -> None:
    front.comes_as(Kind.STRANGER)
    head = "POST /api/v1/passes/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n"
    clients = []
    for _ in range(50):
        clients.append(front.connect())
        try:
            clients[-1].send(head).send(b" " * 900_000)
        except OSError:
            continue
    front.until(lambda: sum(one.buffered_bytes for one in front.server.front.channels()) <= BUFFERED_MAX_BYTES)
    assert page(front) == 200


def test_a_crowd_of_strangers_leaves_the_places_of_the_booth(front: Fronted) -> None:
    front.comes_as(Kind.KNOWN)
    booth = front.connect().send("GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n")
    front.settled(1)
    front.comes_as(Kind.STRANGER)
    for _ in range(UNFINISHED_MAX * 2):
        front.connect().send("GET")
    front.until(lambda: len(front.server.front.channels()) == UNFINISHED_MAX + 1)
    assert booth.is_open() and booth.send("\r\n").status() == 200


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_served(front: Fronted, kind: Kind, data: Path) -> None:
    front.comes_as(kind)
    assert page(front) == 200
