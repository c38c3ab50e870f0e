"""TLS with a certificate from files or of the gateway's own making, for browsers, curl and half-open handshakes."""

from __future__ import annotations

import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Http
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import EngineStandIn
from tests.support.guard_scene import lane
from tests.web_api.conftest import SITE, Write
from tests.web_front.conftest import Fronted
from tests.web_guard.conftest import Booth, open_chrome, wait_until
from web.front.border import HSTS_S
from web.front.deadlines import HEADERS_S
from web.front.server import EXIT_CERTIFICATE, serve
from web.front.tls import own_certificate
from web.front.tls.carrier import Certificate, CertificateError
from web.front.tls.keeper import Keeper, keeper_of
from web.people.auth import COOKIE

Tokens = Callable[..., dict[str, str]]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
NAMES = ["gate.example.org", "localhost", "127.0.0.1", "192.168.1.5", "vm.local"]


def front_of(directory: DataDirectory, **http: Any) -> None:
    directory.save_site({**SITE, "gateway": {"id": "gw1", "http": http}})


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of the gateway's own making."""
    folder = tmp_path_factory.mktemp("tls")
    own_certificate.make(folder, NAMES, datetime.now(UTC))
    return folder


@pytest.fixture
def folder(own: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(own, tmp_path / "tls"))


@pytest.fixture
def secure(data: Path, directory: DataDirectory, own: Path) -> Iterator[Fronted]:
    """A server with that certificate."""
    tls = {"cert": str(own / own_certificate.CERTIFICATE), "key": str(own / own_certificate.KEY)}
    front_of(directory, tls=tls, names=["gate.example.org"])
    made = Fronted(data)
    yield made
    made.end()


