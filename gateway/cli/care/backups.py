"""Commands that back a data directory up and restore it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.common import (
    EXIT_WRONG,
    Arguments,
    Commands,
    count,
    data_path,
    remark,
    show,
    wants_json,
    whoami,
)
from gateway.core.vocabulary.errors import BackupError

if TYPE_CHECKING:
    from gateway.backup.check import Proof
    from gateway.backup.records import About
    from gateway.backup.take import Side
    from gateway.core.settings.model import Settings
    from gateway.store.directory import DataDirectory

SUFFIX = ".backup"
TO_STDOUT = "-"
_PASSPHRASE_MIN, _PASSPHRASE_MAX = 8, 1024
_NEEDS = "a passphrase is needed: {why}. Give it with --passphrase-file FILE, as a line on stdin, or at the terminal"


def add(commands: Commands) -> None:
    """Add `backup` and `restore`."""
    backup = commands.add(
        "backup",
        "write the whole data directory to one file, also while the gateway runs",
        _backup,
        """
        gatehouse backup /var/backups/gate.backup                 on the same disk it may be plain
        gatehouse backup /media/usb/gate.backup                   on another disk it is encrypted
        gatehouse backup /media/usb --schedule --keep 7 --passphrase-file /etc/gatehouse/backup-passphrase
        gatehouse backup --check /media/usb/gate.backup
        """,
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="where to; with --schedule a folder; - for stdout")
    backup.add_argument("--force", action="store_true", help="replace FILE if it is there")
    backup.add_argument("--encrypt", action="store_true", help="encrypt, also on the same disk")
    backup.add_argument("--check", action="store_true", help="read FILE and prove it; nothing is written")
    backup.add_argument(
        "--schedule", action="store_true", help="for a timer: a new file in the folder FILE, named by site and time"
    )
    backup.add_argument(
        "--keep", type=count, metavar="N", help="with --schedule: keep only the newest N of this gateway"
    )
    _add_passphrase(backup)
    restore = commands.add(
        "restore",
        "make a data directory from a backup, in an empty directory",
        _restore,
        """
        gatehouse restore /media/usb/gate.backup --data /var/lib/gatehouse
        gatehouse restore --check /media/usb/gate.backup
        """,
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="the backup")
    restore.add_argument("--check", action="store_true", help="read FILE and prove it; nothing is written")
    _add_passphrase(restore)


def _add_passphrase(parser: Any) -> None:
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="first line: the passphrase (else the terminal, or stdin)"
    )


def _backup(arguments: Arguments) -> int:
    if arguments.check:
        return _check(arguments)
    from gateway.backup.take import take
    from gateway.cli.show import Progress
    from gateway.store.directory import DataDirectory

    directory = DataDirectory(data_path(arguments))
    settings = directory.open()
    if str(arguments.file) == TO_STDOUT:
        return _pour(arguments, directory, settings)
    file = _target(arguments, settings)
    _not_inside(file, directory.path)
    passphrase = _new_passphrase(arguments, file, directory.path)
    progress = Progress("backed up, kB")
    try:
        contents, size = take(
            directory,
            _about(directory, settings),
            _side(),
            file,
            passphrase=passphrase,
            force=arguments.force,
            progress=progress,
        )
    finally:
        progress.end()
    directory.note_backup()
    removed = _thin_out(arguments, file, settings)
    items = [{"name": one.name, "size": one.size, "rows": one.rows, "sha256": one.sha256} for one in contents.manifest]
    made = {"file": str(file), "bytes": size, "encrypted": bool(passphrase), "items": items, "removed": removed}
    words = "encrypted" if passphrase else "not encrypted: whoever can read it has the settings, passes and secrets"
    show(arguments, made, f"{file}: {size:,} bytes, {len(items)} items, {words}")
    if passphrase:
        remark(arguments, "without the passphrase nobody can restore it; keep it in another place")
    return 0


def _pour(arguments: Arguments, directory: DataDirectory, settings: Settings) -> int:
    """Write the backup to stdout, always encrypted: where it goes is not known."""
    from gateway.backup.take import pour

    if arguments.schedule:
        raise BackupError("--schedule needs a folder, not '-'")
    passphrase = _long_enough(_passphrase(arguments, "what is written to stdout goes elsewhere", twice=True))
    pour(directory, _about(directory, settings), _side(), sys.stdout.buffer, passphrase)
    sys.stdout.buffer.flush()
    directory.note_backup()
    return 0


def _about(directory: DataDirectory, settings: Settings) -> About:
    import time

    from gateway import __version__
    from gateway.backup.records import About
    from gateway.store.journal.reader import JournalReader
    from gateway.store.times import rfc3339

    reader = JournalReader(directory.journal)
    try:
        return About(__version__, rfc3339(time.time_ns()), settings.site.id, settings.gateway.id, reader.journal_id)
    finally:
        reader.close()


def _side() -> Side:
    """The schemas of the databases that belong to other processes."""
    from gateway.backup.take import Side
    from gateway.uplink.central.cursors import UPLINK
    from web.platform.webdb import SCHEMA

    return Side(UPLINK, SCHEMA)


# ---- where to ----------------------------------------------------------------------------------------------------


def _target(arguments: Arguments, settings: Settings) -> Path:
    """The file to write; with --schedule a new name in the folder."""
    import time

    given: Path = arguments.file.absolute()
    if not arguments.schedule:
        if arguments.keep:
            raise BackupError("--keep is for --schedule")
        return given
    if not given.is_dir():
        raise BackupError(f"{given} is no folder: make it, or mount the disk that it is on")
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return given / f"{_stem(settings)}{stamp}{SUFFIX}"


def _stem(settings: Settings) -> str:
    return f"gatehouse-{settings.site.id}-{settings.gateway.id}-"


def _not_inside(file: Path, data: Path) -> None:
    if file.parent.resolve().is_relative_to(data.resolve()):
        raise BackupError(f"{file} is in the data directory, which it is to save; give a place outside of it")


def _thin_out(arguments: Arguments, file: Path, settings: Settings) -> list[str]:
    """Remove the oldest backups of this gateway past --keep, and unfinished ones; a new one was made before."""
    from gateway.store.files import remove_unfinished

    if not arguments.schedule:
        return []
    pattern = f"{_stem(settings)}{'[0-9]' * 8}T{'[0-9]' * 6}Z{SUFFIX}"
    remove_unfinished(file.parent, pattern)
    old = sorted(file.parent.glob(pattern))[: -arguments.keep] if arguments.keep else []
    for one in old:
        one.unlink()
    return [str(one) for one in old]


# ---- passphrases -------------------------------------------------------------------------------------------------


def _new_passphrase(arguments: Arguments, file: Path, data: Path) -> str:
    """The passphrase of a new backup, empty for a plain one; BackupError where it must have one and has none."""
    why = ""
    if arguments.schedule:
        why = "a backup by schedule is encrypted always"
    elif file.parent.is_dir() and file.parent.stat().st_dev != data.stat().st_dev:
        why = f"{file.parent} is on another file system, and may be carried away"
    elif arguments.encrypt:
        why = "--encrypt was given"
    if not why and arguments.passphrase_file is None:
        return ""
    return _long_enough(_passphrase(arguments, why, twice=True))


def _long_enough(found: str) -> str:
    """The passphrase; BackupError for one that can be guessed by its length."""
    if len(found.strip()) < _PASSPHRASE_MIN:
        raise BackupError(
            f"the passphrase has fewer than {_PASSPHRASE_MIN} characters, and whoever has the file can try all of them;"
            " give a longer one, such as four words. Nothing was written"
        )
    return found


def _passphrase(arguments: Arguments, why: str, *, twice: bool) -> str:
    """From the file, the terminal or stdin; BackupError without one."""
    if arguments.passphrase_file is not None:
        return _from_file(arguments, arguments.passphrase_file)
    if sys.stdin.isatty():
        import getpass

        found = getpass.getpass("passphrase of the backup: ")
        if twice and getpass.getpass("the same again: ") != found:
            raise BackupError("the two passphrases differ; nothing was written")
    else:
        found = sys.stdin.readline(_PASSPHRASE_MAX + 1).rstrip("\r\n")
    if not found or len(found) > _PASSPHRASE_MAX:
        raise BackupError(_NEEDS.format(why=why))
    return found


def _from_file(arguments: Arguments, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            found = file.readline(_PASSPHRASE_MAX + 1).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BackupError(f"{path} is not UTF-8 text; put the passphrase in its first line") from error
    if not found or len(found) > _PASSPHRASE_MAX:
        raise BackupError(f"{path}: the first line is to be the passphrase, 1 to {_PASSPHRASE_MAX} characters")
    if mode & 0o077:
        remark(arguments, f"others can read {path}: chmod 600 {path}")
    return found


# ---- back again --------------------------------------------------------------------------------------------------


def _restore(arguments: Arguments) -> int:
    if arguments.check:
        return _check(arguments)
    from gateway.backup.restore import Moment, restore
    from gateway.cli.show import Progress
    from gateway.core.vocabulary.rows import Who
    from gateway.engine.clock import Clock, boot_id

    data = data_path(arguments)
    moment = Moment(lambda trusted: Clock(trusted=trusted).now(), boot_id(), Who(by=whoami(), via="cli"))
    progress = Progress("restored, kB")
    try:
        done = restore(arguments.file, data, _side(), lambda: _known_passphrase(arguments), moment, progress)
    finally:
        progress.end()
    about = done.proof.contents.about
    made = {"data": str(data), "journal": done.journal, **_told(done.proof)}
    show(
        arguments,
        made,
        f"{data} is restored from the backup of {about.made_at}\n"
        f"its journal is {done.journal}, and goes on behind row {done.proof.last} of {done.proof.lineage.journal}",
    )
    remark(arguments, "sign in again; give each station a new key: gatehouse station key ID")
    remark(arguments, f"look at each lane first: tags that were put on after {about.made_at} are not known")
    if done.proof.broken:
        remark(arguments, f"the chain of the journal does not hold, as in the backup: {done.proof.broken}")
    return 0


def _known_passphrase(arguments: Arguments) -> str:
    return _passphrase(arguments, "the backup is encrypted", twice=False)


def _check(arguments: Arguments) -> int:
    from gateway.backup.check import Nothing, prove
    from gateway.cli.show import Progress

    progress = Progress("checked, kB")
    try:
        proof = prove(arguments.file, lambda: _known_passphrase(arguments), Nothing(), progress)
    finally:
        progress.end()
    told = _told(proof)
    about = proof.contents.about
    lines = [
        f"backup of {about.site}/{about.gateway}, made {about.made_at} by Gatehouse {about.version},"
        f" {'encrypted' if proof.encrypted else 'not encrypted'}",
        f"journal {proof.lineage.journal}: rows {proof.first} to {proof.last}",
    ]
    if not wants_json(arguments):
        from gateway.cli.show import table

        items = [(one["name"], f"{one['size']:,}", one["rows"] or "") for one in told["items"]]
        lines += ["", table(("item", "bytes", "rows"), items), ""]
    lines.append(f"the chain of the journal is broken: {proof.broken}" if proof.broken else "the backup is whole")
    show(arguments, told, "\n".join(lines))
    return EXIT_WRONG if proof.broken else 0


def _told(proof: Proof) -> dict[str, Any]:
    about = proof.contents.about
    return {
        "ok": not proof.broken,
        "made_at": about.made_at,
        "version": about.version,
        "site": about.site,
        "gateway": about.gateway,
        "encrypted": proof.encrypted,
        "predecessor": proof.lineage.journal,
        "first": proof.first,
        "last": proof.last,
        "head": proof.head,
        "message": proof.broken,
        "items": [
            {"name": one.name, "size": one.size, "rows": one.rows, "sha256": one.sha256}
            for one in proof.contents.manifest
        ],
    }
