"""What `verify` compares beside the chain: columns, summaries and boots must say what the texts say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.vocabulary.errors import JournalBrokenError
from gateway.store.journal.chain import check_row
from gateway.store.journal.composing import Stored
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from tests.store.conftest import SOURCE, row
from tests.store.recovery.harms import sql

ROWS = 3000
AT = "2026-09-21T14:13:20.000Z"
AT_NS = 1_790_000_000_000_000_000


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3000 rows of two boots: two full blocks, and an open one."""
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    for boot, numbers in (("boot-1", range(2000)), ("boot-2", range(2000, ROWS))):
        opened = (
            Journal.open(path, SOURCE, boot) if path.exists() else Journal.create(path, "testjournal1", SOURCE, boot)
        )
        with closing(opened) as journal:
            for first in range(numbers.start, numbers.stop, 500):
                journal.append([row(n, "a.b" if n % 7 else "c.d") for n in range(first, first + 500)])
    return path


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "journal.db"
    with closing(apsw.Connection(str(kept))) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    sql(copy, "PRAGMA journal_mode = wal")
    yield copy


def bad_row(path: Path) -> tuple[int, str]:
    with closing(JournalReader(path)) as reader, pytest.raises(JournalBrokenError) as caught:
        reader.verify()
    return caught.value.sequence, str(caught.value)


def test_a_journal_that_was_let_alone_is_whole(path: Path) -> None:
    with closing(JournalReader(path)) as reader:
        assert reader.verify().rows == ROWS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("type = 'alarm.raised'", "type 'gatehouse.alarm.raised' for 'gatehouse.a.b'"),
        ("subject = 'lanes/other'", "subject 'lanes/other' for 'lanes/in'"),
        ("wall_ns = wall_ns + 99999999999", "wall_ns '"),
        ("wall_ns = wall_ns - 1", "wall_ns '"),
        ("wall_ns = 'soon'", "wall_ns 'soon'"),
        ("wall_ns = 9e99", "wall_ns '9e+99'"),
        ("mono_ns = mono_ns + 1", "mono_ns '"),
        ("type = x'00'", "type "),
        ("text = CAST(text AS BLOB)", "it is no text"),
    ],
)
@pytest.mark.parametrize("sequence", [2, 40, 2501])
def test_a_column_beside_the_text_is_compared_with_it(path: Path, change: str, says: str, sequence: int) -> None:
    sql(path, f"UPDATE rows SET {change} WHERE sequence = {sequence}")
    row, words = bad_row(path)
    assert row == sequence
    assert words.startswith(f"row {sequence} was changed")
    assert says in words


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("UPDATE blocks SET types = ' a.b ' WHERE block = 1", 1024),
        ("UPDATE blocks SET types = ' a.b c.d e.f ' WHERE block = 1", 1024),
        ("UPDATE blocks SET high_ns = low_ns WHERE block = 0", 1),
        ("UPDATE blocks SET low_ns = high_ns WHERE block = 1", 1024),
        ("DELETE FROM blocks WHERE block = 0", 1),
        ("DELETE FROM blocks WHERE block = 1", 1024),
        ("INSERT INTO blocks VALUES(2, ' x ', 1, 1)", 2048),
        ("INSERT INTO blocks VALUES(900, ' x ', 1, 1)", 2048),
        ("UPDATE boots SET boot = 'boot-9' WHERE first = 2001", 2001),
        ("UPDATE boots SET first = 2002 WHERE first = 2001", 2001),
        ("DELETE FROM boots WHERE first = 2001", 2001),
        ("DELETE FROM boots", 1),
        ("INSERT INTO boots VALUES(1500, 'boot-2')", 1500),
        ("INSERT INTO boots VALUES(3001, 'boot-3')", 3000),
    ],
)
def test_summaries_and_boots_are_compared_with_the_rows(path: Path, statement: str, sequence: int) -> None:
    sql(path, statement)
    assert bad_row(path)[0] == sequence


@pytest.mark.parametrize("before", [2, 1024, 1025, 1500, 2000, 2048, 2049, 3000])
def test_what_retention_leaves_is_whole(path: Path, before: int) -> None:
    with closing(Journal.open(path, SOURCE, "boot-2")) as journal:
        journal.drop_some(before, wall_ns=1, most=ROWS)
    with closing(JournalReader(path)) as reader:
        assert reader.verify().first == before
    sql(path, "UPDATE blocks SET types = ' x '")
    if before < 2048:
        assert bad_row(path)[0] == before if before > 1 else 1


@pytest.mark.parametrize("at", [0, 500, 1000, 1024, 2000, 2047, 2048])
@pytest.mark.parametrize("ahead", [-600, 0, 300])
def test_rows_that_are_dropped_while_it_reads_are_no_fault(
    path: Path, monkeypatch: pytest.MonkeyPatch, at: int, ahead: int
) -> None:
    monkeypatch.setattr("gateway.store.journal.reader.VERIFY_ROWS", 256)
    with closing(Journal.open(path, SOURCE, "boot-2")) as journal, closing(JournalReader(path)) as reader:
        dropped: list[int] = []

        def drop(done: int, _last: int) -> None:
            if done >= at and not dropped and done + ahead > 0:
                dropped.append(journal.drop_some(min(done + ahead, ROWS) + 1, wall_ns=1, most=ROWS))

        assert reader.verify(drop).last == ROWS
        assert dropped


def chained(number: int = 7, digits: int = 20, **changed: Any) -> Stored:
    said = {"id": "j.7", "type": "gatehouse.a.b", "subject": "s", "time": AT, "sequence": f"{7:0{digits}d}"}
    said |= {"bootid": "b", "uptimens": "3", "prevhash": "aa", **changed}
    text = "{" + ",".join(f'"{key}":"{value}"' for key, value in said.items()) + "}"
    return number, AT_NS, 3, "a.b", "s", sha256(text.encode()).digest(), text


def test_a_sound_row_gives_the_hash_for_the_next() -> None:
    row = chained()
    assert check_row(row, 7, "aa", "j", "b") == row[5].hex()


def test_the_text_has_no_part_of_a_millisecond() -> None:
    row = chained()
    assert check_row((row[0], AT_NS + 999_999, *row[2:]), 7, "aa", "j", "b") == row[5].hex()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (chained(number=8), "row 7 is missing; the next one is 8"),
        ((*chained()[:5], b"x", chained()[6]), "row 7 was changed: its hash does not fit"),
        (chained(prevhash="bb"), "row 7 does not follow row 6: one of them was changed"),
        (chained(id="j.8"), "row 7 calls itself j.8"),
        (chained(id="k.7"), "row 7 calls itself k.7"),
        (chained(digits=19), "row 7 calls itself j.7"),
        ((*chained()[:5], sha256(b"{}").digest(), "{}"), "row 7 is not an event: "),
        (chained(bootid="c"), "row 7 was changed beside its text, so filters miss it: boot 'b' for 'c'"),
    ],
)
def test_a_row_that_is_wrong_is_told_by_its_number(row: Stored, says: str) -> None:
    with pytest.raises(JournalBrokenError) as caught:
        check_row(row, 7, "aa", "j", "b")
    assert str(caught.value).startswith(says)
