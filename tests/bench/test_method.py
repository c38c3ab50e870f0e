"""How the benchmark measures: on a settled disk, with stalls counted apart, and with clocks that tell true."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from tests.bench import machine, subjects
from tests.bench.__main__ import BENCHES
from tests.bench.disk import settle
from tests.bench.floors.chain import Chain
from tests.bench.floors.group_concat import PAGE
from tests.bench.floors.imported import import_seconds
from tests.bench.measures import backlog, pull_feed
from tests.bench.measures.imports import write_list
from tests.bench.measures.restart import fill_journal
from tests.bench.parts.counted import FILES, CountedGateway, Counts, count_into, slot_of
from tests.bench.parts.relay import Packets, Reader
from tests.bench.parts.timed_engine import Commit, TimedGateway, apart, stalls
from tests.bench.rig import Rig, Sample
from tests.bench.targets import TARGETS
from tests.support.site_process import ROOT

MS = 1_000_000


# ---- what is promised ------------------------------------------------------------------------------------------------


def test_every_figure_has_a_target() -> None:
    assert sorted(figure for figures in BENCHES.values() for figure in figures) == sorted(TARGETS)


def test_the_contributors_page_has_every_figure_with_its_target() -> None:
    page = (ROOT / "docs" / "contributor.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([<>]=[\d.]+) ", page.partition("## The benchmark")[2], re.M)
    assert dict(rows) == TARGETS


# ---- the disk --------------------------------------------------------------------------------------------------------


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Inode -> the time of its last change when it was last synced (0: the whole machine's)."""
    found: dict[int, int] = {}
    fsync = os.fsync

    def note(handle: int) -> None:
        fsync(handle)
        about = os.fstat(handle)
        found[about.st_ino] = about.st_mtime_ns

    monkeypatch.setattr("tests.bench.disk.os.fsync", note)
    monkeypatch.setattr("tests.bench.disk.os.sync", lambda: found.update({0: 1}))
    return found


