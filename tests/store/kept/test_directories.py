"""Data directories that a gateway of the version before left behind: today's engine, uplink and web go on with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.cli import main
from gateway.store.directory import DataDirectory
from gateway.store.journal.consumers import Consumers
from gateway.store.journal.heads import parse_head
from gateway.store.journal.reader import JournalReader
from gateway.store.passes.registry import PassRegistry
from tests.store.kept.make_directory import unpack
from tests.store.kept.told import told
from tests.support.engine import Running
from tests.support.mosquitto import Central, Mosquitto, central
from tests.support.site_process import Gateway, wait_for
from tests.support.tampering import cut_tail
from web.people.lockout import FREE_FAILURES, Lockout
from web.people.operators import SiteDocument
from web.people.sessions import Sessions
from web.platform.app import create_app
from web.platform.webdb import WebDatabase

HERE = Path(__file__).parent
PREFIX = "gatehouse/north-court/gw1"
ENDS = ("stopped", "killed")
pytestmark = pytest.mark.real


class Kept:
    """A copy of a kept data directory, and what is known of it."""

    def __init__(self, end: str, folder: Path) -> None:
        unpack(HERE / f"directory-{end}.tar.xz", folder)
        self.directory = DataDirectory(folder / "data")
        self.about: dict[str, Any] = json.loads((HERE / f"directory-{end}.json").read_text())
        self.last: int = self.about["last"]
        self.journal: str = self.about["journal"]

    def rows(self) -> list[tuple[int, str]]:
        """The journal, oldest first."""
        with closing(JournalReader(self.directory.journal)) as reader:
            rows = reader.page(0, 1000)
            while more := reader.page(rows[-1].sequence, 1000):
                rows += more
            return [(row.sequence, row.text) for row in rows]

    @property
    def cookie(self) -> str:
        """The token of the session of Wei."""
        return str(self.about["cookie"]).partition("=")[2]


@pytest.fixture(params=ENDS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    return Kept(request.param, tmp_path)


@pytest.fixture
def database(kept: Kept) -> Iterator[WebDatabase]:
    with closing(WebDatabase(kept.directory.web)) as found:
        yield found


@pytest.fixture
def broker(kept: Kept, tmp_path: Path) -> Iterator[Mosquitto]:
    """At the address that the settings name."""
    broker = Mosquitto(tmp_path, **{"listener": f"{kept.about['port']} {kept.about['host']}"}).start()
    yield broker
    broker.stop()


@pytest.fixture
def listener(broker: Mosquitto) -> Iterator[Central]:
    with central(broker.port, PREFIX) as found:
        yield found


def missing(whole: Any, part: Any, path: str = "") -> list[str]:
    """Where a document does not have what another one says; it may say more."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return [one for key in part for one in missing(whole.get(key), part[key], f"{path}.{key}")]
    if isinstance(part, list) and isinstance(whole, list) and len(whole) == len(part):
        pairs = enumerate(zip(whole, part, strict=True))
        return [one for number, (a, b) in pairs for one in missing(a, b, f"{path}.{number}")]
    return [] if whole == part else [f"{path} is {whole!r} and was {part!r}"]


def test_they_hold_what_a_gateway_leaves_behind(kept: Kept) -> None:
    about, shown = kept.about, kept.about["snapshot"]
    assert kept.last >= 150
    assert len(about["types"]) >= 30
    assert {lane["id"]: lane["mode"] for lane in shown["lanes"]} == {
        "in": "auto", "out": "auto", "side": "locked", "back": "crashed",
    }  # fmt: skip
    assert {alarm["state"] for alarm in shown["alarms"]} >= {"acknowledged", "unacknowledged"}
    assert len(shown["inside"]) >= 5
    assert about["uplink"][2] < kept.last, "the uplink is behind"
    assert 0 < about["http"][2] < kept.last
    assert about["sessions"]
    assert about["lockouts"]
    if about["end"] == "killed":
        frames = kept.directory.journal.with_name("journal.db-wal").read_bytes()
        assert frames.strip(b"\0"), "its last rows are in the WAL only"


def test_the_engine_tells_the_same_of_lanes_and_alarms(kept: Kept) -> None:
    found, expected = told(Running(kept.directory.path)), kept.about["snapshot"]
    for lane in expected["lanes"]:
        if lane["mode"] == "auto":
            del lane["since"]  # the start
    assert missing(found, expected) == []
    assert found["inside"] == expected["inside"]


def test_new_rows_chain_on_and_old_ones_keep_their_bytes(kept: Kept) -> None:
    before = kept.rows()
    told(Running(kept.directory.path))
    after = kept.rows()
    assert after[: len(before)] == before
    assert [sequence for sequence, _ in after] == list(range(1, len(after) + 1))
    first = json.loads(after[len(before)][1])
    assert first["type"] == "gatehouse.gateway.started"
    assert first["id"] == f"{kept.journal}.{kept.last + 1}"
    assert first["prevhash"] == sha256(before[-1][1].encode()).hexdigest()
    assert main(["verify", "--data", str(kept.directory.path)]) == 0


