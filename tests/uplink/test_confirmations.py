"""`/confirmed`: what counts, what is journaled, and what retention and `verify` get to know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.vocabulary.errors import EngineUnreachableError
from gateway.store.journal.heads import Head, parse_head
from gateway.store.journal.proof import known_heads
from gateway.store.journal.reader import JournalReader
from gateway.store.settings.signing_key import PublicKey, SigningKey
from gateway.uplink.central.commands import Answer, Confirmation
from gateway.uplink.central.confirmations import CONSUMERS_MAX, ROW_EVERY_S, ROWS_AT_ONCE, Confirmations
from gateway.uplink.central.cursors import Cursors
from gateway.uplink.central.feed import JournalFeed
from tests.support.engine_stand_in import EngineStandIn
from tests.support.mosquitto import Central, wait_until
from tests.support.uplink_process import UplinkProcess
from tests.uplink.conftest import BOOT, Writer


class Notary:
    """Confirmations over a real journal of ten rows, with an engine that can be away."""

    def __init__(self, folder: Path, writer: Writer) -> None:
        writer.write(10)
        Cursors(folder / "uplink.db").close()
        self.folder = folder
        self.reader = JournalReader(folder / "journal.db")
        self.key = SigningKey(folder / "journal-key.pem", makes=True)
        self.rows: list[dict[str, Any]] = []
        self.away = False
        self.now_s = 0.0
        feed = JournalFeed(folder / "journal.db", BOOT, sign=self.key.signed)
        self.confirmations = Confirmations(folder / "uplink.db", feed, self.tell, lambda: self.now_s)

    def tell(self, row: dict[str, Any]) -> None:
        if self.away:
            raise EngineUnreachableError("away")
        self.rows.append(row)

    def take(self, sequence: int, consumer: str = "central", **changes: Any) -> Answer:
        head = changes.get("head") or self.reader.hash_of(min(sequence, 10))
        return self.confirmations.take(Confirmation(consumer, changes.get("id", f"testjournal.{sequence}"), head))

    def confirmed(self) -> dict[str, int]:
        with closing(apsw.Connection(str(self.folder / "uplink.db"))) as db:
            return dict(db.execute("SELECT consumer, sequence FROM confirmed WHERE journal = 'testjournal'"))


@pytest.fixture
def notary(tmp_path: Path, writer: Writer) -> Iterator[Notary]:
    one = Notary(tmp_path, writer)
    yield one
    one.confirmations.close()


def test_a_row_with_its_hash_counts_and_is_answered_with_a_signed_head(notary: Notary) -> None:
    answer = notary.take(7)
    assert (answer.id, answer.status, answer.reason) == ("testjournal.7", "done", "")
    head = parse_head(str(answer.head))
    assert (head.sequence, head.hash) == (7, notary.reader.hash_of(7))
    assert notary.key.public.check(head)
    assert (notary.confirmed(), notary.rows) == ({"central": 7}, [])


def test_verify_knows_the_confirmed_head(notary: Notary, tmp_path: Path) -> None:
    head = notary.take(7).head
    (known,) = known_heads(tmp_path / "state.db", tmp_path / "uplink.db", tmp_path / "web.db")
    assert (known.by, known.journal, known.head.text) == ("mqtt:central (confirmed)", "testjournal", head)


def test_a_hash_may_be_written_in_capitals(notary: Notary) -> None:
    assert notary.take(7, head=notary.reader.hash_of(7).upper()).status == "done"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"head": "0" * 64}, "other_hash"),
        ({"head": "nonsense"}, "other_hash"),
        ({"id": "testjournal.11"}, "unknown_row"),
        ({"id": "testjournal.0"}, "unknown_row"),
        ({"id": "nonsense"}, "unknown_row"),
        ({"id": "otherjournal.7"}, "other_journal"),
    ],
)
def test_anything_else_is_ignored_and_journaled_by_name(notary: Notary, changes: dict[str, Any], reason: str) -> None:
    notary.take(3)
    answer = notary.take(7, **changes)
    assert (answer.status, answer.reason) == ("refused", reason)
    assert notary.confirmed() == {"central": 3}
    event = {"event": "testjournal.7", "head": notary.reader.hash_of(7)}
    event |= {{"id": "event"}.get(key, key): value for key, value in changes.items()}
    assert notary.rows == [{"consumer": "central", **event, "reason": reason, "count": 1, "by": "central"}]


def test_a_row_that_retention_has_dropped_cannot_be_confirmed(notary: Notary, writer: Writer) -> None:
    digest = notary.reader.hash_of(3)
    writer.journal.drop_some(6, wall_ns=1, most=100)
    assert notary.take(3, head=digest).reason == "dropped"
    assert notary.take(5).status == "done"


def test_an_earlier_row_changes_nothing(notary: Notary) -> None:
    notary.take(7)
    assert notary.take(5).status == "done"
    assert notary.confirmed() == {"central": 7}


def test_consumers_are_told_apart_and_are_not_without_bound(notary: Notary) -> None:
    for number in range(CONSUMERS_MAX):
        assert notary.take(number % 9 + 1, f"c{number}").status == "done"
    assert notary.take(1, "one-more").reason == "too_many_consumers"
    assert notary.take(10, "c0").status == "done"
    assert len(notary.confirmed()) == CONSUMERS_MAX


def test_a_flood_fills_no_journal_and_is_counted(notary: Notary) -> None:
    for _ in range(1000):
        notary.take(7, head="0" * 64)
    assert len(notary.rows) == ROWS_AT_ONCE
    notary.now_s += ROW_EVERY_S
    notary.take(7, head="0" * 64)
    assert notary.rows[-1]["count"] == 1001 - ROWS_AT_ONCE


def test_what_could_not_be_journaled_is_journaled_later(notary: Notary) -> None:
    notary.away = True
    assert notary.take(7, head="0" * 64).reason == "other_hash"
    notary.away = False
    notary.take(8, head="0" * 64)
    assert [row["event"] for row in notary.rows] == ["testjournal.7", "testjournal.8"]


@pytest.mark.real
class TestOverABroker:
    def test_a_confirmation_is_answered_and_a_false_one_is_journaled(
        self, tmp_path: Path, writer: Writer, engine: EngineStandIn, listener: Central, uplink: UplinkProcess
    ) -> None:
        writer.write(5)
        uplink.start()
        wait_until(lambda: 5 in listener.sequences())
        digest = JournalReader(tmp_path / "journal.db").hash_of(5)
        listener.say("confirmed", {"consumer": "hq", "id": "testjournal.5", "head": digest})
        answer = wait_until(lambda: listener.last("replies"))
        assert (answer["id"], answer["status"]) == ("testjournal.5", "done")
        listener.say("confirmed", {"consumer": "hq", "id": "testjournal.4", "head": digest})
        (noted,) = wait_until(lambda: engine.calls("journal.note"))
        assert noted["type"] == "journal.confirmation_ignored"
        assert (noted["data"]["by"], noted["data"]["reason"]) == ("hq", "other_hash")
        status = listener.last("status")
        key = PublicKey.read(status["key"])
        assert key.check(parse_head(answer["head"]))
        assert status["head"] == "" or key.check(parse_head(status["head"]))
        assert uplink.stop() == 0
        left = parse_head(listener.last("status")["head"])
        assert (left.sequence, left.hash, key.check(left)) == (5, digest, True)

    def test_the_cursor_has_the_head_of_the_acknowledged_row(
        self, tmp_path: Path, writer: Writer, listener: Central, uplink: UplinkProcess
    ) -> None:
        writer.write(5)
        uplink.start()
        wait_until(lambda: 5 in listener.sequences())
        uplink.stop()
        (known,) = known_heads(tmp_path / "state.db", tmp_path / "uplink.db", tmp_path / "web.db")
        assert known.by == "mqtt:central (acknowledged)"
        assert (known.head.sequence, known.head.hash) == (5, JournalReader(tmp_path / "journal.db").hash_of(5))
        assert SigningKey(tmp_path / "journal-key.pem").public.check(known.head)

    def test_a_malformed_one_is_refused(self, writer: Writer, listener: Central, uplink: UplinkProcess) -> None:
        writer.write(1)
        uplink.start()
        wait_until(lambda: listener.sequences())
        for wrong in ({"consumer": "hq", "id": "testjournal.1"}, {"consumer": "a b", "id": "x", "head": "y"}):
            listener.say("confirmed", wrong, ResponseTopic="answers/x")
        listener.say("confirmed", {"consumer": "hq", "id": "testjournal.1", "head": "0" * 64}, retain=True)
        replies = wait_until(lambda: (found := listener.on("replies")) and found)
        assert json.loads(replies[0].payload)["reason"] == "retained"


def test_a_head_without_a_signature_is_given_without_a_key(tmp_path: Path, writer: Writer) -> None:
    writer.write(2)
    assert parse_head(JournalFeed(tmp_path / "journal.db", BOOT).head(2)) == Head(
        2, JournalReader(tmp_path / "journal.db").hash_of(2)
    )