def unsynced(folder: Path, synced: dict[int, int]) -> list[str]:
    """The files that were changed after they had been synced last."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    return [path.name for path in files if synced.get(path.stat().st_ino, 0) < path.stat().st_mtime_ns]


def test_settling_syncs_every_file_every_folder_and_the_machine(tmp_path: Path, synced: dict[int, int]) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "deep" / "deeper" / "rows.db").write_bytes(b"x" * 10_000)
    (tmp_path / "reader").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    settle(tmp_path)
    assert unsynced(tmp_path, synced) == []
    assert {0, tmp_path.stat().st_ino, (tmp_path / "deep" / "deeper").stat().st_ino} <= set(synced)
    assert len(synced) == 5


def test_a_registry_and_a_journal_are_on_the_disk_once_they_are_filled(tmp_path: Path, synced: dict[int, int]) -> None:
    rig = Rig(tmp_path)
    try:
        gateway = subjects.make(tmp_path, rig, 50)
    finally:
        rig.close()
    assert unsynced(tmp_path, synced) == []
    fill_journal(gateway.directory, 3_000)
    assert unsynced(gateway.data, synced) == []
    assert gateway.last_sequence() == 3_000
    assert subjects.rows_waiting(gateway) == 3_000


def test_a_floors_registry_and_the_journals_to_deliver_are_on_the_disk_too(
    tmp_path: Path, synced: dict[int, int]
) -> None:
    subjects.floor_registry(tmp_path / "floor.db", 50)
    assert unsynced(tmp_path, synced) == []
    backlog._fill(tmp_path / "journal.db", 600)
    assert unsynced(tmp_path, synced) == []
    directory = subjects.Gateway(tmp_path / "data").directory
    directory.create({"site": {"id": "bench"}, "gateway": {"id": "gw1"}})
    pull_feed._fill(directory, PAGE)
    assert unsynced(tmp_path, synced) == []


# ---- the rig's clock and the commits ---------------------------------------------------------------------------------


def sample(shown_ms: float, opened_ms: float) -> Sample:
    """A card by milliseconds."""
    return Sample(int(shown_ms * MS), int(opened_ms * MS))


def commit(started_ms: float, ended_ms: float) -> Commit:
    """A commit by milliseconds."""
    return Commit(int(started_ms * MS), int(ended_ms * MS))


def test_a_sample_is_the_time_from_frame_to_coil() -> None:
    assert sample(10, 11.5).latency_us == 1500


def test_only_a_commit_of_more_than_fifty_milliseconds_is_a_stall() -> None:
    assert stalls([commit(0, 50), commit(0, 50.1), commit(7, 300)]) == [commit(0, 50.1), commit(7, 300)]


def test_the_cards_that_meet_a_stalled_commit_are_counted_apart_whosever_commit_it_is() -> None:
    before, across, within, behind = sample(0, 99), sample(90, 210), sample(120, 130), sample(201, 203)
    free, met = apart([before, across, within, behind], [commit(100, 200)])
    assert (free, met) == ([before, behind], [across, within])


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_engines_commits_are_told_on_the_rigs_clock(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    try:
        gateway = subjects.make(tmp_path, rig, 100, kind=TimedGateway)
        with subjects.engine(gateway, rig):
            samples = rig.passages(3, 100)
        commits = gateway.commits()
    finally:
        rig.close()
    for one in samples:
        assert any(one.shown_ns < made.started_ns < one.opened_ns for made in commits)


# ---- the relay -------------------------------------------------------------------------------------------------------


def packet(first: int, body: bytes) -> bytes:
    """An MQTT packet."""
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([first]) + length + body


def publish(topic: str, number: int, payload: bytes) -> bytes:
    """A PUBLISH with QoS 1."""
    return packet(0x32, len(topic).to_bytes(2, "big") + topic.encode() + number.to_bytes(2, "big") + payload)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_packets_are_found_however_the_stream_is_cut(step: int) -> None:
    bodies = [b"", b"x" * 127, b"y" * 128, b"z" * 20_000]
    stream = b"".join(packet(0x32, body) for body in bodies)
    packets = Packets()
    found = [one for at in range(0, len(stream), step) for one in packets.feed(stream[at : at + step])]
    assert found == [(0x32, body) for body in bodies]


def test_an_alarm_is_acknowledged_by_the_puback_of_its_own_publish() -> None:
    reader = Reader()
    reader.sent(publish("s/alarms/a1", 7, b'\x00{"kind":"crash"}') + publish("s/events", 8, b"\x00[]"))
    assert reader.back(packet(0x40, (8).to_bytes(2, "big"))) == []
    assert reader.back(packet(0x40, (7).to_bytes(2, "big"))) == [("s/alarms/a1", b'\x00{"kind":"crash"}')]
    assert reader.back(packet(0x40, (7).to_bytes(2, "big"))) == []
    assert reader.events == 1


# ---- floors ----------------------------------------------------------------------------------------------------------


def test_the_bare_chain_lives_on_from_round_to_round(tmp_path: Path) -> None:
    with closing(Chain(tmp_path / "chain.db", 600)) as chain:
        assert chain.rows_per_second(3, 1) > 0
        assert chain.rows_per_second(2, 100) > 0
        rows = chain._db.execute("SELECT count(*), max(sequence), min(length(text)) FROM rows").fetchone()
    assert rows == (203, 203, 600)


def test_the_floor_of_the_import_stores_every_pass_with_its_card_and_plate(tmp_path: Path) -> None:
    write_list(tmp_path / "passes.csv", 300)
    assert import_seconds(tmp_path / "floor.db", tmp_path / "passes.csv") > 0
    db = apsw.Connection(str(tmp_path / "floor.db"))
    with closing(db):
        assert db.execute("SELECT count(*) FROM passes").get == 300
        assert db.execute("SELECT count(*) FROM credentials").get == 600


# ---- the compressed feed ---------------------------------------------------------------------------------------------


@contextmanager
def feed(rows: int, *, packs: bool) -> Iterator[int]:
    """A web that serves so many events by the thousand, compressed if it is asked to and `packs`; its port."""

    class Pages(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            after = int(self.path.rpartition(".")[2] or 0) if "." in self.path else 0
            numbers = range(after + 1, min(rows, after + PAGE) + 1)
            body = json.dumps(
                [{"id": f"j.{n}", "sequence": f"{n:020d}"} for n in numbers], separators=(",", ":")
            ).encode()
            packed = packs and self.headers["Accept-Encoding"] == "gzip"
            body = gzip.compress(body, 1) if packed else body
            self.send_response(200)
            if packed:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_compressed_pages_are_pulled_to_the_last_event() -> None:
    with feed(2_500, packs=True) as port, closing(pull_feed.Client(port, "s", gzip=True)) as client:
        assert client.is_packed()
        assert client.pull_known(2_500) > 0
        with pytest.raises(RuntimeError, match="ends at event 2500, not at 2400"):
            client.pull_known(2_400)


def test_a_feed_that_does_not_compress_is_found_out() -> None:
    with feed(10, packs=False) as port, closing(pull_feed.Client(port, "s", gzip=True)) as client:
        assert not client.is_packed()


# ---- bytes written ---------------------------------------------------------------------------------------------------


def test_every_byte_that_a_database_hands_to_the_file_system_is_counted_by_its_file(tmp_path: Path) -> None:
    gateway = CountedGateway(tmp_path / "data")
    gateway.data.mkdir()
    counting = count_into(Counts(tmp_path / "data-engine-written"))
    try:
        db = apsw.Connection(str(gateway.data / "state.db"))
        db.pragma("journal_mode", "wal")
        db.execute("CREATE TABLE rows(text)")
        before = gateway.written()
        db.execute("INSERT INTO rows VALUES(?)", ("x" * 500,))
        frame_bytes = db.pragma("page_size") + 24
        assert gateway.written() - before == {"state.db-wal": frame_bytes}
        before = gateway.written()
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        assert gateway.written() - before == {"state.db": (gateway.data / "state.db").stat().st_size}
        db.close()
    finally:
        counting.unregister()


def test_what_is_no_database_of_ours_is_counted_as_other() -> None:
    assert [FILES[slot_of(path)] for path in ("/d/journal.db", "/d/journal.db-wal", "/tmp/etilqs_1", "")] == [
        "journal.db", "journal.db-wal", "other", "other",
    ]  # fmt: skip


# ---- the machine -----------------------------------------------------------------------------------------------------


def test_what_others_use_is_everything_but_idle_time() -> None:
    stats = iter(["cpu  10 0 10 100 0 0 0 0 0 0\ncpu0 1", "cpu  20 0 20 160 10 0 10 0 0 0\ncpu0 2"])
    assert machine.busy_percent(0, lambda: next(stats)) == pytest.approx(40)


def test_the_file_system_is_that_of_the_nearest_mount() -> None:
    mounts = "/dev/a / ext4 rw 0 0\nt /var/tmp tmpfs rw 0 0\n"
    assert machine.file_system(Path("/var/tmp/x"), mounts) == "tmpfs"
    assert machine.file_system(Path("/var/lib"), mounts) == "ext4"


def test_a_description_says_what_was_measured_where(tmp_path: Path) -> None:
    found = machine.describe(tmp_path)
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert abs(time.time() - time.mktime(time.strptime(found["taken_at"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 60
