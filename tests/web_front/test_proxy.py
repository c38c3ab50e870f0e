"""A real reverse proxy in front, set up as the installer's page says: nginx where it is installed, else a small one."""

from __future__ import annotations

import http.client
import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.line import free_port
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.support.waiting import wait_until
from tests.web_api.conftest import SITE
from tests.web_front.conftest import Fronted

PAGE = Path(__file__).parents[2] / "docs" / "installer.md"
NAME = "gate.example.org"
NGINX = os.environ.get("GATEHOUSE_NGINX") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@pytest.fixture
def behind(data: Path, directory: DataDirectory, engine: EngineStandIn) -> Iterator[Fronted]:
    """A server that trusts the proxy at 127.0.0.2."""
    directory.save_site({**SITE, "gateway": {"id": "gw1", "http": {"names": [NAME], "trusted_proxies": ["127.0.0.2"]}}})
    made = Fronted(data)
    yield made
    made.end()


@contextmanager
def nginx(port: int, folder: Path) -> Iterator[int]:
    """nginx with the lines of the installer's page, and a stranger's word of the scheme as if TLS ended there."""
    if NGINX is None:
        pytest.skip("needs nginx")
    sample = re.search(r"```text nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert sample is not None
    lines = sample[1].replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("$scheme", "https")
    own, root = free_port(), folder / "nginx"
    root.mkdir()
    temporary = "".join(
        f"{kind}_temp_path {root}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (root / "conf").write_text(
        f"daemon off; pid {root}/pid; error_log {root}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{own}; {lines} }} }}\n"
    )
    run = subprocess.Popen([NGINX, "-p", str(root), "-c", str(root / "conf"), "-e", str(root / "error.log")])
    try:
        wait_until(lambda: _listens(own))
        yield own
    finally:
        run.terminate()
        run.wait(30)


@contextmanager
def small(port: int, _folder: Path) -> Iterator[int]:
    """A proxy of a few lines that adds what nginx would add."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: value for name, value in self.headers.items() if name.lower() != "x-forwarded-proto"}
            chain = ", ".join(filter(None, (kept.pop("X-Forwarded-For", ""), self.client_address[0])))
            kept |= {"X-Forwarded-For": chain, "X-Forwarded-Proto": "https"}
            far = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=("127.0.0.2", 0))
            far.request(self.command, self.path, body, kept)
            answer = far.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            far.close()

        do_POST = do_GET

        def log_message(self, *_values: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def _listens(port: int) -> bool:
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
    except OSError:
        return False
    return True


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, {"Host": NAME, **{k.replace("_", "-"): v for k, v in headers.items()}})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.mark.parametrize("proxy", [nginx, small])
def test_people_are_served_through_it_and_nothing_local_is(behind: Fronted, proxy: Any, tmp_path: Path) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"https://{NAME}"}
    with proxy(behind.port, tmp_path) as port:
        assert ask(port, "GET", "/sign-in").status == 200
        signed_in = ask(port, "POST", "/sign-in", "name=Lin&pin=2468", **form)
        assert signed_in.status == 303 and "Secure" in (signed_in.getheader("Set-Cookie") or "")
        assert ask(port, "GET", "/metrics").status == 401
        assert ask(port, "GET", "/metrics", X_Forwarded_For="127.0.0.1").status == 401
        assert ask(port, "GET", "/sign-in", Host="evil.example").status == 421
        wrong = ask(port, "POST", "/sign-in", "name=Nobody&pin=1", X_Forwarded_For="198.51.100.7", **form)
        assert wrong.status == 401
    services = behind.server.app.extensions["gatehouse"]
    # The nearest address that is no proxy's: what the client itself wrote before it does not count.
    assert services.database.rows("SELECT key FROM lockout") == [("address:127.0.0.1",)]
    assert ask(behind.port, "GET", "/metrics", Host="127.0.0.1").status == 200
