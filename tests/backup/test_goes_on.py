"""A box that is replaced by a restored one: its central, its HTTP client and its people go on, as whole processes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.demo.line import free_port
from tests.support.mosquitto import Mosquitto, central
from tests.support.site_process import Gateway, site_document, wait_for
from tests.web_api.test_with_the_engine import DEVICES, LANE

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(300)]
PREFIX = "gatehouse/north-court/gw1"


class Box:
    """One data directory with its processes."""

    def __init__(self, data: Path, port: int) -> None:
        self.gateway = Gateway(data)
        self.port = port

    def start(self) -> None:
        self.gateway.start_engine()
        self.gateway.start("web")
        self.gateway.start("uplink")
        wait_for(lambda: self.get("/healthz")[0] == 200, "web serves")
        wait_for(lambda: self.gateway.state()["uplink"]["up"], "the uplink is connected")

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def feed(self, cursor: str, token: str) -> list[dict[str, Any]]:
        status, body = self.get(f"/api/v1/events?limit=1000&lastEventId={cursor}", token)
        assert status == 200, body
        found: list[dict[str, Any]] = json.loads(body)
        return found

    def delivered(self) -> bool:
        """Whether the uplink has written down that central has every row."""
        import apsw

        db = apsw.Connection(str(self.gateway.directory.uplink), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return int(db.execute("SELECT max(sequence) FROM cursor").get or 0) >= self.gateway.last_sequence()
        finally:
            db.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path).start()
    yield one
    one.stop()


def test_everybody_goes_on_where_he_was(tmp_path: Path, broker: Mosquitto) -> None:
    old = Box(tmp_path / "old", free_port())
    site = site_document(DEVICES, [LANE], mqtt_port=broker.port, http_port=old.port, journal_wait_ms=10_000)
    old.gateway.directory.create(site)
    _, token = old.gateway.directory.tokens.create("client", ["events:read"])
    new = Box(tmp_path / "new", old.port)
    file = tmp_path / "gate.backup"
    try:
        with central(broker.port, PREFIX) as listener:
            old.start()
            for number in range(20):
                old.gateway.command("in", "lock" if number % 2 else "unlock")
            wait_for(old.delivered, "central has every row")
            seen = old.feed("", token)[-1]["id"]
            assert main(["backup", str(file), "--data", str(old.gateway.data)]) == 0
            old.gateway.command("in", "unlock")
            wait_for(lambda: old.feed(seen, token), "a row that the backup has not")
            ahead = old.feed(seen, token)[-1]["id"]
            old.gateway.end()
            heard = len(listener.batches())

            assert main(["restore", str(file), "--data", str(new.gateway.data)]) == 0
            new.start()
            journal, last = ahead.split(".")[0], int(seen.split(".")[1])
            wait_for(lambda: new.gateway.last_sequence() > last + 1, "the new box writes")

            # The client that had what the backup has goes on; the one that had more gets one gap first.
            first = new.feed(seen, token)[0]
            assert first["type"] == "gatehouse.journal.restored"
            assert (first["data"]["predecessor"], first["data"]["last"]) == (journal, last)
            gap, follows, *_ = new.feed(ahead, token)
            assert (gap["type"], gap["data"]["reason"]) == ("gatehouse.journal.gap", "restored")
            assert (gap["data"]["first"], gap["data"]["last"]) == (last + 1, int(ahead.split(".")[1]))
            assert follows["id"] == first["id"]

            # Central gets the new rows and not the whole journal again.
            def sent() -> list[dict[str, Any]]:
                return [event for batch in listener.batches()[heard:] for event in batch.json()]

            wait_for(lambda: first["id"] in [event["id"] for event in sent()], "central hears of the restore")
            assert min(int(event["sequence"]) for event in sent()) > last - 5
            assert "journal.gap" not in " ".join(event["type"] for event in sent())

        assert new.get("/setup")[0] == 404
        assert main(["verify", "--data", str(new.gateway.data)]) == 0
        assert [operator.name for operator in new.gateway.directory.settings().operators] == ["Lin"]
    finally:
        old.gateway.end()
        new.gateway.end()
