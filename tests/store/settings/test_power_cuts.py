"""The end of the process, a full disk or a power cut before any write: the old settings or the new ones, no third."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.vocabulary.errors import StorageError
from gateway.store.directory import DataDirectory
from gateway.store.settings import secrets as secrets_module
from gateway.store.settings.versions import Versions
from tests.store.settings.test_versions import OTHER, SITE, UNTIL, apply, site
from tests.store.settings.torn_folder import TornFolder, lay_out


class Cut(BaseException):
    """The process ends here."""


STEPS: dict[str, Callable[[Versions], Any]] = {
    "apply": lambda versions: apply(
        versions,
        site(uplink={"mqtt": {"host": "::1", "username": "gw", "password": "neu"}}, operators=[OTHER]),
        until=UNTIL,
    ),
    "confirm": lambda versions: versions.confirm(2),
    "back": lambda versions: versions.roll_back(2, "restart"),
    "tell": lambda versions: versions.tell(2),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time."""
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)


def meaning(path: Path) -> tuple[Any, ...]:
    """What a start finds: version, state, settings; a hash is another one each time."""
    directory = DataDirectory(path)
    settings = directory.settings()
    people = tuple(msgspec.structs.replace(one, pin_hash="") for one in settings.operators)
    current = directory.versions.current
    return current.version, current.state, current.told, msgspec.structs.replace(settings, operators=people)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["killed", "full", "power"])
def test_a_step_happens_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, how: str
) -> None:
    start, done = tmp_path / "start", tmp_path / "done"
    made = DataDirectory(start)
    made.create(SITE)
    if step != "apply":
        STEPS["apply"](made.versions)
    shutil.copytree(start, done)
    STEPS[step](DataDirectory(done).versions)
    old, new = meaning(start), meaning(done)
    assert old != new
    seen = set()
    for number in range(1, 200):
        here = tmp_path / f"n{number}"
        shutil.copytree(start, here)
        error = OSError(28, "No space left on device") if how == "full" else Cut()
        with monkeypatch.context() as patched:
            torn = TornFolder(here, patched, number, error)
            with contextlib.suppress(Cut, StorageError):
                STEPS[step](DataDirectory(here).versions)
        for variant, files in enumerate(torn.cut() if how == "power" else ()):
            laid = tmp_path / f"n{number}-{variant}"
            lay_out(files, here, laid)
            assert meaning(laid) in (old, new)
            seen.add(meaning(laid) == new)
        found = meaning(here)
        assert found in (old, new)
        seen.add(found == new)
        if not torn.cut_off:
            break
    else:
        pytest.fail("it never came to its end")
    assert seen == {True, False}


def test_the_folder_bites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is renamed before it was synced is found empty, or not at all."""
    (tmp_path / "a").write_text("old")
    with monkeypatch.context() as patched:
        torn = TornFolder(tmp_path, patched, 10, Cut())
        (tmp_path / "new").write_text("new")
        (tmp_path / "new").replace(tmp_path / "a")
        states = [files[tmp_path / "a"] for files in torn.cut()]
    assert states == [b"", b"old"]
