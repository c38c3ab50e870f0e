"""Backups and the support bundle: taken to the browser, with the installer's name on record."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.settings.roles import Right
from gateway.store.directory import DataDirectory
from web.installer.care.child import CHUNK_BYTES, ChildError, output, run
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.people.acting import Refusal, act
from web.platform.services import services

SHEETS = ("installer/settings/page.css", "installer/care/page.css")
PASSPHRASE_MIN, PASSPHRASE_MAX = 8, 1024
SUPPORT_S = 120.0
FOLDER = Path("/var/backups/gatehouse")
PASSPHRASE_FILE = Path("/etc/gatehouse/backup-passphrase")
TIMER = Path("/etc/systemd/system/timers.target.wants/gatehouse-backup.timer")


class Nightly(msgspec.Struct, frozen=True):
    """How the backup of each night is set up on this machine, and the newest one in its folder."""

    timer: bool
    passphrase: bool
    folder: bool
    newest: str = ""
    age_h: int | None = None
    bytes: int = 0

    @property
    def on(self) -> bool:
        """Whether backups are made each night."""
        return self.timer and self.passphrase and self.folder


@door(Right.SET_UP)
def backups_page() -> Any:
    """Take a backup now; how that of each night stands."""
    return _backups({})


@door(Right.SET_UP)
def take_backup() -> Any:
    """An encrypted backup, sent as it is made."""
    passphrase = request.form.get("passphrase", "")
    if wrong := _wrong(passphrase):
        return _backups(wrong, 422)
    return _sent("backup", lambda: output(services().data, ("backup", "-"), passphrase), _backups)


@door(Right.SET_UP)
def support_page() -> Any:
    """Take a bundle for those who help."""
    return _support({})


@door(Right.SET_UP)
def take_support() -> Any:
    """A support bundle, sent once it is whole."""
    return _sent("support", _bundle, _support)


def nightly(now_s: float | None = None) -> Nightly:
    """What this machine shows of its backups each night."""
    try:
        found = sorted(FOLDER.glob("gatehouse-*.backup"), key=lambda path: path.stat().st_mtime)
        there = FOLDER.is_dir()
    except OSError:
        found, there = [], False
    known = Nightly(TIMER.is_symlink() or TIMER.exists(), _exists(PASSPHRASE_FILE), there)
    if not found:
        return known
    status = found[-1].stat()
    age_h = int(((time.time() if now_s is None else now_s) - status.st_mtime) // 3600)
    return msgspec.structs.replace(known, newest=found[-1].name, age_h=max(0, age_h), bytes=status.st_size)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _wrong(passphrase: str) -> dict[str, str]:
    if len(passphrase.strip()) < PASSPHRASE_MIN or len(passphrase) > PASSPHRASE_MAX:
        return {"passphrase": "passphrase"}
    if "\n" in passphrase or "\r" in passphrase:
        return {"passphrase": "passphrase"}
    return {} if request.form.get("again") == passphrase else {"again": "again"}


def _sent(what: str, make: Callable[[], Iterator[bytes]], page: Callable[..., Any]) -> Any:
    """The copy as a download; the page with what failed where nothing was sent yet."""
    release = services().exports.take()
    try:
        act("copy.take", what=what)
        body = make()
    except Refusal as refusal:
        release()
        return page({"form": refusal.code, "words": refusal.words}, refusal.status)
    except (ChildError, OSError) as error:
        release()
        return page({"form": "failed", "words": str(error)}, 503)
    except BaseException:
        release()
        raise
    answer = Response(body, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_name(what)}"'
    answer.call_on_close(release)
    return answer


def _name(what: str) -> str:
    document = services().site.document()
    ids = f"{document.get('site', {}).get('id', 'site')}-{document.get('gateway', {}).get('id', 'gateway')}"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return f"gatehouse-{ids}-{stamp}" + (".backup" if what == "backup" else "-support.tar.gz")


def _bundle() -> Iterator[bytes]:
    folder = tempfile.TemporaryDirectory(prefix="gatehouse-support-")
    file = Path(folder.name) / "bundle.tar.gz"
    try:
        run(services().data, ("support", str(file)), SUPPORT_S)
    except BaseException:
        folder.cleanup()
        raise
    return _read(file, folder)


def _read(file: Path, folder: tempfile.TemporaryDirectory[str]) -> Iterator[bytes]:
    with folder, file.open("rb") as opened:
        while content := opened.read(CHUNK_BYTES):
            yield content


def _backups(wrong: dict[str, str], status: int = 200) -> Any:
    return installer_page(
        "installer/care/backups.html",
        place="settings",
        sheets=SHEETS,
        status=status,
        wrong=wrong,
        nightly=nightly(),
        last_h=_last_h(),
        folder=FOLDER,
        passphrase_file=PASSPHRASE_FILE,
        longest=PASSPHRASE_MAX,
    )


def _last_h() -> int | None:
    """Hours since the last backup of any kind; None for none."""
    try:
        made_s = DataDirectory(services().data).backed_up.stat().st_mtime
    except OSError:
        return None
    return max(0, int((time.time() - made_s) // 3600))


def _support(wrong: dict[str, str], status: int = 200) -> Any:
    return installer_page("installer/care/support.html", place="settings", sheets=SHEETS, status=status, wrong=wrong)
