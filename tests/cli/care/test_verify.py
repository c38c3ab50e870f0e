"""`gatehouse verify` on journals that were cut, changed and written again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.store.directory import DataDirectory
from gateway.store.journal.heads import Head
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import State
from gateway.store.settings.signing_key import SigningKey
from gateway.uplink.central.cursors import Cursors, Position
from tests.cli.conftest import Gatehouse
from tests.support import tampering
from web.platform.consumers import Consumers
from web.platform.webdb import WebDatabase

ROWS = 200


@pytest.fixture
def directory(made: Path) -> DataDirectory:
    """200 rows that nobody has heard of yet."""
    found = DataDirectory(made)
    journal = Journal.open(found.journal, "/sites/s/gateways/gw1", "boot")
    data = {"lane": "in", "credential": {"kind": "card", "value": "472288"}, "reason": "valid_pass"}
    journal.append([Row("access.granted", "lanes/in", data, 1_790_000_000_000_000_000, 1)] * ROWS)
    journal.close()
    return found


@pytest.fixture
def file(directory: DataDirectory) -> Path:
    return directory.journal


def head_of(directory: DataDirectory, row: int) -> Head:
    with closing(JournalReader(directory.journal)) as reader:
        return directory.signing_key.signed(Head(row, reader.hash_of(row)))


def known_to_projections(directory: DataDirectory) -> None:
    with closing(State(directory.state, writer=True)) as state, closing(JournalReader(directory.journal)) as reader:
        state.catch_up(reader)


def known_to_central(directory: DataDirectory) -> None:
    head = head_of(directory, ROWS)
    with closing(JournalReader(directory.journal)) as reader:
        journal = reader.journal_id
    cursors = Cursors(directory.uplink, lambda _: head.text)
    cursors.move("central", Position(journal, ROWS))
    cursors.close()


def known_to_a_client(directory: DataDirectory) -> None:
    with closing(JournalReader(directory.journal)) as reader, closing(WebDatabase(directory.web)) as database:
        consumers = Consumers(database, sign=directory.signing_key.signed)
        lineage = reader.lineage()
        consumers.confirmed("erp", f"{lineage.journal}.{ROWS}", lineage, reader.hash_of(ROWS))
        consumers.flush()


WITNESSES = [known_to_projections, known_to_central, known_to_a_client]


def lie(event: dict[str, Any]) -> None:
    event["data"]["credential"]["value"] = "1"


def test_nothing_but_the_chain_is_known_of_a_new_journal(gatehouse: Gatehouse, directory: DataDirectory) -> None:
    told = gatehouse("verify", "--json").data
    assert (told["ok"], told["compared"], told["unproven"]) == (True, [], ROWS)
    assert f"not proven: the last {ROWS} rows" in gatehouse("verify").out


@pytest.mark.parametrize("witness", WITNESSES)
class TestWitness:
    def test_what_a_witness_knows_fits(
        self, gatehouse: Gatehouse, directory: DataDirectory, witness: Callable[[DataDirectory], None]
    ) -> None:
        witness(directory)
        told = gatehouse("verify", "--json").data
        assert [one["sequence"] for one in told["compared"]] == [ROWS]
        assert (told["ok"], told["unproven"], told["skipped"]) == (True, 0, [])

    def test_a_tail_that_was_cut_off_is_missed(
        self, gatehouse: Gatehouse, directory: DataDirectory, witness: Callable[[DataDirectory], None]
    ) -> None:
        witness(directory)
        tampering.cut_tail(directory.journal, 50)
        told = gatehouse("verify", "--json")
        assert (told.status, told.data["ok"], told.data["sequence"]) == (1, False, ROWS - 49)
        assert f"rows {ROWS - 49} to {ROWS} are missing at the end" in gatehouse("verify").out

    @pytest.mark.parametrize("first", [1, 120, ROWS])
    def test_a_chain_that_was_written_again_is_found(
        self, gatehouse: Gatehouse, directory: DataDirectory, witness: Callable[[DataDirectory], None], first: int
    ) -> None:
        witness(directory)
        tampering.write_again(directory.journal, first, lie)
        told = gatehouse("verify", "--json")
        assert (told.status, told.data["ok"], told.data["sequence"]) == (1, False, ROWS)
        assert "it or a row before it was changed" in told.data["message"]


def test_a_chain_that_was_written_again_is_whole_by_itself(gatehouse: Gatehouse, directory: DataDirectory) -> None:
    """What makes the tests above mean something."""
    tampering.write_again(directory.journal, 120, lie)
    assert gatehouse("verify").status == 0


@pytest.mark.parametrize(
    ("tamper", "row"),
    [
        (lambda file: tampering.erase(file, 60), 60),
        (lambda file: tampering.change(file, 60, "472288", "472289"), 60),
        (lambda file: tampering.erase(file, 1), 1),
    ],
)
def test_an_erased_or_a_changed_row_needs_no_head(
    gatehouse: Gatehouse, file: Path, tamper: Callable[[Path], None], row: int
) -> None:
    tamper(file)
    told = gatehouse("verify", "--json")
    assert (told.status, told.data["sequence"]) == (1, row)


def test_a_row_that_is_hidden_from_filters_is_found(gatehouse: Gatehouse, file: Path) -> None:
    with closing(apsw.Connection(str(file))) as db:
        db.execute("UPDATE rows SET type = 'alarm.raised', wall_ns = wall_ns + 99999999999 WHERE sequence = 40")
    told = gatehouse("verify", "--json")
    assert (told.status, told.data["ok"], told.data["sequence"]) == (1, False, 40)
    assert "beside its text" in told.data["message"]


class TestHead:
    """Heads that were kept on another machine."""

    def test_a_head_that_verify_printed_fits_later(self, gatehouse: Gatehouse, directory: DataDirectory) -> None:
        printed = gatehouse("verify", "--json").data["head"]
        assert printed == head_of(directory, ROWS).text
        assert f"head {printed}" in gatehouse("verify").out.splitlines()
        gatehouse("token", "create", "--name", "later", "--scope", "metrics")
        told = gatehouse("verify", "--head", printed, "--json").data
        assert (told["compared"], told["unproven"]) == ([{"by": "--head", "sequence": ROWS}], 1)

    def test_a_head_needs_no_signature(self, gatehouse: Gatehouse, directory: DataDirectory) -> None:
        head = head_of(directory, 100)
        assert gatehouse("verify", "--head", f"{head.sequence}:{head.hash}").status == 0

    def test_it_shows_what_the_machine_itself_no_longer_knows(
        self, gatehouse: Gatehouse, directory: DataDirectory
    ) -> None:
        heads = [head_of(directory, row).text for row in (100, 150, ROWS)]
        tampering.write_again(directory.journal, 120, lie)
        assert gatehouse("verify", "--head", heads[0]).status == 0
        told = gatehouse("verify", "--head", heads[2], "--head", heads[1], "--head", heads[0], "--json")
        assert (told.status, told.data["sequence"]) == (1, 150)
        assert "behind row 100, which fits" in told.data["message"]

    def test_a_tail_that_was_cut_off_is_missed(self, gatehouse: Gatehouse, directory: DataDirectory) -> None:
        head = head_of(directory, ROWS).text
        tampering.cut_tail(directory.journal, 50)
        told = gatehouse("verify", "--head", head, "--json")
        assert (told.status, told.data["sequence"]) == (1, ROWS - 49)

    def test_a_wrong_signature_is_named(self, gatehouse: Gatehouse, directory: DataDirectory, tmp_path: Path) -> None:
        forged = SigningKey(tmp_path / "other.pem", makes=True).signed(Head(100, head_of(directory, 100).hash))
        told = gatehouse("verify", "--head", forged.text, "--json")
        assert (told.status, told.data["ok"]) == (1, False)
        assert "the signature is wrong" in told.data["message"]
        assert "--head" in told.data["message"]

    def test_a_key_may_be_given(self, gatehouse: Gatehouse, directory: DataDirectory, tmp_path: Path) -> None:
        head, key = head_of(directory, 100).text, str(directory.signing_key.public)
        pem = tmp_path / "public.pem"
        pem.write_text(f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")
        for given in (key, pem):
            assert gatehouse("verify", "--head", head, "--key", given).status == 0
        other = str(SigningKey(tmp_path / "other.pem", makes=True).public)
        assert "the signature is wrong" in gatehouse("verify", "--head", head, "--key", other).out

    @pytest.mark.parametrize("wrong", [("--head", "17"), ("--head", "17:abc"), ("--key", "nonsense")])
    def test_what_cannot_be_read_is_a_mistake_of_the_caller(
        self, gatehouse: Gatehouse, directory: DataDirectory, wrong: tuple[str, str]
    ) -> None:
        assert gatehouse("verify", *wrong).status == 2

    def test_a_head_older_than_retention_is_said(self, gatehouse: Gatehouse, directory: DataDirectory) -> None:
        heads = [head_of(directory, row).text for row in (40, 60, 100)]
        journal = Journal.open(directory.journal, "/sites/s/gateways/gw1", "boot")
        journal.drop_some(61, wall_ns=1, most=100)
        journal.close()
        given = [part for head in heads for part in ("--head", head)]
        told = gatehouse("verify", *given, "--json").data
        assert [one["sequence"] for one in told["compared"]] == [60, 100]
        assert [(one["sequence"], one["reason"]) for one in told["skipped"]] == [
            (40, "retention has dropped this row; the oldest is 61")
        ]


def test_a_forged_head_among_those_of_the_uplink_is_named(
    gatehouse: Gatehouse, directory: DataDirectory, tmp_path: Path
) -> None:
    known_to_central(directory)
    tampering.write_again(directory.journal, 120, lie)
    forged = SigningKey(tmp_path / "other.pem", makes=True).signed(Head(ROWS, head_of(directory, ROWS).hash))
    cursors = Cursors(directory.uplink, lambda _: forged.text)
    with closing(JournalReader(directory.journal)) as reader:
        cursors.move("central", Position(reader.journal_id, ROWS))
    cursors.close()
    told = gatehouse("verify", "--json")
    assert (told.status, "mqtt:central" in told.data["message"]) == (1, True)
    assert "the signature is wrong" in told.data["message"]


def test_a_position_of_an_earlier_version_shows_a_missing_tail(gatehouse: Gatehouse, directory: DataDirectory) -> None:
    cursors = Cursors(directory.uplink, lambda _: "")
    with closing(JournalReader(directory.journal)) as reader:
        cursors.move("central", Position(reader.journal_id, ROWS))
    cursors.close()
    told = gatehouse("verify", "--json").data
    assert (told["ok"], told["skipped"][0]["sequence"]) == (True, ROWS)
    tampering.cut_tail(directory.journal, 1)
    assert gatehouse("verify", "--json").data["sequence"] == ROWS


def test_heads_of_another_journal_are_not_compared(gatehouse: Gatehouse, directory: DataDirectory) -> None:
    cursors = Cursors(directory.uplink, lambda _: "")
    cursors.move("central", Position("anotherjournal", 4711))
    cursors.close()
    told = gatehouse("verify", "--json").data
    assert told["ok"]
    assert "of journal anotherjournal" in told["skipped"][0]["reason"]


def test_without_the_key_the_chain_is_checked_all_the_same(gatehouse: Gatehouse, directory: DataDirectory) -> None:
    head = head_of(directory, 100)
    (directory.secrets / "journal-key.pem").unlink()
    told = gatehouse("verify", "--head", head.text, "--json")
    assert (told.status, told.data["key"], told.data["head"].count(":")) == (0, "", 1)
    assert "signatures are neither made nor checked" in told.err
    assert not (directory.secrets / "journal-key.pem").exists()


def test_the_help_says_what_it_cannot_see(gatehouse: Gatehouse) -> None:
    told = " ".join(gatehouse("verify", "--help").out.split())
    assert "What verify cannot see" in told
    assert "keep heads on another machine" in told


def test_a_cursor_beyond_the_end_is_an_error_for_events(gatehouse: Gatehouse, directory: DataDirectory) -> None:
    with closing(JournalReader(directory.journal)) as reader:
        journal = reader.journal_id
    told = gatehouse("events", "--after", f"{journal}.{ROWS + 1}")
    assert told.status == 2
    assert f"the last row, which is {journal}.{ROWS}" in told.err
    assert gatehouse("events", "--after", f"{journal}.{ROWS}").status == 0


def test_the_engine_never_loads_cryptography() -> None:
    line = "import gateway.engine.main, sys; sys.exit(any(name.startswith('cryptography') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", line], check=False).returncode == 0


class TestFile:
    """A file that is given is no matter of the engine."""

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("passwd", "it is no database"), ("empty", "it is empty"), ("missing", "there is no such file"),
            ("folder", "it is a folder"), ("registry.db", "it is a database of something else"),
        ],
    )  # fmt: skip
    def test_one_that_is_no_journal_is_named_so(
        self, gatehouse: Gatehouse, directory: DataDirectory, name: str, why: str
    ) -> None:
        given = directory.path / name
        (directory.path / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n" * 40)
        (directory.path / "empty").touch()
        (directory.path / "folder").mkdir()
        told = gatehouse("verify", given, "--json")
        assert (told.status, told.data["ok"], told.data["sequence"]) == (1, False, 0)
        assert told.data["message"].startswith(f"{given} is no journal: {why}")
        assert "journal-damaged-*.db" in told.data["message"]

    def test_one_with_a_damaged_page_needs_no_start(self, gatehouse: Gatehouse, directory: DataDirectory) -> None:
        aside = directory.path / "journal-damaged-20261122T020000Z.db"
        with closing(apsw.Connection(str(directory.journal))) as db:
            db.execute("VACUUM INTO ?", (str(aside),))
        content = aside.read_bytes()
        aside.write_bytes(content[: len(content) // 2] + bytes(4096) + content[len(content) // 2 + 4096 :])
        told = gatehouse("verify", aside)
        assert told.status == 1
        assert "start the engine" not in told.out + told.err
        assert "the journal is broken" in told.out + told.err
