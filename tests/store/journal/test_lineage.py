"""A journal that goes on from restored ones: positions, gaps, and a chain that holds over the seams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.vocabulary.errors import JournalBrokenError
from gateway.core.vocabulary.rows import JournalRestored
from gateway.store.journal.cursors import Cursor, parse_cursor
from gateway.store.journal.lineage import Ancestor, Lineage
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from tests.store.conftest import SOURCE, START_NS, row
from tests.uplink.test_outbox import take

FIRST, SECOND, NOW = "firstone1", "secondone2", "nowjournal3"
LINEAGE = Lineage(NOW, (Ancestor(FIRST, 100, "aa" * 32), Ancestor(SECOND, 200, "bb" * 32)))


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        (f"{NOW}.250", Cursor(NOW, 250)),
        (f"{NOW}.50", Cursor(NOW, 50)),
        (f"{FIRST}.0", Cursor(NOW, 0)),
        (f"{FIRST}.99", Cursor(NOW, 99)),
        (f"{FIRST}.100", Cursor(NOW, 100)),
        (f"{FIRST}.101", Cursor(NOW, 100, lost=101)),
        (f"{SECOND}.150", Cursor(NOW, 150)),
        (f"{SECOND}.201", Cursor(NOW, 200, lost=201)),
        ("strange99.5", Cursor("strange99", 0, foreign=True)),
    ],
)
def test_a_position_in_an_ancestor_is_one_here(text: str, cursor: Cursor) -> None:
    assert parse_cursor(text, LINEAGE) == cursor


@pytest.mark.parametrize(
    ("journal", "sequence", "row"),
    [(NOW, 250, 250), (FIRST, 40, 40), (FIRST, 130, 100), (SECOND, 130, 130), (SECOND, 999, 200), ("other999", 7, 0)],
)
def test_what_a_consumer_has_of_an_ancestor_it_has_here(journal: str, sequence: int, row: int) -> None:
    assert LINEAGE.confirmed(journal, sequence) == row


@pytest.mark.parametrize(("sequence", "journal"), [(1, FIRST), (100, FIRST), (101, SECOND), (200, SECOND), (201, NOW)])
def test_each_row_has_the_id_of_the_journal_that_wrote_it(sequence: int, journal: str) -> None:
    assert LINEAGE.id_of(sequence) == journal


def test_a_lineage_is_kept_with_the_journal() -> None:
    assert Lineage.of(dict(LINEAGE.meta())) == LINEAGE
    assert Lineage.of({"journal": FIRST}).restored_as(SECOND, 5, "aa") == Lineage(SECOND, (Ancestor(FIRST, 5, "aa"),))


def restored(path: Path, new: str, **said: Any) -> None:
    """What a restore does with a journal; `said` is what its row says otherwise."""
    with closing(JournalReader(path)) as reader:
        old, last = reader.lineage(), reader.last_sequence()
        head = reader.hash_of(last)
    db = apsw.Connection(str(path))
    db.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", old.restored_as(new, last, head).meta())
    db.close()
    about = {"predecessor": old.journal, "last": last, "head": head, "made_at": "", "by": "root", "via": "cli", **said}
    with closing(Journal.open(path, SOURCE, "boot-2")) as journal:
        journal.append([Row("journal.restored", "journal", JournalRestored(**about), START_NS, 1)])
        journal.append([row(n) for n in range(5)])


@pytest.fixture
def twice(tmp_path: Path) -> Iterator[JournalReader]:
    """Ten rows; restored, and six more; restored again, and six more."""
    path = tmp_path / "journal.db"
    with closing(Journal.create(path, FIRST, SOURCE, "boot-1")) as journal:
        journal.append([row(n) for n in range(10)])
    restored(path, SECOND)
    restored(path, NOW)
    with closing(JournalReader(path)) as reader:
        yield reader


def ids(reader: JournalReader, cursor: str, limit: int = 1000) -> list[str]:
    return [event["id"] for event in json.loads(reader.feed(cursor, limit).json)]


def test_the_chain_holds_over_every_seam(twice: JournalReader) -> None:
    assert twice.verify().rows == 22
    every = ids(twice, "")
    assert every == [f"{FIRST}.{n}" for n in range(1, 11)] + [f"{SECOND}.{n}" for n in range(11, 17)] + [
        f"{NOW}.{n}" for n in range(17, 23)
    ]


@pytest.mark.parametrize(
    ("cursor", "next_one"),
    [(f"{FIRST}.4", f"{FIRST}.5"), (f"{FIRST}.10", f"{SECOND}.11"), (f"{SECOND}.16", f"{NOW}.17"),
     (f"{NOW}.16", f"{NOW}.17"), (f"{NOW}.21", f"{NOW}.22")],
)  # fmt: skip
def test_a_cursor_of_an_ancestor_goes_on_without_a_gap(twice: JournalReader, cursor: str, next_one: str) -> None:
    assert twice.gap_after(twice.cursor(cursor)) is None
    assert ids(twice, cursor)[0] == next_one


@pytest.mark.parametrize(("cursor", "seam", "lost"), [(f"{SECOND}.90", 16, 90), (f"{FIRST}.12", 10, 12)])
def test_a_cursor_beyond_the_backup_gets_one_gap_and_then_what_came_instead(
    twice: JournalReader, cursor: str, seam: int, lost: int
) -> None:
    gap, *rest = json.loads(twice.feed(cursor, 3).json)
    assert (gap["type"], gap["id"], int(gap["sequence"])) == ("gatehouse.journal.gap", f"{NOW}.{seam}", seam)
    assert gap["data"] == {
        "first": seam + 1, "last": lost, "lasthash": twice.hash_of(seam), "reason": "restored", "by": "gateway",
    }  # fmt: skip
    assert rest[0]["type"] == "gatehouse.journal.restored"
    assert rest[0]["prevhash"] == gap["data"]["lasthash"]
    assert ids(twice, gap["id"], 2) == [one["id"] for one in rest]


def test_what_retention_dropped_since_is_one_gap_too(twice: JournalReader, tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path / "journal.db", SOURCE, "boot-3")) as journal:
        journal.drop_some(19, wall_ns=START_NS, most=100)
    for cursor in (f"{FIRST}.4", f"{SECOND}.90"):
        gap, *rest = json.loads(twice.feed(cursor, 100).json)
        assert (gap["id"], gap["data"]["reason"]) == (f"{NOW}.18", "retention")
        assert [one["id"] for one in rest] == [f"{NOW}.{n}" for n in range(19, 23)]
    assert twice.verify().rows == 4


@pytest.mark.parametrize("said", [{"last": 9}, {"predecessor": "another11"}, {"head": "cc" * 32}])
def test_a_restore_that_tells_of_another_journal_breaks_the_chain(tmp_path: Path, said: dict[str, Any]) -> None:
    path = tmp_path / "journal.db"
    with closing(Journal.create(path, FIRST, SOURCE, "boot-1")) as journal:
        journal.append([row(n) for n in range(10)])
    restored(path, SECOND, **said)
    with closing(JournalReader(path)) as reader, pytest.raises(JournalBrokenError, match="row 11 must tell") as caught:
        reader.verify()
    assert caught.value.sequence == 11


def test_a_seam_that_only_the_table_tells_of_breaks_the_chain(twice: JournalReader, tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "journal.db"))
    lineage = Lineage(NOW, (Ancestor(FIRST, 12, "aa" * 32), Ancestor(SECOND, 16, "bb" * 32)))
    db.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", lineage.meta())
    db.close()
    with closing(JournalReader(tmp_path / "journal.db")) as reader, pytest.raises(JournalBrokenError, match="row 11"):
        reader.verify()


def test_an_uplink_goes_on_at_its_cursor_in_an_ancestor(twice: JournalReader, tmp_path: Path) -> None:
    from gateway.uplink.central.cursors import Position
    from gateway.uplink.central.feed import JournalFeed
    from gateway.uplink.central.outbox import Outbox

    feed = JournalFeed(tmp_path / "journal.db", "boot-9")
    with closing(feed):
        outbox = Outbox(feed, Position(FIRST, 8))
        assert outbox.waiting() == 14
        batch = take(outbox)
        assert batch is not None and (batch.first, batch.last) == (9, 22)
        outbox.acknowledge(batch)
        assert (outbox.position, outbox.waiting()) == (Position(NOW, 22), 0)


def test_an_uplink_that_had_more_than_the_backup_sends_one_gap(twice: JournalReader, tmp_path: Path) -> None:
    from gateway.uplink.central.cursors import Position
    from gateway.uplink.central.feed import JournalFeed
    from gateway.uplink.central.outbox import Outbox

    feed = JournalFeed(tmp_path / "journal.db", "boot-9")
    with closing(feed):
        outbox = Outbox(feed, Position(SECOND, 40))
        gap, rest = take(outbox), take(outbox)
        assert gap is not None and rest is not None
        [event] = json.loads(gap.payload)
        assert (event["data"]["last"], gap.last, rest.first) == (40, 16, 17)
        outbox.acknowledge(gap)
        assert outbox.position == Position(NOW, 16)
        outbox.rewind()
        again = take(outbox)
        assert again is not None and again.first == 17