def trusting(own: Path) -> ssl.SSLContext:
    """A client on which the authority is installed."""
    context = ssl.create_default_context(cafile=str(own / own_certificate.AUTHORITY))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def ask(port: int, context: ssl.SSLContext, path: str, *headers: str, name: str = "127.0.0.1") -> bytes:
    """The whole answer to a GET over TLS."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        lines = [f"GET {path} HTTP/1.1", f"Host: {name}:{port}", "Connection: close", *headers, "", ""]
        secure.sendall("\r\n".join(lines).encode())
        found = b""
        while more := secure.recv(65536):
            found += more
        return found


# ---- serving ------------------------------------------------------------------------------------------------------


def test_a_page_comes_encrypted_and_promises_that_it_will(secure: Fronted, own: Path) -> None:
    answer = ask(secure.port, trusting(own), "/sign-in", name="gate.example.org")
    assert answer.startswith(b"HTTP/1.1 200")
    assert f"Strict-Transport-Security: max-age={HSTS_S}".encode() in answer


def test_at_an_address_or_another_name_nothing_is_promised(secure: Fronted, own: Path) -> None:
    for name in ("127.0.0.1", "localhost"):
        assert b"Strict-Transport-Security" not in ask(secure.port, trusting(own), "/sign-in", name=name)


def test_large_answers_and_bodies_come_whole(
    secure: Fronted, own: Path, write: Write, token: Tokens, engine: EngineStandIn
) -> None:
    write(1000)
    headers = [f"{name}: {value}" for name, value in token("events:read").items()]
    answer = ask(secure.port, trusting(own), "/api/v1/events?limit=1000", *headers)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert len(body) > 300_000 and f"Content-Length: {len(body)}".encode() in head


def test_the_cookie_of_a_session_is_secure(secure: Fronted, own: Path, engine: EngineStandIn) -> None:
    curl = [
        "curl", "-s", "-i", "--cacert", str(own / own_certificate.AUTHORITY), "-d", "name=Lin&pin=2468",
        f"https://127.0.0.1:{secure.port}/sign-in",
    ]  # fmt: skip
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    answer = subprocess.run(curl, capture_output=True, text=True, timeout=60).stdout
    assert "303" in answer.splitlines()[0] and "Secure" in answer and "gatehouse=" in answer


def test_who_does_not_know_the_authority_is_warned(secure: Fronted) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(secure.port, ssl.create_default_context(), "/sign-in")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_protocols_are_refused(secure: Fronted) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError):
        ask(secure.port, old, "/sign-in")


def test_a_stream_goes_on_until_its_browser_leaves(secure: Fronted, own: Path, engine: EngineStandIn) -> None:
    services = secure.server.app.extensions["gatehouse"]
    cookie = services.sessions.create(services.site.operators()["Lin"])
    plain = socket.create_connection(("127.0.0.1", secure.port), timeout=30)
    stream = trusting(own).wrap_socket(plain, server_hostname="127.0.0.1")
    stream.sendall(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: gatehouse={cookie}\r\n\r\n".encode())
    found = b""
    while found.count(b"event: state") < 2:
        found += stream.recv(65536)
    assert services.streams.used == 1
    stream.close()
    secure.until(lambda: services.streams.used == 0)


def test_a_handshake_has_the_time_of_headers(secure: Fronted) -> None:
    half = secure.connect().send(b"\x16\x03\x01")
    silent = secure.connect()
    secure.settled(2)
    secure.clock.now_s += HEADERS_S + 0.1
    assert half.answer() == b"" and silent.answer() == b""


def test_half_open_handshakes_keep_nobody_out(secure: Fronted, own: Path) -> None:
    for _ in range(210):
        secure.connect().send(b"\x16\x03\x01\x02\x00")
    assert ask(secure.port, trusting(own), "/sign-in").startswith(b"HTTP/1.1 200")


def test_plain_http_on_this_machine_is_served(secure: Fronted) -> None:
    request = "GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert secure.connect().send(request).status() == 200


@pytest.mark.parametrize(
    ("request_lines", "status"),
    [
        ("GET /sign-in?x=1 HTTP/1.1", 308),
        ("POST /sign-in HTTP/1.1\r\nContent-Length: 0", 403),
        ("GET /api/v1/lanes HTTP/1.1\r\nAuthorization: Bearer gh_x", 403),
    ],
)
def test_from_elsewhere_a_page_is_sent_on_and_a_secret_is_refused(
    secure: Fronted, request_lines: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.front.border.is_loopback", lambda _peer: False)
    answer = secure.connect().send(f"{request_lines}\r\nHost: localhost:8443\r\nConnection: close\r\n\r\n").answer()
    assert int(answer[9:12]) == status
    if status == 308:
        assert b"Location: https://localhost:8443/sign-in?x=1" in answer


# ---- certificates from files --------------------------------------------------------------------------------------


def test_a_certificate_that_cannot_be_used_is_said_in_words(
    data: Path, directory: DataDirectory, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    front_of(directory, tls={"cert": str(folder / "none.pem"), "key": str(folder / own_certificate.KEY)})
    assert serve(data, "127.0.0.1", 0, threading.Event()) == EXIT_CERTIFICATE
    assert "gateway.http.tls" in caplog.text and "none.pem" in caplog.text and "No such file" in caplog.text


def test_a_key_of_another_certificate_is_refused(folder: Path) -> None:
    with pytest.raises(CertificateError, match="its own private key"):
        Certificate(folder / own_certificate.CERTIFICATE, folder / own_certificate.AUTHORITY_KEY)


def test_new_files_are_used_without_a_restart_and_bad_ones_are_not(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cert, key = folder / own_certificate.CERTIFICATE, folder / own_certificate.KEY
    held = Certificate(cert, key)
    with caplog.at_level(logging.INFO):
        held.refresh()
        assert caplog.text == ""
        cert.write_text("half a file")
        held.refresh()
        assert "stays in use" in caplog.text
        cert.unlink()
        own_certificate.make(folder, NAMES, datetime.now(UTC))
        held.refresh()
        assert "was read again" in caplog.text


# ---- the gateway's own --------------------------------------------------------------------------------------------


def test_the_gateway_makes_its_own_and_hands_out_its_authority(
    data: Path, directory: DataDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    front_of(directory, tls="self")
    with caplog.at_level(logging.INFO):
        made = Fronted(data)
    try:
        folder = data / "web" / "tls"
        content = ask(made.port, trusting(folder), "/authority.crt").partition(b"\r\n\r\n")[2]
        assert content == (folder / own_certificate.AUTHORITY).read_bytes()
        assert b"Strict-Transport-Security" not in ask(made.port, trusting(folder), "/sign-in", name="localhost")
        assert {path.stat().st_mode & 0o077 for path in folder.glob("*.key")} == {0}
        assert made.server.keeper is not None and len(made.server.keeper.fingerprint) == 95
    finally:
        made.end()


def test_without_one_there_is_no_authority_to_hand_out(front: Fronted) -> None:
    request = "GET /authority.crt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert front.connect().send(request).status() == 404


def test_a_good_one_is_kept(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert not own_certificate.make(folder, NAMES, datetime.now(UTC))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("days", "made", "same_authority"), [(300, False, True), (370, True, True), (3600, True, True), (3630, True, False)]
)
def test_it_is_renewed_before_its_end_by_the_same_authority(
    tmp_path: Path, days: int, made: bool, same_authority: bool
) -> None:
    own_certificate.make(tmp_path, NAMES, NOW)
    before = own_certificate.fingerprint(tmp_path)
    assert own_certificate.make(tmp_path, NAMES, NOW + timedelta(days=days)) == made
    assert (own_certificate.fingerprint(tmp_path) == before) == same_authority


def test_a_private_address_more_is_signed_by_the_same_authority_and_a_new_name_by_a_new_one(folder: Path) -> None:
    before = own_certificate.fingerprint(folder)
    assert own_certificate.make(folder, [*NAMES, "10.9.8.7", "other.local"], datetime.now(UTC))
    assert own_certificate.fingerprint(folder) == before
    assert own_certificate.make(folder, [*NAMES, "other.example.org"], datetime.now(UTC))
    assert own_certificate.fingerprint(folder) != before


@pytest.mark.parametrize("name", ["certificate.pem", "certificate.key", "authority.pem", "authority.key"])
@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_damaged_one_is_made_again(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert own_certificate.make(folder, NAMES, datetime.now(UTC))
    assert not own_certificate.make(folder, NAMES, datetime.now(UTC))
    Certificate(folder / own_certificate.CERTIFICATE, folder / own_certificate.KEY)


def test_the_authority_signs_for_nobody_else(folder: Path, tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    authority = x509.load_pem_x509_certificate((folder / own_certificate.AUTHORITY).read_bytes())
    key = load_pem_private_key((folder / own_certificate.AUTHORITY_KEY).read_bytes(), None)
    own_certificate._certificate(folder, [x509.DNSName("bank.example.org")], authority, key, datetime.now(UTC))
    command = ["openssl", "verify", "-CAfile", str(folder / own_certificate.AUTHORITY)]
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    done = subprocess.run([*command, str(folder / own_certificate.CERTIFICATE)], capture_output=True, text=True)
    assert done.returncode and "permitted subtree violation" in done.stdout + done.stderr


def test_what_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateError, match="cannot be made"):
        own_certificate.make_sure(tmp_path / "file", [])


def test_a_new_name_is_covered_while_the_web_runs(tmp_path: Path) -> None:
    settings = Http(tls="self")
    keeper = keeper_of(lambda: settings, tmp_path)
    assert isinstance(keeper, Keeper)
    settings = Http(tls="self", names=("gate.example.org",))
    keeper.look()
    command = ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(tmp_path / "certificate.pem")]
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    assert "gate.example.org" in subprocess.run(command, capture_output=True, text=True).stdout


@pytest.mark.real
def test_a_guard_works_in_a_browser_over_https(tmp_path: Path) -> None:
    chrome = open_chrome("--ignore-certificate-errors")
    try:
        booth = Booth(chrome, tmp_path / "data", ("in", "out"))
        booth.stop_web()
        document = booth.directory.documents.load()
        booth.directory.documents.save({**document, "gateway": {**document["gateway"], "http": {"tls": "self"}}})
        booth.start_web()
        booth.url = f"https://127.0.0.1:{booth.port}"
        booth.sign_in()
        assert chrome.get_cookie(COOKIE)["secure"]
        before = len(booth.engine.asked)
        booth.press("#stop", "pointerdown")
        wait_until(lambda: len(booth.engine.asked) > before)
        # The stream tells of the next change, and goes on after the web has begun anew.
        booth.engine.show(lane("in", arm="open"), lane("out"))
        wait_until(lambda: booth.one('[data-lane="in"]').get_attribute("data-arm") == "open")
        booth.start_web(booth.stop_web())
        booth.engine.show(lane("in", arm="closed"), lane("out"))
        wait_until(lambda: booth.one('[data-lane="in"]').get_attribute("data-arm") == "closed")
        booth.close()
    finally:
        chrome.quit()
