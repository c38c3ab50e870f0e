from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.settings.model import KeptPictures
from gateway.core.vocabulary.errors import StorageError
from gateway.store.media import pictures
from gateway.store.media.pictures import PICTURE_MAX_BYTES, Pictures

S = 1_000_000_000
NOW_NS = 1_795_996_800 * S + 250_000_000  # 2026-11-30T00:00:00.250Z
JPEG = b"\xff\xd8\xff\xe0" + bytes(99_996)
BOUNDS = KeptPictures(days=30, megabytes=1)


@pytest.fixture
def kept(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path, BOUNDS, free_min_bytes=0)


def files(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.rglob("*") if one.is_file())


def test_a_picture_is_kept_under_its_time_and_camera(kept: Pictures, tmp_path: Path) -> None:
    assert kept.keep("cam-in", JPEG, NOW_NS)
    path = tmp_path / "20261130" / "20261130T000000250Z_cam-in.jpg"
    assert path.read_bytes() == JPEG
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_pictures_before_and_after_a_moment_are_found_also_over_midnight(kept: Pictures) -> None:
    for device, apart_s in (("cam-in", -4), ("cam-in", 3), ("cam-in", 40), ("cam-out", 1)):
        assert kept.keep(device, JPEG, NOW_NS + apart_s * S)
    found = kept.around(NOW_NS, 10, {"cam-in"})
    assert [(one.device, (one.wall_ns - NOW_NS) // S) for one in found] == [("cam-in", -4), ("cam-in", 3)]
    assert kept.around(NOW_NS, 10, set()) == []


def test_what_is_no_picture_or_too_large_or_too_soon_is_not_kept(kept: Pictures, tmp_path: Path) -> None:
    assert not kept.keep("cam-in", b"<html>", NOW_NS)
    assert not kept.keep("cam-in", JPEG + bytes(PICTURE_MAX_BYTES), NOW_NS)
    assert kept.keep("cam-in", JPEG, NOW_NS)
    assert not kept.keep("cam-in", JPEG, NOW_NS + S // 2)
    assert kept.keep("cam-out", JPEG, NOW_NS + S // 2)
    assert len(files(tmp_path)) == 2


def test_the_oldest_go_when_all_are_too_much_also_after_a_restart(kept: Pictures, tmp_path: Path) -> None:
    for number in range(10):
        assert kept.keep("cam-in", JPEG, NOW_NS + number * S)
    anew = Pictures(tmp_path, BOUNDS, free_min_bytes=0)
    for number in range(10, 13):
        assert anew.keep("cam-in", JPEG, NOW_NS + number * S)
    assert [name[13:15] for name in files(tmp_path)] == [f"{number:02}" for number in range(3, 13)]


def test_pictures_of_old_days_go_and_their_folders(kept: Pictures, tmp_path: Path) -> None:
    kept.keep("cam-in", JPEG, NOW_NS)
    kept.keep("cam-in", JPEG, NOW_NS + (BOUNDS.days + 1) * 86_400 * S)
    assert [one.name for one in tmp_path.iterdir()] == ["20261231"]


def test_other_bounds_hold_from_the_next_picture_on(kept: Pictures, tmp_path: Path) -> None:
    for number in range(8):
        kept.keep("cam-in", JPEG, NOW_NS + number * S)
    kept.settings_changed(KeptPictures(days=1, megabytes=1))
    kept.keep("cam-in", JPEG, NOW_NS + 2 * 86_400 * S)
    assert files(tmp_path) == ["20261202T000000250Z_cam-in.jpg"]


def test_on_a_full_disk_the_oldest_go_and_then_none_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Pictures(tmp_path, free_min_bytes=1_000)
    kept.keep("cam-in", JPEG, NOW_NS)
    monkeypatch.setattr(pictures, "free_bytes", lambda _path: 999)
    with pytest.raises(StorageError, match="nearly full"):
        kept.keep("cam-in", JPEG, NOW_NS + 5 * S)
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "20261130").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        Pictures(tmp_path, free_min_bytes=0).keep("cam-in", JPEG, NOW_NS)


def test_files_of_others_are_left_alone(kept: Pictures, tmp_path: Path) -> None:
    (tmp_path / "20200101").mkdir()
    (tmp_path / "20200101" / "notes.txt").write_text("mine")
    kept.keep("cam-in", JPEG, NOW_NS)
    assert "notes.txt" in files(tmp_path)
