"""A trial says which step fails and why, against a real broker and against what is none."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Broker
from gateway.demo.line import free_port
from tests.support.mosquitto import BINARY, Mosquitto, central
from tests.support.waiting import wait_until
from web.front.tls import own_certificate
from web.installer.broker.trial import Step, Trial
from web.words.texts import LOCALES, words

pytestmark = pytest.mark.skipif(not Path(BINARY).exists(), reason="needs mosquitto")
PREFIX = "gatehouse/court/gw1"
STEPS = ("name", "port", "tls", "sign_in", "read", "write")


def tried(port: int, host: str = "127.0.0.1", step_s: float = 3.0, **more: Any) -> tuple[Step, ...]:
    """The steps of a trial."""
    return Trial(Broker(host, port, **more), PREFIX, "court-gw1-test", step_s).run()


def end(steps: tuple[Step, ...]) -> tuple[str, str]:
    """The last step and how it ended; all others succeeded."""
    assert all(step.ok for step in steps[:-1])
    return steps[-1].name, steps[-1].ended


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Starts brokers with options."""
    started: list[Mosquitto] = []

    def start(**options: Any) -> Mosquitto:
        started.append(Mosquitto(tmp_path, **options).start())
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority and a certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    own_certificate.make_sure(folder, ())
    return folder


def tls(folder: Path) -> dict[str, str]:
    """Options of a broker that wants TLS."""
    return {"certfile": str(folder / own_certificate.CERTIFICATE), "keyfile": str(folder / own_certificate.KEY)}


def test_a_broker_that_takes_everything_passes_all_steps(broker: Callable[..., Mosquitto]) -> None:
    assert [(step.name, step.ended) for step in tried(broker().port)] == [
        (name, "ok") for name in STEPS if name != "tls"
    ]


def test_a_trial_leaves_nothing_at_the_broker_but_an_empty_batch(broker: Callable[..., Mosquitto]) -> None:
    one = broker()
    with central(one.port, PREFIX) as listening:
        tried(one.port)
        wait_until(lambda: bool(listening.messages), what="the batch")
    [message] = listening.messages
    assert (message.topic, message.payload, message.retain) == (f"{PREFIX}/events", b"[]", False)


def test_an_unknown_name_fails_at_the_name() -> None:
    assert end(tried(1883, host="no-such-broker.invalid")) == ("name", "unknown")


def test_a_closed_port_fails_at_the_port() -> None:
    assert end(tried(free_port())) == ("port", "refused")


def test_a_wrong_password_fails_at_the_sign_in(tmp_path: Path, broker: Callable[..., Mosquitto]) -> None:
    passwords = tmp_path / "passwords"
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("needs mosquitto_passwd")
    subprocess.run([tool, "-c", "-b", str(passwords), "gw1", "right"], check=True)
    one = broker(allow_anonymous="false", password_file=str(passwords))
    assert end(tried(one.port, username="gw1", password="wrong"))[0] == "sign_in"
    assert end(tried(one.port, username="gw1", password="wrong"))[1] in ("password", "not_authorized")
    assert end(tried(one.port)) == ("sign_in", "not_authorized")
    assert end(tried(one.port, username="gw1", password="right")) == ("write", "ok")


def test_a_missing_right_to_send_is_named(tmp_path: Path, broker: Callable[..., Mosquitto]) -> None:
    (tmp_path / "rules").write_text(f"topic read {PREFIX}/#\n")
    found = tried(broker(acl_file=str(tmp_path / "rules")).port)
    assert end(found) == ("write", "not_allowed")
    assert found[-1].values["topics"] == f"{PREFIX}/events"


def test_a_missing_right_to_receive_is_named() -> None:
    taken, one_refused = b"\x20\x03\x00\x00\x00", b"\x90\x06\x00\x01\x00\x01\x87\x01"
    with closing(Speaker(taken, one_refused)) as speaker:
        found = tried(speaker.port)
    assert end(found) == ("read", "not_allowed")
    assert found[-1].values["topics"] == f"{PREFIX}/passes"


