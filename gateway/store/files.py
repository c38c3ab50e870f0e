"""Writes small files whole or not at all: temporary file, fsync, rename, fsync of the directory."""

from __future__ import annotations

import os
from pathlib import Path

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
