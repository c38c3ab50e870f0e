"""Which files belong to a data directory, beside its databases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gateway.core.vocabulary.errors import BackupError

MEDIA = "media"
LEFT_OUT = frozenset(
    {"backed-up", "run", "reserve", "secrets/setup-code", "secrets/stations.json", "secrets/identities.key"}
)
"""What belongs to this box or this run: the mark of the last backup, the socket and the lock, the room for a start,
station keys, the setup code; and the key of identity numbers, which must not outlive their days in a copy."""
_DATABASES = ("journal.db", "registry.db", "state.db", "uplink.db", "web.db", "identities.db")
"""A backup has each of these from its own connection; `identities.db` it leaves out."""
_BESIDE = ("", "-wal", "-shm", "-journal")
_UNFINISHED = (".new", ".part", ".next", ".making")
MODE_MAX = 0o750
_PATH_MAX = 500


def databases_beside(name: str) -> bool:
    """Whether a file is a database in use, or one of SQLite's files for it."""
    return any(name == database + suffix for database in _DATABASES for suffix in _BESIDE)


def files_of(data: Path, *, media: bool) -> Iterator[tuple[str, Path]]:
    """The files by their name in the backup, in order: the media, or all others."""
    root = data / MEDIA if media else data
    for folder, names in _walk(root, {root.resolve()}):
        for name in sorted(names):
            path = folder / name
            inside = path.relative_to(data).as_posix()
            if path.is_file() and not _is_left_out(inside, media):
                yield inside, path


def _walk(folder: Path, seen: set[Path]) -> Iterator[tuple[Path, list[str]]]:
    """Like `os.walk`, also through links to folders (media on another disk), each folder once."""
    if not folder.is_dir():
        return
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    yield folder, [entry.name for entry in entries if not entry.is_dir()]
    for entry in entries:
        inner = Path(entry.path)
        if entry.is_dir() and (real := inner.resolve()) not in seen:
            seen.add(real)
            yield from _walk(inner, seen)


def _is_left_out(inside: str, media: bool) -> bool:
    path = PurePosixPath(inside)
    own = {str(parent) for parent in (path, *path.parents)}
    if own & LEFT_OUT or databases_beside(path.name) or own & {".restoring"}:
        return True
    if path.suffix in _UNFINISHED and (path.name.startswith(".") or "-damaged-" in path.name):
        return True
    return not media and path.parts[0] == MEDIA


def inside_of(name: str) -> PurePosixPath:
    """A name in a backup as a path below the data directory; BackupError for one that leads elsewhere."""
    path = PurePosixPath(name)
    fits = 0 < len(name) <= _PATH_MAX and "\0" not in name and not path.is_absolute() and path.as_posix() == name
    if not fits or ".." in path.parts or path.parts[0] in ("run", ".restoring") or databases_beside(path.name):
        raise BackupError(f"the backup has a file {name[:80]!r} that belongs into no data directory")
    return path
