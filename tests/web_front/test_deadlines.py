"""Whole headers within 5 s, a whole body within 10 s and 1 s for each 64 kB, and answers from the server itself."""

from __future__ import annotations

import json

import pytest

from tests.web_front.conftest import Fronted
from web.front.deadlines import BODY_S, HEADERS_S, IDLE_S, LINGER_S, body_s
from web.platform.headers import SAFE
from web.platform.problems import BODY_MAX_BYTES, PICTURE_MAX_BYTES

HOST = "Host: 127.0.0.1\r\n"
POST = f"POST /api/v1/passes/batch HTTP/1.1\r\n{HOST}"


def problem(answer: bytes) -> tuple[int, str]:
    """Status and code of a problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head and b"Connection: close" in head, head
    assert all(f"{name}: {value}".encode() in head for name, value in SAFE)
    document = json.loads(body)
    assert document["status"] == int(head[9:12]) and document["detail"]
    return document["status"], document["code"]


def test_the_time_of_a_body_grows_with_it() -> None:
    assert (HEADERS_S, BODY_S) == (5, 10)
    assert [body_s(size) for size in (0, 64 * 1024, 640 * 1024)] == [10, 11, 20]


def test_headers_that_are_not_whole_in_time_are_answered_and_closed(front: Fronted) -> None:
    slow = front.connect().send(f"GET / HTTP/1.1\r\n{HOST}X-A: ")
    front.settled(1)
    front.clock.now_s += HEADERS_S - 0.1
    slow.send("a")
    assert slow.is_open()
    front.clock.now_s += 0.2
    assert problem(slow.answer()) == (408, "too_slow")


def test_a_connection_that_says_nothing_is_closed_without_an_answer(front: Fronted) -> None:
    silent = front.connect()
    front.settled(1)
    front.clock.now_s += HEADERS_S + 0.1
    assert silent.answer() == b""


@pytest.mark.parametrize("head", [f"{POST}Content-Length: 655360\r\n\r\n", f"{POST}Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_is_not_whole_in_time_is_answered_and_closed(front: Fronted, head: str) -> None:
    slow = front.connect().send(head).send("1\r\n")
    front.until(lambda: any(one._headers_s is not None for one in front.server.front.channels()))
    front.clock.now_s += BODY_S - 0.1
    assert slow.is_open()
    front.clock.now_s += (20 if "655360" in head else 10) + 0.2 - BODY_S + 0.1
    assert problem(slow.answer()) == (408, "too_slow")


def test_a_large_body_has_the_time_of_its_size(front: Fronted) -> None:
    slow = front.connect().send(f"{POST}Content-Length: 655360\r\nConnection: close\r\n\r\n").send(b" " * 1000)
    front.until(lambda: any(one._headers_s is not None for one in front.server.front.channels()))
    front.clock.now_s += 19.5
    slow.send(b" " * (655360 - 1000))
    assert problem(slow.answer())[0] == 401


def test_a_second_request_has_its_own_time_from_its_first_byte(front: Fronted) -> None:
    kept = front.connect().send(f"HEAD /sign-in HTTP/1.1\r\n{HOST}\r\n")
    while b"\r\n\r\n" not in (found := kept.socket.recv(65536)):
        assert found
    front.until(lambda: all(one.idle_since_s is not None for one in front.server.front.channels()))
    front.clock.now_s += IDLE_S - 10
    kept.send("G")
    front.until(lambda: any(one._began_s is not None for one in front.server.front.channels()))
    front.clock.now_s += HEADERS_S - 0.1
    assert kept.is_open()
    front.clock.now_s += 0.2
    assert problem(kept.answer())[0] == 408


def test_a_connection_that_rests_is_closed_after_a_minute(front: Fronted) -> None:
    kept = front.connect().send(f"HEAD /sign-in HTTP/1.1\r\n{HOST}\r\n")
    while b"\r\n\r\n" not in kept.socket.recv(65536):
        pass
    front.until(lambda: all(one.idle_since_s is not None for one in front.server.front.channels()))
    front.clock.now_s += IDLE_S + 0.1
    assert kept.answer() == b""


def test_blank_lines_alone_are_no_request_and_rest_no_longer(front: Fronted) -> None:
    blank = front.connect().send("\r\n\r\n")
    front.until(lambda: any(one._began_s is None for one in front.server.front.channels()))
    front.clock.now_s += IDLE_S + 0.1
    assert blank.answer() == b""


# ---- what the server itself refuses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("NONSENSE\r\n\r\n", 400, "request_invalid"),
        ("GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400, "request_invalid"),
        (f"{POST}Content-Length: -1\r\n\r\n", 400, "request_invalid"),
        (f"{POST}Content-Length: 1, 2\r\n\r\n", 400, "request_invalid"),
        (f"{POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "request_invalid"),
        (f"{POST}Transfer-Encoding: gzip\r\n\r\n", 501, "not_supported"),
        (f"GET / HTTP/1.1\r\n{HOST}X-A: {'a' * 40_000}\r\n\r\n", 431, "headers_too_large"),
        (f"{POST}Content-Length: {BODY_MAX_BYTES + 1}\r\n\r\n", 413, "too_large"),
        (f"{POST}Content-Length: 99999999999\r\n\r\n", 413, "too_large"),
        (f"POST /hooks/plates/a HTTP/1.1\r\n{HOST}Content-Length: {PICTURE_MAX_BYTES + 1}\r\n\r\n", 413, "too_large"),
    ],
)
def test_what_cannot_be_read_is_a_problem_too(front: Fronted, sent: str, status: int, code: str) -> None:
    assert problem(front.connect().send(sent).answer()) == (status, code)


def test_a_person_gets_a_page(front: Fronted) -> None:
    head = f"POST /sign-in HTTP/1.1\r\n{HOST}Accept: text/html\r\nContent-Length: 2000000\r\n\r\n"
    answer = front.connect().send(head).answer()
    assert answer.startswith(b"HTTP/1.1 413") and b"text/html" in answer and "内容过大".encode() in answer


def test_a_client_that_is_still_sending_reads_its_answer(front: Fronted) -> None:
    client = front.connect().send(f"{POST}Content-Length: 2000000\r\n\r\n")
    client.send(b" " * 2_000_000)
    assert problem(client.answer()) == (413, "too_large")


def test_a_chunked_body_is_cut_off_at_its_bound(front: Fronted) -> None:
    client = front.connect().send(f"{POST}Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(BODY_MAX_BYTES // 65536 + 1):
        client.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
    assert problem(client.answer()) == (413, "too_large")


def test_one_that_goes_on_sending_is_closed_in_the_end(front: Fronted) -> None:
    client = front.connect().send(f"{POST}Content-Length: 2000000\r\n\r\n")
    front.until(lambda: any(one._linger_until_s is not None for one in front.server.front.channels()))
    front.clock.now_s += LINGER_S + 0.1
    front.settled(0)
    client.close()
