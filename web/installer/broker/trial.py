"""One trial of one broker, step by step as the uplink would go, with a client id of its own and no trace there.

It subscribes without retained messages, and publishes an empty batch of events, which says nothing to its readers.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway.core.settings.model import Broker
from web.installer.broker import packets

STEP_S = 4.0
"""How long one step may take."""
BATCH = "application/cloudevents-batch+json"
_FAILED = 0x80
_TLS_ALERT = b"\x15\x03"
_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
_ENDED, _NOT_YET, _OTHER_NAME = 10, 9, frozenset({62, 64})
_SIGN_IN = {
    0x01: "version",
    0x84: "version",
    0x85: "client_id",
    0x86: "password",
    0x87: "not_authorized",
    0x88: "unavailable",
    0x89: "busy",
    0x8A: "banned",
    0x97: "quota",
    0x9F: "busy",
}
"""Why a broker refuses the connection, by reason code."""


class Step(msgspec.Struct, frozen=True):
    """One step: its name, how it ended ("ok" or why not), and what its words need."""

    name: str
    ended: str
    values: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.ended == "ok"


class Failure(Exception):
    """A step failed: why, and what its words need."""

    def __init__(self, why: str, **values: str) -> None:
        super().__init__(why)
        self.why = why
        self.values = values


class Trial:
    """Goes through the steps until one fails."""

    def __init__(self, broker: Broker, prefix: str, client: str, step_s: float = STEP_S) -> None:
        """`prefix`: of the gateway's topics. `client`: a client id of its own, so that the uplink is not pushed off."""
        self._broker = broker
        self._prefix = prefix
        self._client = client
        self._step_s = step_s
        self._addresses: list[tuple[int, tuple[str, int]]] = []
        self._wire: socket.socket | None = None
        self._decoder = packets.Decoder()
        self._waiting: list[tuple[int, bytes]] = []

    def run(self) -> tuple[Step, ...]:
        """The steps that were made; the last one may have failed."""
        tls = [("tls", self._secure)] if self._encrypted else []
        steps: list[tuple[str, Callable[[], None]]] = [
            ("name", self._resolve), ("port", self._connect), *tls, ("sign_in", self._sign_in),
            ("read", self._subscribe), ("write", self._publish),
        ]  # fmt: skip
        done: list[Step] = []
        try:
            for name, step in steps:
                done.append(self._made(name, step))
                if not done[-1].ok:
                    break
        finally:
            self._leave()
        return tuple(done)

    @property
    def _encrypted(self) -> bool:
        return bool(self._broker.tls or self._broker.ca or self._broker.cert)

    def _made(self, name: str, step: Callable[[], None]) -> Step:
        told = {"host": self._broker.host, "port": str(self._broker.port)}
        try:
            step()
        except Failure as failure:
            return Step(name, failure.why, {**told, **failure.values})
        except TimeoutError:
            return Step(name, "silent", told)
        except (OSError, ValueError) as error:
            return Step(name, "broken", {**told, "error": str(error)[:200]})
        return Step(name, "ok", told)

    # ---- steps

    def _resolve(self) -> None:
        try:
            found = socket.getaddrinfo(self._broker.host, self._broker.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Failure("unknown") from None
        self._addresses = [(family, place[:2]) for family, _, _, _, place in found]  # type: ignore[misc]

    def _connect(self) -> None:
        failure: Failure = Failure("unreachable", error="no address")
        for _, place in self._addresses[:2]:
            try:
                self._wire = socket.create_connection(place, timeout=self._step_s)
            except TimeoutError:
                failure = Failure("silent", address=place[0])
            except ConnectionRefusedError:
                failure = Failure("refused", address=place[0])
            except OSError as error:
                failure = Failure("unreachable", address=place[0], error=error.strerror or str(error))
            else:
                return
        raise failure

    def _secure(self) -> None:
        context = self._context()
        try:
            self._wire = context.wrap_socket(self._open, server_hostname=self._broker.host)
        except ssl.SSLCertVerificationError as error:
            raise Failure(_why_untrusted(error), error=error.verify_message) from None
        except ssl.SSLError as error:
            raise Failure("no_tls", error=(error.reason or str(error)).replace("_", " ").lower()) from None
        except ConnectionError:
            raise Failure("no_tls", error="the connection was closed") from None

    def _context(self) -> ssl.SSLContext:
        for path in (self._broker.ca, self._broker.cert, self._broker.key):
            if path is not None and not Path(path).is_file():
                raise Failure("file_missing", file=path)
        try:
            context = ssl.create_default_context(cafile=self._broker.ca)
            if self._broker.cert is not None:
                context.load_cert_chain(self._broker.cert, self._broker.key, password="")
        except (OSError, ValueError) as error:
            raise Failure("file_wrong", error=str(error)[:200]) from None
        return context

    def _sign_in(self) -> None:
        broker = self._broker
        self._open.sendall(packets.connect(self._client, broker.username, broker.password))
        code = packets.connack_code(self._answer(packets.CONNACK))
        if code:
            raise Failure(_SIGN_IN.get(code, "refused"), code=f"{code:02x}", user=broker.username or "")

    def _subscribe(self) -> None:
        topics = tuple(f"{self._prefix}/{name}" for name in ("commands", "passes", "visits", "confirmed"))
        self._open.sendall(packets.subscribe(1, topics))
        codes = packets.suback_codes(self._answer(packets.SUBACK))
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code >= _FAILED]
        if refused:
            raise Failure("not_allowed", topics=", ".join(refused))

    def _publish(self) -> None:
        topic = f"{self._prefix}/events"
        self._open.sendall(packets.publish(2, topic, BATCH, b"[]"))
        if packets.puback_code(self._answer(packets.PUBACK)) >= _FAILED:
            raise Failure("not_allowed", topics=topic)

    # ---- the wire

    @property
    def _open(self) -> socket.socket:
        assert self._wire is not None
        return self._wire

    def _answer(self, wanted: int) -> bytes:
        """The body of the next packet of that type; Failure when the broker hangs up instead."""
        ends_s = time.monotonic() + self._step_s
        while True:
            for kind, body in self._waiting:
                if kind == wanted:
                    self._waiting.clear()
                    return body
            self._waiting.clear()
            self._waiting += self._received(ends_s)

    def _received(self, ends_s: float) -> list[tuple[int, bytes]]:
        left_s = ends_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._open.settimeout(left_s)
        try:
            received = self._open.recv(4096)
        except ConnectionError:
            received = b""
        except ssl.SSLError as error:
            raise Failure("certificate_wanted", error=(error.reason or str(error)).replace("_", " ").lower()) from None
        if not received:
            raise Failure("hung_up")
        if received.startswith(_TLS_ALERT) and not self._encrypted:
            raise Failure("wants_tls")
        try:
            return self._decoder.feed(received)
        except ValueError:
            raise Failure("no_broker") from None

    def _leave(self) -> None:
        if self._wire is None:
            return
        try:
            self._wire.sendall(packets.disconnect())
        except OSError:
            pass  # It is gone already.
        finally:
            self._wire.close()


def _why_untrusted(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_NAME:
        return "other_name"
    if error.verify_code == _ENDED:
        return "ended"
    if error.verify_code == _NOT_YET:
        return "not_yet"
    return "unknown_authority" if error.verify_code in _UNKNOWN_AUTHORITY else "untrusted"
