"""An import in its own process: bounded, whatever the file; what it says; and what it asks before it removes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from gateway.core.vocabulary.errors import GatehouseError, PassError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes import bulk, feed
from gateway.store.passes.bulk import ImportOptions, import_file
from gateway.store.passes.feed import FILES_MAX, MEMORY_MAX_BYTES, PROCESSOR_MAX_S
from gateway.store.passes.files.reading import HowToRead, PassFileError
from gateway.store.passes.imports import RemovesManyError
from gateway.store.passes.registry import PassRegistry
from tests.lists.books import xlsx

pytestmark = pytest.mark.real
HEADING = "id,kind,holder,plates,cards,valid_from,valid_until\n"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.db"
    one = PassRegistry(path, writer=True)
    one.import_passes(Pass(f"p{n}", PassKind.MONTHLY, cards=(str(n + 1),)) for n in range(10))
    one.close()
    return path


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(HEADING + text, "utf-8")
    return path


def ids(registry: Path) -> list[str]:
    one = PassRegistry(registry)
    found = [each.id for each in one.all()]
    one.close()
    return found


# ---- what it says ----------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_done_and_refused_with_three_names(tmp_path: Path, registry: Path) -> None:
    rows = ["p0,monthly,,,1,,", "p1,staff,张伟,,2,,", "n1,staff,王芳,,,,", "n2,royal,,,,,", "n3,staff,李娜,粤B1,,,",
            "n4,staff,赵云,,,,", "n5,staff,,,x y,,"]  # fmt: skip
    told = import_file(registry, written(tmp_path, "\n".join(rows)), ImportOptions(dry_run=True, replace=True))
    assert (told.count, told.created, told.changed, told.removed, told.refused, told.before) == (5, 3, 1, 8, 2, 10)
    assert told.names == ("张伟", "王芳", "李娜")
    assert [(row.line, row.column) for row in told.rows] == [(5, "kind"), (8, "cards")]
    assert told.notes == ("line 6: 粤B1 is no whole plate, so that a camera will not read it",)
    assert len(ids(registry)) == 10


def test_what_two_passes_have_in_common_is_named_with_both(tmp_path: Path, registry: Path) -> None:
    rows = ["a,monthly,,粤B·12345,,,", "b,monthly,,粵B12345;京A11111,,,", "c,staff,,,3,,", "d,staff,,,0x,,"]
    rows = [*rows[:3], "e,monthly,,沪A22222,,2026-01-01,2026-06-30", "f,monthly,,沪A22222,,2026-07-01,"]
    rows += ["g,monthly,,京A11111,,,", "h,monthly,,京A11111,,,"]
    told = import_file(registry, written(tmp_path, "\n".join(rows)))
    assert set(told.notes) == {
        "card 3 is in the passes p2 and c",
        "plate 粤B12345 is in the passes a and b",
        "plate 沪A22222 is in the passes e and f, one after the other",
        "plate 京A11111 is in the passes b and h and 1 more",
    }


def test_what_other_passes_have_in_common_is_no_news(tmp_path: Path, registry: Path) -> None:
    one = PassRegistry(registry, writer=True)
    one.put(Pass("twin", PassKind.STAFF, cards=("1",)))
    one.close()
    assert import_file(registry, written(tmp_path, "x,staff,,,77,,\n")).notes == ()


# ---- what it asks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0, 8])
def test_a_list_that_would_remove_more_than_a_tenth_needs_an_extra_word(
    tmp_path: Path, registry: Path, kept: int
) -> None:
    file = written(tmp_path, "".join(f"p{n},monthly,,,{n + 1},,\n" for n in range(kept)))
    with pytest.raises(RemovesManyError, match=rf"{10 - kept} of 10 passes are not in the list"):
        import_file(registry, file, ImportOptions(replace=True))
    assert len(ids(registry)) == 10
    assert import_file(registry, file, ImportOptions(replace=True, remove_many=True)).removed == 10 - kept
    assert len(ids(registry)) == kept


def test_a_tenth_is_removed_without_a_question(tmp_path: Path, registry: Path) -> None:
    file = written(tmp_path, "".join(f"p{n},monthly,,,{n + 1},,\n" for n in range(9)))
    assert import_file(registry, file, ImportOptions(replace=True)).removed == 1


# ---- its bounds ------------------------------------------------------------------------------------------------------


def refused(registry: Path, file: Path) -> str:
    with pytest.raises(PassError) as told:
        import_file(registry, file)
    assert len(ids(registry)) == 10
    return str(told.value)


@pytest.mark.parametrize("megabytes", [30, pytest.param(900, marks=pytest.mark.long)])
def test_a_workbook_with_a_huge_cell_is_refused_in_little_memory(
    tmp_path: Path, registry: Path, megabytes: int
) -> None:
    path = tmp_path / "bomb.xlsx"
    whole = xlsx(("id", "kind"), ("a", "MARK"))
    with ZipFile(path, "w", ZIP_DEFLATED) as new:
        source = tmp_path / "source.xlsx"
        source.write_bytes(whole)
        with ZipFile(source) as old:
            for name in old.namelist():
                begin, mark, end = old.read(name).partition(b"MARK")
                with new.open(name, "w", force_zip64=True) as part:
                    part.write(begin)
                    for _ in range(megabytes if mark else 0):
                        part.write(b"A" * 1_000_000)
                    part.write(end)
    assert path.stat().st_size < 2_000_000
    assert "a cell has more than 65536 characters" in refused(registry, path)


def test_more_memory_than_is_given_is_an_error_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; from gateway.store.passes import feed; from gateway.store.passes.files.reading import PassFile; "
        "PassFile._good = lambda self: iter([bytearray(2 * feed.MEMORY_MAX_BYTES)]); sys.exit(feed.main(sys.argv[1:]))"
    )
    file = written(tmp_path, "")
    command = [sys.executable, "-c", code, str(file), "{}"]
    monkeypatch.setattr(feed.Feed, "__init__", _command(command))
    with pytest.raises(GatehouseError, match="it needs more memory than an import has"):
        list(feed.Feed(file, HowToRead()))


def test_a_reader_that_is_killed_is_an_error_in_words_and_nothing_is_stored(
    tmp_path: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "")
    monkeypatch.setattr(feed.Feed, "__init__", _command([sys.executable, "-c", "import os; os.abort()"]))
    one = PassRegistry(registry, writer=True)
    with pytest.raises(PassError, match="could not be read to its end"):
        one.importing(lambda of_it: of_it.run(feed.Feed(file, HowToRead()), replace=True, dry_run=False), None)
    assert one.count() == 10
    one.close()


def _command(command: list[str]) -> Callable[..., None]:
    def made(self: feed.Feed, path: Path, how: HowToRead) -> None:
        self._path, self._command, self.told = path, command, feed.Told()

    return made


@pytest.mark.parametrize("megabytes", [8, pytest.param(200, marks=pytest.mark.long)])
def test_a_long_file_with_an_open_quotation_ends_soon_and_names_the_line(
    tmp_path: Path, registry: Path, megabytes: int
) -> None:
    path = tmp_path / "open.csv"
    path.write_text(HEADING + "a,staff,,,,,\n" + 'b,staff,"' + "x,y\n" * (megabytes * 250_000), "utf-8")
    assert "line 3, row: it has a cell without end; is a quotation mark in this line" in refused(registry, path)


def test_a_file_of_nothing_but_refused_rows_is_told_in_bounds(tmp_path: Path, registry: Path) -> None:
    file = written(tmp_path, "x,nobody,,,,,\n" * 30_000)
    with pytest.raises(PassFileError) as told:
        import_file(registry, file)
    assert (len(told.value.rows), told.value.count) == (1000, 30_000)


def test_the_process_has_bounds_for_memory_time_and_files() -> None:
    code = (
        "from gateway.store.passes import feed; import resource as r; feed.be_modest(); "
        "print(*(r.getrlimit(x)[0] for x in (r.RLIMIT_DATA, r.RLIMIT_CPU, r.RLIMIT_NOFILE, r.RLIMIT_CORE)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told == [str(MEMORY_MAX_BYTES), str(PROCESSOR_MAX_S), str(FILES_MAX), "0"]


def test_a_disk_with_no_room_left_ends_the_import_before_it_is_full(
    tmp_path: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "free_bytes", lambda _: 31_000_000)
    with pytest.raises(bulk.StorageError, match="31 MB left; nothing was imported"):
        bulk._leave_room(registry)
    monkeypatch.setattr(bulk, "free_bytes", lambda _: 33_000_000)
    bulk._leave_room(registry)
    (tmp_path / "registry.db-wal").write_bytes(bytes(2_000_000))
    with pytest.raises(bulk.StorageError):
        bulk._leave_room(registry)
