"""A whole gateway for the clients of others: engine, web and uplink as processes, a broker, a token for everything."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from gateway.demo.line import free_port
from gateway.store.settings.secrets import SCOPES
from tests.support.mosquitto import Mosquitto
from tests.support.site_process import Gateway, monthly_passes, site_document, wait_for
from tests.web_api.test_with_the_engine import DEVICES, LANE

CAMERA = {"id": "camera", "driver": "plate-http", "plate": "plate"}
PREFIX = "gatehouse/north-court/gw1"


class Whole(NamedTuple):
    """What a client needs to know."""

    gateway: Gateway
    broker: Mosquitto
    url: str
    token: str

    def get(self, path: str) -> bytes:
        """An answer of the web process, with the token."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            content: bytes = answer.read()
            return content


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    broker = Mosquitto(folder).start()
    gateway = Gateway(folder / "data")
    port = free_port()
    document = site_document(
        [*DEVICES, CAMERA], [{**LANE, "cameras": ["camera"]}], http_port=port, mqtt_port=broker.port,
        journal_wait_ms=10_000,
    )  # fmt: skip
    gateway.directory.create(document)
    from gateway.store.passes.registry import PassRegistry

    registry = PassRegistry(gateway.directory.registry, writer=True)
    registry.import_passes(iter(monthly_passes(30)))
    registry.close()
    try:
        gateway.start_engine()
        gateway.start("web")
        gateway.start("uplink")
        _, token = gateway.directory.tokens.create("client", SCOPES)
        found = Whole(gateway, broker, f"http://127.0.0.1:{port}", token)

        def serves() -> bool:
            with contextlib.suppress(OSError, urllib.error.URLError):
                return bool(found.get("/healthz"))
            return False

        wait_for(serves, "web serves")
        yield found
    finally:
        gateway.end()
        broker.stop()
