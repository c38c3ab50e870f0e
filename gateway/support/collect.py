"""What a bundle says of a data directory: versions, settings, rows, files, databases, the machine."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway import __version__
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.times import rfc3339
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import ROWS_MAX, JournalReader

CHECK_BYTES_MAX = 500_000_000
"""A larger journal is not walked for a bundle."""
_PACKAGES = (
    "apsw", "cryptography", "flask", "gpiozero", "libosdp", "lgpio", "msgspec", "openpyxl", "paho-mqtt", "pymodbus",
    "pyserial", "tinydb", "waitress", "granian", "cheroot",
)  # fmt: skip
_BY = ("by", "decided_by", "acknowledged_by", "operator", "reason")
"""Fields of rows with names or words of people."""
Progress = Callable[[int, int], Any]


def versions() -> dict[str, Any]:
    """Gatehouse, Python, SQLite, the packages and the system."""
    found: dict[str, str] = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    system = platform.uname()
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return {
        "gatehouse": __version__,
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "packages": found,
        "system": f"{system.system} {system.release} {system.machine}",
        "distribution": release.get("PRETTY_NAME", ""),
    }


def machine(data: Path) -> dict[str, Any]:
    """Free space, memory, load and how long the machine runs."""
    disk = os.statvfs(data)
    memory: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree"):
                memory[name] = rest.strip()
    uptime = ""
    with suppress(OSError):
        uptime = Path("/proc/uptime").read_text().split()[0]
    return {
        "disk_free_bytes": disk.f_bavail * disk.f_frsize,
        "disk_bytes": disk.f_blocks * disk.f_frsize,
        "inodes_free": disk.f_favail,
        "memory": memory,
        "load": list(os.getloadavg()),
        "uptime_s": uptime,
        "python_flags": list(sys.flags)[:3],
    }


def files(data: Path) -> dict[str, Any]:
    """Size, rights and time of every file; of the pictures their number and size alone."""
    found: list[dict[str, Any]] = []
    pictures = {"count": 0, "bytes": 0}
    for folder, _, names in os.walk(data):
        for name in sorted(names):
            path = Path(folder, name)
            try:
                about = path.lstat()
            except OSError:
                continue
            inside = path.relative_to(data)
            if inside.parts[0] == "media":
                pictures["count"] += 1
                pictures["bytes"] += about.st_size
                continue
            entry = {"name": inside.as_posix(), "bytes": about.st_size, "mode": f"{about.st_mode & 0o7777:o}"}
            found.append({**entry, "owner": about.st_uid, "changed": rfc3339(about.st_mtime_ns)})
    return {"files": found, "media": pictures}


def newest_rows(journal: Path, count: int) -> Iterator[bytes]:
    """The newest rows as they are stored, oldest first; GatehouseError."""
    with closing(JournalReader(journal)) as reader:
        at = reader.before_newest(count)
        while page := reader.page(at, min(count, ROWS_MAX)):
            yield from (row.text.encode() for row in page)
            at = page[-1].sequence


def people_of(row: bytes) -> Iterator[str]:
    """Names of people in a row, and what they wrote."""
    data = msgspec.json.decode(row).get("data")
    if isinstance(data, dict):
        yield from (str(data[key]) for key in _BY if data.get(key))


def integrity(directory: DataDirectory, progress: Progress) -> dict[str, Any]:
    """Whether the chain of the journal holds, and what SQLite says of the databases."""
    return {
        "journal": _chain(directory.journal, progress),
        "databases": {
            path.name: _quick_check(path)
            for path in (directory.registry, directory.state, directory.uplink, directory.web)
            if path.exists()
        },
    }


def _chain(journal: Path, progress: Progress) -> dict[str, Any]:
    try:
        if journal.stat().st_size > CHECK_BYTES_MAX:
            return {"message": "too large to be walked here; run: gatehouse verify"}
        with closing(JournalReader(journal)) as reader:
            found = reader.verify(progress)
        return {"rows": found.rows, "first": found.first, "last": found.last, "message": "whole"}
    except (GatehouseError, OSError) as error:
        return {"message": str(error)}


def _quick_check(path: Path) -> dict[str, str]:
    if path.stat().st_size > CHECK_BYTES_MAX:
        return {"message": "too large to be checked here"}
    try:
        with closing(apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
            return {"message": "; ".join(str(row[0]) for row in db.execute("PRAGMA quick_check(5)"))}
    except (apsw.Error, UnicodeDecodeError) as error:
        return {"message": str(error)}
