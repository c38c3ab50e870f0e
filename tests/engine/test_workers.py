"""A thread that ends unasked is a failure of the process; one that was asked to is not."""

from __future__ import annotations

import threading

import pytest

from gateway.engine.workers import Workers
from tests.engine.conftest import until


def test_a_worker_that_raises_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError("in the worker")

    Workers(failures.append).start("bus io", fail)
    until(lambda: failures)
    assert failures == ["worker bus io failed"]
    assert "in the worker" in caplog.text


def test_a_worker_that_returns_unasked_is_a_failure() -> None:
    failures: list[str] = []
    Workers(failures.append).start("bus io", lambda: None)
    until(lambda: failures)
    assert failures == ["worker bus io ended unexpectedly"]


def test_a_worker_that_was_released_may_end() -> None:
    stop = threading.Event()
    workers = Workers(pytest.fail)
    workers.start("bus io", lambda: stop.wait(30) and None)
    workers.release()
    stop.set()
    assert workers.join(workers.names(), 20) == []
    assert not workers.alive("bus io")


def test_a_worker_that_hangs_is_named() -> None:
    stop = threading.Event()
    workers = Workers(pytest.fail)
    workers.start("bus io", lambda: stop.wait(30) and None)
    workers.release()
    assert workers.join(["bus io"], 0.01) == ["bus io"]
    stop.set()
    assert workers.join(["bus io"], 20) == []


def test_workers_are_found_by_their_kind() -> None:
    stop = threading.Event()
    workers = Workers(pytest.fail)
    for name in ("bus a", "bus b", "core"):
        workers.start(name, lambda: stop.wait(30) and None)
    workers.release()
    stop.set()
    assert workers.names("bus ") == ["bus a", "bus b"]
    assert workers.join(workers.names(), 20) == []
