"""Central and three screens at full rate, as a process of its own: pulls the feed over and over, reads live streams.

python -m tests.bench.parts.busy_central PORT TOKEN
"""

from __future__ import annotations

import http.client
import sys
import threading
import urllib.parse

from tests.bench.measures.pull_feed import Client

SCREENS = 3
OPERATOR = {"name": "Lin", "pin": "2468"}


def screen(port: int, cookie: str) -> None:
    """A guard's screen that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/live", headers={"Cookie": cookie})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"no live stream: {answer.status}")
    while answer.read1(65536):
        pass


def sign_in(port: int) -> str:
    """The session's cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", urllib.parse.urlencode(OPERATOR), form)
    answer = connection.getresponse()
    cookies = answer.headers.get_all("Set-Cookie") or []
    if not cookies:
        raise RuntimeError(f"could not sign in: {answer.status} {answer.read(300)!r}")
    return "; ".join(cookie.split(";")[0] for cookie in cookies)


def main() -> None:
    """Busy until killed; says `busy` once everything runs."""
    port, secret = int(sys.argv[1]), sys.argv[2]
    cookie = sign_in(port)
    for _ in range(SCREENS):
        threading.Thread(target=screen, args=(port, cookie), daemon=True).start()
    client = Client(port, secret)
    print("busy", flush=True)
    while True:
        client.pull()


if __name__ == "__main__":
    main()
