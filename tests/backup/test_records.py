"""The inner form: items in order, each as its list of contents says."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.backup.check import Nothing
from gateway.backup.records import ROWS_MAX, About, Contents, Item, Recorder, read_records
from gateway.core.vocabulary.errors import BackupError

ABOUT = About("0.1.0", "2026-12-01T03:00:00Z", "north-court", "gw1", "testjournal1")


class Bytes:
    def __init__(self) -> None:
        self.content = b""

    def write(self, content: bytes) -> None:
        self.content += content


class Kept(Nothing):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def item(self, item: Item) -> None:
        self.told.append(item.name)

    def rows(self, rows: list[list[Any]]) -> None:
        self.told += rows

    def again(self) -> None:
        self.told.append("again")

    def data(self, content: bytes) -> None:
        self.told.append(content)


def packed(*records: Any) -> bytes:
    texts = [msgspec.msgpack.encode(record) for record in records]
    return zlib.compress(b"".join(len(text).to_bytes(4, "big") + text for text in texts))


def example() -> tuple[bytes, tuple[Any, ...]]:
    out = Bytes()
    recorder = Recorder(out, ABOUT)
    recorder.item(Item("state.db", "database", 7, 1))
    recorder.table("meta", ["key", "value"])
    recorder.rows(iter([("a", 1), ("b", None)]))
    recorder.again()
    recorder.rows(iter([("c", b"\x00"), ("d", 2**62)]))
    recorder.end()
    recorder.item(Item("site.json", "file", mode=0o600))
    recorder.data(b"{}")
    recorder.data(b"\n")
    recorder.end()
    manifest = recorder.close()
    return out.content, manifest


def test_items_come_back_in_order_with_their_sums() -> None:
    content, manifest = example()
    kept = Kept()
    assert read_records([content], kept) == Contents(ABOUT, manifest)
    assert kept.told == [
        "state.db",
        ["a", 1],
        ["b", None],
        "again",
        ["c", b"\x00"],
        ["d", 2**62],
        "site.json",
        b"{}",
        b"\n",
    ]
    assert [(one.name, one.size, one.rows) for one in manifest][1] == ("site.json", 3, 0)
    assert manifest[0].rows == 4


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_the_cut_into_chunks_means_nothing(size: int) -> None:
    content, manifest = example()
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    assert read_records(parts, Nothing()).manifest == manifest


def test_many_rows_are_many_records_of_a_bounded_size() -> None:
    out = Bytes()
    recorder = Recorder(out, ABOUT)
    recorder.item(Item("state.db", "database", 7, 1))
    recorder.table("t", ["a"])
    recorder.rows((n,) for n in range(3 * ROWS_MAX + 1))
    recorder.rows(("x" * 200_000,) for _ in range(3))
    recorder.end()
    recorder.close()
    sizes: list[int] = []

    class Sizes(Nothing):
        def rows(self, rows: list[list[Any]]) -> None:
            sizes.append(len(rows))

    read_records([out.content], Sizes())
    assert sizes == [ROWS_MAX, ROWS_MAX, ROWS_MAX, 1, 2, 1]


BACKUP = ["backup", ABOUT]
FILE = ["item", Item("a", "file")]
BASE = ["item", Item("a.db", "database", 1, 1)]


@pytest.mark.parametrize(
    "records",
    [
        (), (BACKUP,), (BACKUP, FILE, ["data", b"x"]), (FILE, ["end"], ["manifest", []]),
        (BACKUP, BACKUP, ["manifest", []]), (BACKUP, FILE, FILE, ["end"], ["manifest", []]),
        (BACKUP, ["data", b"x"], ["manifest", []]), (BACKUP, FILE, ["rows", [[1]]], ["end"], ["manifest", []]),
        (BACKUP, BASE, ["data", b"x"], ["end"], ["manifest", []]), (BACKUP, ["manifest", []], ["end"]),
        (BACKUP, FILE, ["end"], ["manifest", []]), (BACKUP, ["what", 1], ["manifest", []]),
        (BACKUP, [], ["manifest", []]),
        (BACKUP, ["item", 7], ["manifest", []]), (BACKUP, BASE, ["rows", 7], ["manifest", []]), (7,),
        (BACKUP, FILE, ["data"], ["end"], ["manifest", []]), (BACKUP, BASE, ["what"], ["end"], ["manifest", []]),
        (BACKUP, ["manifest", [{"name": "a", "kind": "file", "size": 0, "sha256": "", "rows": 0}]]),
    ],
)  # fmt: skip
def test_records_out_of_order_are_damage(records: tuple[Any, ...]) -> None:
    with pytest.raises(BackupError):
        read_records([packed(*records)], Nothing())


@pytest.mark.parametrize(
    "content",
    [b"", b"x", packed(BACKUP, ["manifest", []])[:-1], packed(BACKUP, ["manifest", []]) + b"x",
     zlib.compress(b"\xff\xff\xff\xff"), zlib.compress(b"\x00\x00\x00\x09abc"), zlib.compress(b"\x00")],
)  # fmt: skip
def test_a_stream_that_does_not_end_as_it_should_is_damage(content: bytes) -> None:
    with pytest.raises(BackupError):
        read_records([content], Nothing())


@given(st.binary(max_size=200))
def test_noise_is_damage(noise: bytes) -> None:
    for content in (noise, zlib.compress(noise), packed(BACKUP) + noise):
        with pytest.raises(BackupError):
            read_records([content], Nothing())
