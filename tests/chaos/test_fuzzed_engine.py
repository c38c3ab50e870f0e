"""A real engine that is fed nonsense from all sides, while a resident's card goes on opening.

Passes with dates from the ends of the calendar, credentials, frames on the wires, commands, alarm verbs and bytes on
the control socket come as fast as they are taken, most of them at the lane `out`; residents come in at the lane `in`,
where nothing is ordered that a person would have to take back. `GATEHOUSE_FUZZ_S` says for how long (20 s),
`GATEHOUSE_SEED` with which choices.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.sim.site import SimSite
from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.demo.line import free_port
from tests.chaos.conftest import PASSES, MakeSite
from tests.chaos.test_full_disk import Lane
from tests.support.site_process import FIRST_CARD, Gateway, wait_for

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]
FUZZ_S = float(os.environ.get("GATEHOUSE_FUZZ_S", "20"))
DATES = (
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00",
    "0001-01-01", "9999-12-31", "9999-12-30", "1970-01-01T00:00:00Z", "2026-02-30", "2026-11-30", "2027-03-31", "",
    "2026-13-01", "2026-11-30T24:00:00Z", "2026-11-30T23:59:60Z", "２０２６-11-30", "2026-11-30T08:00:00+99:99",
    "-001-01-01", "10000-01-01", "2026-W48-1", "2026-11-30T08:00:00.123456789123+08:00", "\x00", "9" * 400,
)  # fmt: skip
TEXTS = (
    "", "0", "-1", "0472288", "京A12345", "無車牌", "无牌", "MÜ-AB 123", "А123ВС77", "\u202e123", "a\nb", "\x1b[2J",
    "null", "🚗" * 40, "x" * 5000, "\u0000", "1e400", "472288.0", "’; DROP TABLE rows;--", "in", "out", "site", "alarm",
    "io-in",
)  # fmt: skip
NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, -(2**70), 1.5, 1e308, 10**30, True, None)
COMMANDS = (
    "open", "close", "stop", "hold", "release", "lock", "unlock", "reset", "passed", "look", "emergency", "refuse",
    "seen_to", "nonsense", "", "OPEN",
)  # fmt: skip
HARMLESS = ("look", "nonsense", "", "OPEN", "refuse", "seen_to", "reset", "unlock")
VERBS = ("acknowledge", "verify", "shelve", "unshelve", "close", "nonsense", "")
OPS = (
    "ping", "state", "lane.command", "lane.choose", "alarm.command", "passes.put", "passes.delete", "passes.batch",
    "passes.code", "passes.import", "credential", "device.link", "device.install_mode", "journal.note", "token.list",
    "uplink.report", "nonsense",
)  # fmt: skip


class Fuzzer:
    """Nonsense by chance; each `feed` is one thing that somebody asks or sends."""

    def __init__(self, chance: random.Random, gateway: Gateway, sim: SimSite, token: str, port: int) -> None:
        self.chance = chance
        self.gateway = gateway
        self.sim = sim
        self.client = Client(gateway.directory.socket)
        self.token, self.port = token, port
        self.fed = 0
        self.answered = 0
        self.codes: list[str] = []

    def feed(self) -> None:
        """One of all kinds."""
        self.fed += 1
        self.chance.choice(
            (
                self.a_pass, self.a_pass, self.a_pass_by_http, self.a_credential, self.a_credential, self.frames,
                self.a_command, self.an_alarm_verb, self.an_op, self.bytes_at_the_socket, self.a_code,
            )
        )()  # fmt: skip

    # ---- what is fed -----------------------------------------------------------------------------------------------

    def a_pass(self) -> None:
        self.ask("passes.put", by=self.text(), **{"pass": self.document()})

    def a_pass_by_http(self) -> None:
        body = msgspec.json.encode(self.document())
        name = urllib.request.quote(self.chance.choice(("f1", "f2", self.text())), safe="")  # type: ignore[attr-defined]
        url = f"http://127.0.0.1:{self.port}/api/v1/passes/{name}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT"), timeout=30):
                self.answered += 1
        except urllib.error.HTTPError as error:
            assert error.code < 500, f"{url} {body!r} was answered {error.code}: {error.read()!r}"
        except (OSError, ValueError):
            pass  # the front drops what is no request

    def a_credential(self) -> None:
        kind = self.chance.choice(("card", "plate", "qr", "pin"))
        value = self.chance.choice((*self.cards(), *TEXTS, *self.codes))
        confidence = self.chance.choice((100.0, 50, *NUMBERS))
        device = self.chance.choice(("reader-out", "reader-out", "io-in", self.text()))
        self.ask("credential", device=device, kind=kind, value=value, confidence=confidence)

    def frames(self) -> None:
        reader = self.sim.readers["out"]
        card = self.chance.choice((*range(1, 9), 0, 2**32 - 1))
        if self.chance.random() < 0.5:
            reader.present(str(card), self.chance.randint(1, 3))
        else:
            reader._port.send(self.chance.randbytes(self.chance.randint(1, 60)))

    def a_command(self) -> None:
        lane, commands = self.chance.choice((("out", COMMANDS), ("in", HARMLESS), ("site", COMMANDS)))
        more: dict[str, Any] = {"detail": self.chance.choice(({}, self.anything(), {"minutes": self.number()}))}
        more |= {"expires_at": self.date()} if self.chance.random() < 0.4 else {}
        more |= {"expires_mono_ns": self.number()} if self.chance.random() < 0.1 else {}
        more |= {key: self.text() for key in ("case", "station") if self.chance.random() < 0.2}
        more |= {"present": self.chance.choice((True, False, None, 1))} if self.chance.random() < 0.7 else {}
        via = self.chance.choice(("guard", "browser", "http", "mqtt", "cli", "x"))
        self.ask(
            "lane.command", request=self.request(), lane=lane, command=self.chance.choice(commands), by=self.text(),
            via=via, reason=self.text(), **more,
        )  # fmt: skip

    def an_alarm_verb(self) -> None:
        shown = self.ask("state") or {"alarms": []}
        alarm = self.chance.choice((*(one["alarm"] for one in shown["alarms"]), "a0-0", self.text()))
        more = {key: self.chance.choice((self.text(), "real", "false")) for key in ("finding",)}
        more |= {"until": self.date()} if self.chance.random() < 0.5 else {}
        verb = self.chance.choice(VERBS)
        self.ask("alarm.command", request=self.request(), alarm=alarm, verb=verb, by="Lin", reason="x", **more)

    def a_code(self) -> None:
        made = self.ask("passes.code", pass_id=self.chance.choice(("f1", "f2", "p1")), by="Lin", until=self.date())
        if made:
            self.codes = [*self.codes[-20:], str(made.get("code") or made.get("text") or "")]

    def an_op(self) -> None:
        keys = (
            "lane",
            "device",
            "station",
            "by",
            "up",
            "words",
            "type",
            "subject",
            "data",
            "minutes",
            "file",
            "passes",
        )
        params = {key: self.anything() for key in self.chance.sample(keys, 4)}
        if params.get("lane") in ("in", "site", "alarm"):
            params["lane"] = "out"
        self.ask(self.chance.choice(OPS), **params)

    def bytes_at_the_socket(self) -> None:
        line = self.chance.choice(
            (
                self.chance.randbytes(200), b"[" * 5000, b'{"op":' * 900, b"{}", b"null", b'{"op": 7}', b"\xff\xfe",
                b'{"op": null, "id": {}}', b'{"op":"ping","id":1e999}', b'{"op":"state","op":"ping"}',
                b'{"op":"\\ud800"}',
            )
        )  # fmt: skip
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(10)
            try:
                peer.connect(str(self.gateway.directory.socket))
                peer.sendall(line + b"\n")
                peer.recv(100)
            except OSError:
                pass

    # ---- of what ---------------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """A pass: as a rule one that may be taken, with something odd in it."""
        n = self.chance.randint(1, 8)
        found: dict[str, Any] = {
            "id": f"f{n}",
            "kind": self.chance.choice(("monthly", "staff", "temporary", "blocked")),
        }
        found |= {"cards": [str(n)], "valid_until": self.date(), "valid_from": self.date()}
        odd = self.chance.choice(
            ("plates", "cards", "group", "bay", "unit", "lanes", "schedule", "revision", "holder", "id")
        )
        if self.chance.random() < 0.5:
            found[odd] = self.anything()
        return found

    def cards(self) -> list[str]:
        return [str(n) for n in range(1, 9)]

    def date(self) -> str:
        text = self.chance.choice(DATES)
        if text and self.chance.random() < 0.2:
            at = self.chance.randrange(len(text))
            text = text[:at] + self.chance.choice("0123456789-:TZ+. ") + text[at + 1 :]
        return text

    def text(self) -> str:
        return self.chance.choice((*TEXTS, "Lin", f"t{self.chance.randint(1, 99)}"))

    def number(self) -> Any:
        return self.chance.choice(NUMBERS)

    def request(self) -> str:
        return self.chance.choice(("same", self.text(), f"r{self.chance.getrandbits(60)}"))

    def anything(self, depth: int = 0) -> Any:
        choices: list[Callable[[], Any]] = [self.text, self.number, self.date]
        if depth < 3:
            choices.append(lambda: [self.anything(depth + 1) for _ in range(self.chance.randint(0, 4))])
            choices.append(lambda: {self.text(): self.anything(depth + 1) for _ in range(self.chance.randint(0, 4))})
        return self.chance.choice(choices)()

    def ask(self, op: str, **params: Any) -> Any:
        """What was answered; None for a refusal, which is an answer too."""
        try:
            answer = self.client.call(op, timeout_s=30, **params)
        except (GatehouseError, TypeError, ValueError, OverflowError):
            return None
        self.answered += 1
        return answer


@pytest.fixture
def nonsense(site: MakeSite, dice: random.Random) -> Iterator[tuple[SimSite, Gateway, Fuzzer]]:
    port = free_port()
    sim, gateway = site(http_port=port)
    _, token = gateway.directory.tokens.create("fuzz", ["passes:read", "passes:write"])
    gateway.start_engine()
    gateway.start("web")
    yield sim, gateway, Fuzzer(dice, gateway, sim, token, port)


@pytest.mark.long
def test_a_residents_card_goes_on_opening_whatever_the_engine_is_fed(
    nonsense: tuple[SimSite, Gateway, Fuzzer],
) -> None:
    sim, gateway, fuzzer = nonsense
    pid = gateway.pid()
    stop = threading.Event()
    failures: list[BaseException] = []

    def feed() -> None:
        try:
            while not stop.is_set():
                fuzzer.feed()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    lane, served = Lane(sim, gateway), 0
    until_s = time.monotonic() + FUZZ_S
    while time.monotonic() < until_s and not failures:
        lane._card = FIRST_CARD + served % PASSES
        lane.let_one_in()
        served += 1
    stop.set()
    thread.join(60)
    assert failures == []
    assert gateway.runs()
    assert (gateway.pid(), served > FUZZ_S / 20) == (pid, True), f"{served} served"
    wait_for(lambda: gateway.ping(), "an answer to a ping")
    print(f"{served} residents were served; fed {fuzzer.fed}, answered {fuzzer.answered}")
    residents = [
        row for row in gateway.events("access.granted")
        if row["data"]["lane"] == "in" and (row["data"]["pass"] or "").startswith("p")
    ]  # fmt: skip
    assert len(residents) == served
    assert [row["data"]["reason"] for row in gateway.events("gateway.started")] == ["started"], faults(gateway)
    assert gateway.stop() == 0
    assert gateway.verify() > served


def faults(gateway: Gateway) -> str:
    """What the program failed on, for whoever reads a failed test."""
    return "\n".join(one.read_text()[-3000:] for one in sorted(Path(gateway.directory.faults).glob("*.json")))
