"""Writes files whole or not at all: temporary file, fsync, rename, fsync of the directory."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gateway.core.vocabulary.errors import StorageError


def write_atomically(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace a file; on StorageError the old file stays."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageError(
            f"{path} cannot be written ({error.strerror}): free space or look at the disk; the old one is still there"
        ) from error


def free_bytes(path: Path) -> int | None:
    """Free bytes on the disk of a file; None if unknown."""
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def sync_directory(path: Path) -> None:
    """Make renames in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def new_file(path: Path, force: bool) -> Iterator[IO[bytes]]:
    """A file for its owner alone, written beside `path` and renamed once it is whole and synced; StorageError."""
    _may_be_written(path, force)
    part = path.with_name(f".{path.name}.part")
    held = False
    try:
        # Closing the file writes what it still holds, and fails as writing does, so all of it is within.
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StorageError(f"another command writes {path}; wait for it") from error
            held = True
            os.ftruncate(handle, 0)
            yield file
            file.flush()
            os.fsync(handle)
            _may_be_written(path, force)
            part.replace(path)
            sync_directory(path.parent)
    except OSError as error:
        if held:
            part.unlink(missing_ok=True)
        where = error.filename or path
        raise StorageError(
            f"{where}: {error.strerror or error}; nothing was written. {remedy_for(error, path)}"
        ) from error
    except BaseException:
        if held:
            part.unlink(missing_ok=True)
        raise


def remedy_for(error: OSError, path: Path) -> str:
    """What to do about a file that cannot be written, as a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"Free space on the disk of {path.parent}, or give a place on another disk"
    if error.errno == errno.EFBIG:
        return f"The file system of {path.parent} takes no file so large: give a place on another one"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"Check who may write in {path.parent}, and whether its disk is read-only"
    return f"Look at the disk of {path.parent}, or give a place on another disk"


def _may_be_written(path: Path, force: bool) -> None:
    if path.is_dir():
        raise StorageError(f"{path} is a folder; give the name of a file in it")
    if path.exists() and not path.is_file():
        raise StorageError(f"{path} is no ordinary file; give the name of one")
    if path.exists() and not force:
        raise StorageError(f"{path} is there already; give another name, or --force to replace it")
    if not path.parent.is_dir():
        raise StorageError(f"there is no folder {path.parent}; make it, or mount the disk that it is on")


def remove_unfinished(folder: Path, pattern: str) -> None:
    """Remove what killed commands left of files whose names fit `pattern`; one that is being written stays."""
    for part in folder.glob(f".{pattern}.part"):
        try:
            with part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
        except OSError:
            continue
