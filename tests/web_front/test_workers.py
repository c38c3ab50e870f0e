"""The lines before the threads: no crowd takes the place of another, and a full line turns away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from waitress.adjustments import Adjustments

from tests.support.engine_stand_in import EngineStandIn
from tests.support.waiting import wait_until
from tests.web_front.conftest import Clock, Fronted
from web.front.channel import BUSY_S, Parser
from web.front.places import Kind
from web.front.server import _sort as sort_of
from web.front.workers import (
    LINES,
    SAME_PEER_MAX,
    SIGN_IN_PAUSE_S,
    STRANGERS_AT_ONCE,
    WAITING_STRANGERS_AT_ONCE,
    Sort,
    Workers,
)

THREADS = 12


class Job:
    """A request that takes until it is let go."""

    def __init__(self, *, own: bool = False, sort: Sort = Sort.PLAIN, peer: str = "") -> None:
        self.own, self.sort, self.peer = own, sort, peer or str(id(self))
        self.began, self.may_end = threading.Event(), threading.Event()
        self.cancelled = False

    def service(self) -> None:
        self.began.set()
        self.may_end.wait(60)

    def cancel(self) -> None:
        self.cancelled = True


class Crowd:
    """Workers, and every job that they were given."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.workers = Workers(THREADS, self.clock)
        self.jobs: list[Job] = []

    def add(self, count: int, **kind: Any) -> list[Job]:
        """So many jobs of a kind, those that were taken."""
        found = [Job(**kind) for _ in range(count)]
        self.jobs += found
        return [job for job in found if self.workers.add_task(job)]


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    made = Crowd()
    yield made
    for job in made.jobs:
        job.may_end.set()
    assert made.workers.shutdown(timeout=60)


def began(jobs: list[Job]) -> int:
    return sum(job.began.is_set() for job in jobs)


def test_strangers_leave_threads_for_the_booth(crowd: Crowd) -> None:
    strangers = crowd.add(40)
    wait_until(lambda: began(strangers) == STRANGERS_AT_ONCE)
    sign_ins, streams = crowd.add(5, sort=Sort.SIGNS_IN), crowd.add(9, sort=Sort.WAITS)
    wait_until(lambda: (began(sign_ins), began(streams)) == (1, WAITING_STRANGERS_AT_ONCE))
    booth = crowd.add(9, own=True)
    wait_until(lambda: began(booth) == 4)
    assert (began(strangers), began(sign_ins), began(streams)) == (STRANGERS_AT_ONCE, 1, WAITING_STRANGERS_AT_ONCE)


def test_the_booth_goes_before_strangers_who_wait(crowd: Crowd) -> None:
    first = crowd.add(THREADS, own=True)
    wait_until(lambda: began(first) == THREADS)
    strangers, booth = crowd.add(3), crowd.add(1, own=True)
    first[0].may_end.set()
    wait_until(lambda: began(booth) == 1)
    assert began(strangers) == 0


def test_sign_ins_come_one_at_a_time_with_a_pause_and_those_of_the_booth_first(crowd: Crowd) -> None:
    network = crowd.add(3, sort=Sort.SIGNS_IN)
    wait_until(lambda: began(network) == 1)
    booth = crowd.add(1, sort=Sort.SIGNS_IN, own=True)
    network[0].may_end.set()
    wait_until(lambda: crowd.workers._sign_in_from_s > 0)
    assert began(booth) == 0
    crowd.clock.now_s += SIGN_IN_PAUSE_S
    wait_until(lambda: began(booth) == 1)
    assert began(network) == 1


@pytest.mark.parametrize("key", list(LINES))
def test_a_line_is_bounded(crowd: Crowd, key: tuple[bool, Sort]) -> None:
    own, sort = key
    line = LINES[key]
    served = crowd.add(line.at_once, own=own, sort=sort)
    wait_until(lambda: began(served) == line.at_once)
    assert len(crowd.add(line.waiting_max + 3, own=own, sort=sort)) == line.waiting_max


def test_one_strange_address_does_not_fill_the_line_of_sign_ins(crowd: Crowd) -> None:
    first = crowd.add(1, sort=Sort.SIGNS_IN, peer="10.0.0.9")
    wait_until(lambda: began(first) == 1)
    assert len(crowd.add(9, sort=Sort.SIGNS_IN, peer="10.0.0.9")) == SAME_PEER_MAX
    assert len(crowd.add(9, sort=Sort.SIGNS_IN, own=True, peer="127.0.0.1")) == 9
    assert len(crowd.add(1, sort=Sort.SIGNS_IN, peer="10.0.0.10")) == 1


def test_a_job_that_raises_ends_no_thread(crowd: Crowd, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Job):
        def service(self) -> None:
            raise SystemExit("never")

    for _ in range(THREADS * 2):
        crowd.workers.add_task(Broken(own=True))
    whole = crowd.add(1, own=True)
    wait_until(lambda: began(whole) == 1)
    assert "serving a request failed" in caplog.text


def test_at_the_end_those_who_wait_are_given_up() -> None:
    workers = Workers(1)
    first, second = Job(own=True), Job(own=True)
    workers.add_task(first)
    wait_until(first.began.is_set)
    workers.add_task(second)
    first.may_end.set()
    workers.shutdown(timeout=60)
    assert second.cancelled or second.began.is_set()
    assert not workers.add_task(Job())


@pytest.mark.parametrize(
    ("line", "sort"),
    [
        ("POST /sign-in", Sort.SIGNS_IN),
        ("POST /setup", Sort.SIGNS_IN),
        ("GET /sign-in", Sort.PLAIN),
        ("GET /live", Sort.WAITS),
        ("GET /api/v1/events?timeout=9", Sort.WAITS),
        ("GET /api/v1/events?limit=9", Sort.PLAIN),
        ("GET /api/v1/events.xlsx", Sort.WAITS),
        ("NONSENSE", Sort.PLAIN),
    ],
)
def test_a_request_has_its_line_by_its_address(line: str, sort: Sort) -> None:
    request = Parser(Adjustments())
    request.received(f"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert sort_of(request) == sort


# ---- a flood of sign-ins ------------------------------------------------------------------------------------------


def test_a_flood_of_sign_ins_is_turned_away_and_costs_no_guard_a_page(
    front: Fronted, engine: EngineStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashing, go_on = threading.Event(), threading.Event()

    def slow_hash(_pin: str) -> str:
        hashing.set()
        go_on.wait(60)
        return ""

    monkeypatch.setattr("web.people.auth.hash_pin", slow_hash)
    front.comes_as(Kind.STRANGER)
    form = "name=Nobody&pin=1"
    sign_in = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(form)}\r\n\r\n{form}"
    flood = [front.connect().send(sign_in) for _ in range(40)]
    assert hashing.wait(60)
    most = SAME_PEER_MAX + LINES[False, Sort.SIGNS_IN].at_once
    # More are, when a worker begins later than the queue is full.
    front.until(lambda: sum(one._turned_away is not None for one in front.server.front.channels()) >= 40 - most)
    page = "GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert [front.connect().send(page).status() for _ in range(20)] == [200] * 20
    front.clock.now_s += BUSY_S
    front.until(lambda: sum(not one.is_open() for one in flood) >= 40 - most)
    answers = [one.answer() for one in flood if not one.is_open()]
    assert all(answer.startswith(b"HTTP/1.1 503") and b"Retry-After: 2" in answer for answer in answers)
    assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["code"] == "busy"
    go_on.set()