def test_what_was_known_of_a_directory_without_a_key_is_compared_and_the_services_make_one(kept: Kept) -> None:
    key = kept.directory.secrets / "journal-key.pem"
    assert main(["verify", "--data", str(kept.directory.path)]) == 0
    assert not key.exists()
    headers = {"Authorization": f"Bearer {kept.about['token']}"}
    app = create_app(kept.directory.path)
    try:
        answer = app.test_client().get("/api/v1/events", headers=headers)
    finally:
        app.extensions["gatehouse"].close()
    head = answer.headers["Gatehouse-Head"]
    assert kept.directory.signing_key.public.check(parse_head(head))
    assert main(["verify", "--data", str(kept.directory.path), "--head", head]) == 0
    cut_tail(kept.directory.journal, kept.last)
    assert main(["verify", "--data", str(kept.directory.path)]) == 1


def test_the_uplink_sends_what_follows_its_cursor_and_nothing_else(kept: Kept, listener: Central) -> None:
    _, journal, acknowledged = kept.about["uplink"]
    told(Running(kept.directory.path))
    last = kept.rows()[-1][0]
    uplink = Gateway(kept.directory.path)
    uplink.start("uplink")
    try:
        wait_for(lambda: last in listener.sequences(), f"row {last} at the broker; {uplink.log('uplink')[-800:]}")
        uplink.stop("uplink")
    finally:
        uplink.end()
    assert journal == kept.journal
    assert listener.sequences() == list(range(acknowledged + 1, last + 1))
    with closing(apsw.Connection(str(kept.directory.uplink))) as db:
        assert db.execute("SELECT consumer, journal, sequence FROM cursor").fetchall() == [("central", journal, last)]


def test_an_http_consumer_goes_on_at_its_cursor(kept: Kept) -> None:
    told(Running(kept.directory.path))
    app = create_app(kept.directory.path)
    headers = {"Authorization": f"Bearer {kept.about['token']}"}
    confirmed = kept.about["http"][2]
    try:
        query = {"lastEventId": f"{kept.journal}.{confirmed}", "limit": 1000}
        answer = app.test_client().get("/api/v1/events", query_string=query, headers=headers)
    finally:
        app.extensions["gatehouse"].close()
    sequences = [int(event["sequence"]) for event in json.loads(answer.data)]
    assert sequences == list(range(confirmed + 1, kept.rows()[-1][0] + 1))


def test_retention_waits_for_the_same_consumers(kept: Kept) -> None:
    directory, about = kept.directory, kept.about
    consumers = Consumers(directory.uplink, directory.web, directory.tokens, directory.configured())
    assert consumers.confirmed(kept.journal, int(about["made_at"] * 1e9)) == {
        "mqtt:central": about["uplink"][2],
        "http:central": about["http"][2],
    }


def test_sessions_and_lock_outs_hold(kept: Kept, database: WebDatabase) -> None:
    made_at: Callable[[], float] = lambda: kept.about["made_at"]  # noqa: E731
    operator = Sessions(database, SiteDocument(kept.directory.site), made_at).find(kept.cookie)
    assert operator is not None
    assert (operator.name, operator.role) == ("Wei", "leader")
    ((failures, last_s),) = database.rows("SELECT failures, last_s FROM lockout WHERE key = 'operator:陈红'")
    lockout = Lockout(database, lambda: last_s)
    assert failures > FREE_FAILURES
    assert lockout.wait_s("陈红", "10.0.0.1") > 0
    assert lockout.knows("127.0.0.1")


def test_passes_codes_tokens_and_station_keys_are_known(kept: Kept) -> None:
    directory, about = kept.directory, kept.about
    # Opened as the engine does, which brings an older file up to date.
    with closing(PassRegistry(directory.registry, writer=True)) as registry:
        assert registry.get("p0").holder == "住户0"
        assert registry.find("card", "400020")[0].id == "p20"
        assert registry.find("card", "410003") == ()
    code = directory.codes.check(about["code"])
    assert code is not None
    assert code.pass_id == "guest-1"
    assert [token.name for token in directory.tokens.list()] == ["central"]
    assert directory.station_keys.find(about["station_key"]) == "booth"


def test_a_kill_while_the_arm_moves_leaves_the_lane_to_a_person(tmp_path: Path) -> None:
    kept = Kept("killed", tmp_path)
    running = Running(kept.directory.path)
    try:
        assert [lane["id"] for lane in running.client.call("state")["lanes"] if lane["interrupted"]] == ["in"]
        assert running.bus.orders == []
    finally:
        running.stop()
