"""The control socket over a real Unix socket: what clients may do to it and what they get."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.control import Client, Responder
from gateway.control.server import IDLE_S
from gateway.core.vocabulary.errors import (
    DataDirectoryError,
    EngineUnreachableError,
    GatehouseError,
    IdempotencyConflictError,
    InUseError,
    JournalBrokenError,
    NotFoundError,
    RequestError,
    SettingsError,
)
from tests.control.conftest import echo, serving
from tests.support.waiting import wait_until as until


def connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(60)
    sock.connect(str(path))
    return sock


def read_lines(sock: socket.socket, count: int) -> list[dict[str, Any]]:
    data = b""
    while data.count(b"\n") < count:
        chunk = sock.recv(65536)
        assert chunk, "the server closed the connection"
        data += chunk
    return [json.loads(line) for line in data.splitlines()]


def closed(sock: socket.socket) -> bool:
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def test_a_call_gets_the_result_of_its_op(path: Path, client: Client) -> None:
    with serving(path, echo):
        assert client.call("ping", a=1) == {"op": "ping", "a": 1}


def test_the_socket_is_for_owner_and_group_only(path: Path) -> None:
    with serving(path, echo):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("there is no lane 'x'"),
        JournalBrokenError("row 7 does not fit", 7),
        IdempotencyConflictError("used before"),
    ],
)
def test_an_error_arrives_as_its_own_class(path: Path, client: Client, error: GatehouseError) -> None:
    def refuse(_op: str, _params: dict[str, Any], _respond: Responder) -> None:
        raise error

    with serving(path, refuse), pytest.raises(type(error), match=str(error)) as caught:
        client.call("ping")
    assert type(caught.value) is type(error)


def test_every_problem_of_the_settings_arrives(path: Path, client: Client) -> None:
    def refuse(_op: str, _params: dict[str, Any], _respond: Responder) -> None:
        raise SettingsError([("site.id", "is missing"), ("lanes[0]", "is odd")])

    with serving(path, refuse), pytest.raises(SettingsError) as caught:
        client.call("ping")
    assert caught.value.problems == [("site.id", "is missing"), ("lanes[0]", "is odd")]


def test_a_code_that_has_no_class_keeps_its_code(path: Path, client: Client) -> None:
    def refuse(_op: str, _params: dict[str, Any], _respond: Responder) -> None:
        raise GatehouseError("odd", code="something_new")

    with serving(path, refuse), pytest.raises(GatehouseError) as caught:
        client.call("ping")
    assert caught.value.code == "something_new"


def test_a_handler_that_fails_answers_an_error_and_the_server_goes_on(path: Path, client: Client) -> None:
    def fail(op: str, params: dict[str, Any], respond: Responder) -> None:
        if op == "fail":
            raise ZeroDivisionError
        echo(op, params, respond)

    with serving(path, fail):
        with pytest.raises(GatehouseError, match="see its log"):
            client.call("fail")
        assert client.call("ping")["op"] == "ping"


def test_nobody_at_the_socket_is_said(client: Client) -> None:
    with pytest.raises(EngineUnreachableError, match="is the engine running"):
        client.call("ping")


def test_an_engine_that_does_not_answer_is_said(path: Path, client: Client) -> None:
    with serving(path, lambda *_: None), pytest.raises(EngineUnreachableError, match="did not answer"):
        client.call("ping", timeout_s=0.05)


def test_progress_comes_before_the_result(path: Path, client: Client) -> None:
    def slow(_op: str, _params: dict[str, Any], respond: Responder) -> None:
        respond.progress(rows=1000)
        respond.progress(rows=2000)
        respond.result("done")

    seen: list[dict[str, Any]] = []
    with serving(path, slow):
        assert client.call("passes.import", on_progress=seen.append) == "done"
    assert seen == [{"rows": 1000}, {"rows": 2000}]


def test_an_answer_may_come_from_another_thread(path: Path, client: Client) -> None:
    def later(_op: str, params: dict[str, Any], respond: Responder) -> None:
        threading.Thread(target=respond.result, args=(params,)).start()

    with serving(path, later):
        assert client.call("ping", a=2) == {"a": 2}


@pytest.mark.parametrize(
    "line", [b'{"a":' * 50_000 + b"\n", b"not json\n", b"[1]\n", b'{"id": 1}\n', b'{"id": 1, "op": 7}\n', b"\xff\xfe\n"]
)
def test_a_bad_line_is_refused_and_the_next_one_served(path: Path, line: bytes) -> None:
    with serving(path, echo), connected(path) as sock:
        sock.sendall(line + b'{"id": 2, "op": "ping"}\n')
        first, second = read_lines(sock, 2)
    assert first["error"]["code"] == RequestError.code
    assert second == {"id": 2, "ok": True, "result": {"op": "ping"}}


def test_a_request_split_over_many_reads_is_one_request(path: Path) -> None:
    with serving(path, echo), connected(path) as sock:
        for byte in b'{"id": 3, "op": "ping"}\n':
            sock.sendall(bytes([byte]))
        assert read_lines(sock, 1)[0]["id"] == 3


def test_many_requests_in_one_write_are_answered_in_order(path: Path) -> None:
    with serving(path, echo), connected(path) as sock:
        sock.sendall(b"".join(b'{"id": %d, "op": "ping"}\n' % n for n in range(200)))
        assert [line["id"] for line in read_lines(sock, 200)] == list(range(200))


def test_a_line_without_an_end_is_refused_and_the_client_dropped(path: Path) -> None:
    with serving(path, echo) as _, connected(path) as sock:
        with pytest.raises(OSError):
            while True:
                sock.sendall(b"x" * 65536)
        assert Client(path).call("ping")["op"] == "ping"


def test_a_request_that_is_too_long_is_refused_by_the_client(path: Path, client: Client) -> None:
    with serving(path, echo), pytest.raises(RequestError, match="split it"):
        client.call("ping", text="x" * (1 << 20))


def test_a_client_past_the_bound_is_told_to_come_later(path: Path, client: Client) -> None:
    with serving(path, echo, clients_max=1), connected(path) as first:
        first.sendall(b'{"id": 1, "op": "ping"}\n')
        read_lines(first, 1)
        with pytest.raises(GatehouseError) as caught:
            client.call("ping")
    assert caught.value.code in ("busy", "engine_unreachable")


def test_a_place_that_becomes_free_is_given_again(path: Path, client: Client) -> None:
    with serving(path, echo, clients_max=1):
        with connected(path) as first:
            first.sendall(b'{"id": 1, "op": "ping"}\n')
            read_lines(first, 1)
        answer = None
        while answer is None:
            with contextlib.suppress(GatehouseError):
                answer = client.call("ping")


def test_a_client_that_asks_nothing_gives_its_place_to_one_that_does(path: Path, client: Client) -> None:
    now_s = [100.0]
    with (
        serving(path, echo, clients_max=2, mono_s=lambda: now_s[0]) as server,
        connected(path),
        connected(path) as half,
    ):
        half.sendall(b'{"id": 1, "op":')
        until(lambda: len(server._connections) == 2)
        with pytest.raises(GatehouseError):
            client.call("ping")
        now_s[0] += IDLE_S
        for _ in range(2):
            assert client.call("ping") == {"op": "ping"}


def test_a_client_that_watches_or_waits_for_its_answer_keeps_its_place(path: Path, client: Client) -> None:
    now_s = [100.0]
    late: list[Responder] = []

    def handler(op: str, params: dict[str, Any], respond: Responder) -> None:
        late.append(respond) if op == "later" else watch_handler(op, params, respond)

    with serving(path, handler, clients_max=2, mono_s=lambda: now_s[0]), connected(path) as one, connected(path) as two:
        one.sendall(b'{"id": 1, "op": "watch"}\n')
        read_lines(one, 2)
        two.sendall(b'{"id": 1, "op": "later"}\n')
        until(lambda: late)
        now_s[0] += 100 * IDLE_S
        with pytest.raises(GatehouseError):
            client.call("ping")
        late[0].result("at last")
        assert read_lines(two, 1)[0]["result"] == "at last"
        with contextlib.suppress(GatehouseError):  # the place is free from now on
            client.call("watch")
        assert closed(two)


def test_without_descriptors_it_knocks_and_is_let_in_later(path: Path, client: Client) -> None:
    class Full:
        """The listening socket of a process that may open nothing more, for a while."""

        def __init__(self, listener: socket.socket) -> None:
            self.listener, self.asked = listener, 0

        def accept(self) -> Any:
            self.asked += 1
            if self.asked < 4:
                raise OSError(errno.EMFILE, "too many open files")
            return self.listener.accept()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.listener, name)

    with serving(path, echo) as server:
        server._listener = full = Full(server._listener)  # type: ignore[assignment, arg-type]
        assert client.call("ping") == {"op": "ping"}
        assert full.asked == 4


def watch_handler(_op: str, _params: dict[str, Any], respond: Responder) -> None:
    respond.watch(b'{"event":"state","state":{"n":0}}\n')


def test_a_watcher_gets_the_first_state_and_every_broadcast(path: Path, client: Client) -> None:
    with serving(path, watch_handler) as server:
        states = client.watch(dict[str, Any])
        assert next(states) == {"n": 0}
        for number in (1, 2):
            # The watcher counts from the line after its first state on.
            while not any(one.watching for one in server._connections):
                pass
            server.broadcast(b'{"event":"state","state":{"n":%d}}\n' % number)
            assert next(states) == {"n": number}
        states.close()  # type: ignore[attr-defined]


def test_a_watcher_learns_that_the_engine_ended(path: Path, client: Client) -> None:
    with serving(path, watch_handler):
        states = client.watch(dict[str, Any])
        next(states)
    with pytest.raises(EngineUnreachableError):
        next(states)


def test_a_watcher_gets_what_it_asks_for_and_an_error_for_what_is_not_that(path: Path, client: Client) -> None:
    class Number(msgspec.Struct):
        n: int

    def watched(_op: str, _params: dict[str, Any], respond: Responder) -> None:
        respond.watch(b'{"event":"state","state":{"n":0,"more":[1]}}\n{"event":"state","state":{"m":1}}\n')

    with serving(path, watched):
        states = client.watch(Number)
        assert next(states) == Number(0)
        with pytest.raises(RequestError, match=r"snapshot cannot be read: .* required field `n`"):
            next(states)


def test_the_present_state_is_of_the_type_that_is_asked_for_or_an_error(path: Path, client: Client) -> None:
    class Number(msgspec.Struct):
        n: int

    states = iter([{"n": 7, "more": [1]}, {"m": 1}])
    with serving(path, lambda _op, _params, respond: respond.result(next(states))):
        assert client.state(Number) == Number(7)
        with pytest.raises(RequestError, match=r"snapshot cannot be read: .* required field `n`"):
            client.state(Number)


def test_a_slow_reader_is_dropped_by_name_and_others_are_served(
    path: Path, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    line = b'{"event":"state","state":"' + b"x" * 60_000 + b'"}\n'
    with serving(path, watch_handler, unread_max_bytes=200_000) as server, connected(path) as sock:
        sock.sendall(b'{"id": 1, "op": "watch"}\n')
        read_lines(sock, 2)
        connection = next(iter(server._connections))
        while not connection.dropped:
            server.broadcast(line)
        assert f"(pid {os.getpid()}) does not read" in caplog.text
        assert closed(sock)
        assert next(client.watch(dict[str, Any])) == {"n": 0}


def test_a_stale_socket_file_is_replaced(path: Path, client: Client) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with serving(path, echo):
        assert client.call("ping")["op"] == "ping"


def test_a_socket_that_answers_is_left_alone(path: Path, client: Client) -> None:
    with serving(path, echo):
        with pytest.raises(InUseError), serving(path, echo):
            pass
        assert client.call("ping")["op"] == "ping"


def test_a_directory_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError), serving(tmp_path / "no" / "engine.sock", echo):
        pass


def test_a_path_too_long_for_a_socket_address_is_served(tmp_path: Path) -> None:
    long = tmp_path / ("d" * 100)
    long.mkdir()
    path = long / "engine.sock"
    with serving(path, echo):
        assert Client(path).call("ping")["op"] == "ping"
    assert not path.exists()