def test_the_right_to_receive_is_tried_for_all_topics_of_the_uplink() -> None:
    taken, one_refused = b"\x20\x03\x00\x00\x00", b"\x90\x07\x00\x01\x00\x01\x01\x87\x01"
    with closing(Speaker(taken, one_refused)) as speaker:
        found = tried(speaker.port)
    assert end(found) == ("read", "not_allowed")
    assert found[-1].values["topics"] == f"{PREFIX}/visits"


def test_tls_with_the_right_authority_passes(certificates: Path, broker: Callable[..., Mosquitto]) -> None:
    one = broker(**tls(certificates))
    found = tried(one.port, tls=True, ca=str(certificates / own_certificate.AUTHORITY))
    assert [step.name for step in found if step.ok] == list(STEPS)


def test_an_authority_that_is_not_known_fails_at_tls(certificates: Path, broker: Callable[..., Mosquitto]) -> None:
    assert end(tried(broker(**tls(certificates)).port, tls=True)) == ("tls", "unknown_authority")


def test_a_certificate_for_another_name_fails_at_tls(certificates: Path, broker: Callable[..., Mosquitto]) -> None:
    one = broker(**tls(certificates))
    ca = str(certificates / own_certificate.AUTHORITY)
    assert end(tried(one.port, host="127.1", tls=True, ca=ca)) == ("tls", "other_name")


def test_a_plain_port_fails_at_tls(broker: Callable[..., Mosquitto]) -> None:
    assert end(tried(broker().port, tls=True)) == ("tls", "no_tls")


def test_a_port_with_tls_is_named_when_none_is_set(certificates: Path, broker: Callable[..., Mosquitto]) -> None:
    assert end(tried(broker(**tls(certificates)).port))[0] == "sign_in"
    assert end(tried(broker(**tls(certificates)).port))[1] in ("wants_tls", "hung_up")


@pytest.mark.parametrize(("key", "ended"), [("none.pem", "file_missing"), ("text.pem", "file_wrong")])
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, broker: Callable[..., Mosquitto], key: str, ended: str
) -> None:
    (tmp_path / "text.pem").write_text("no certificate")
    assert end(tried(broker().port, tls=True, ca=str(tmp_path / key))) == ("tls", ended)


class Speaker:
    """A program on a port that says these things in turn, each once it was spoken to."""

    def __init__(self, *says: bytes, hangs_up: bool = False) -> None:
        self._says, self._hangs_up = says, hangs_up
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._held: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            wire, _ = self._listening.accept()
        except OSError:
            return
        self._held.append(wire)
        for one in self._says:
            wire.recv(1000)
            wire.sendall(one)
        if self._hangs_up:
            wire.close()

    def close(self) -> None:
        """End it."""
        for one in (self._listening, *self._held):
            one.close()


@pytest.mark.parametrize(
    ("says", "hangs_up", "ended"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"\xff" * 40, False, "silent"),
        (b"", True, "hung_up"),
        (b"\x20\xff\xff\xff\xff", False, "no_broker"),
        (b"\x20\x03\x00\x84\x00", False, "version"),
        (b"\x20\x02\x00\x01", False, "version"),
        (b"\x20\x03\x00\x99\x00", False, "refused"),
        (b"", False, "silent"),
    ],
)
def test_what_is_no_broker_of_mqtt_5_is_said(says: bytes, hangs_up: bool, ended: str) -> None:
    with closing(Speaker(says, hangs_up=hangs_up)) as speaker:
        begun_s = time.monotonic()
        assert end(tried(speaker.port, step_s=0.5)) == ("sign_in", ended)
        assert time.monotonic() - begun_s < 10


@pytest.mark.parametrize("locale", LOCALES)
def test_every_end_of_a_step_has_its_words(locale: str) -> None:
    source = (Path(__file__).parents[3] / "web" / "installer" / "broker" / "trial.py").read_text("utf-8")
    ends = set(re.findall(r'Failure\(\s*"(\w+)"', source)) | set(re.findall(r'0x\w\w: "(\w+)"', source))
    ends |= set(re.findall(r'return "(\w+)"', source)) | {"silent", "broken"}
    say = words(locale)
    assert len(ends) > 15
    missing = [
        one for one in sorted(ends) if not any(f"installer.broker.{step}.{one}" in say for step in (*STEPS, "any"))
    ]
    assert missing == []
    assert [step for step in STEPS if f"installer.broker.step.{step}" not in say] == []
