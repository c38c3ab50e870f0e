"""The pictures that cameras push: one file each, named by time and camera, for as long and as much as is allowed.

A picture belongs to a row of the journal by its time and its lane's cameras alone: so the journal names no picture, a
picture can be deleted, and those shortly before and after a crash are found too. Oldest pictures go first: by age, by
the bytes of all, and where the disk gets full; the journal comes before pictures.

A file is renamed into its place once it is whole, but not synced: a power cut may cost the last pictures, and no write
of the journal waits for one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from gateway.core.settings.model import KeptPictures
from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.times import NS_PER_MS, NS_PER_S
from gateway.store.files import free_bytes

FREE_MIN_BYTES = 300_000_000
"""Where less is free on the disk, the oldest pictures are deleted and none is kept."""
PICTURE_MAX_BYTES = 700_000
EVERY_NS = NS_PER_S
"""One picture of a camera in this time is kept: a camera that floods must not drive out the evidence."""
MB = 1_000_000
_DAY_NS = 86_400 * NS_PER_S
_KINDS = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"))
ID = re.compile(r"(\d{8}T\d{9}Z)_([A-Za-z0-9_-]{1,64})")
_NAME = re.compile(rf"{ID.pattern}\.(?:jpg|png)")
_TIME = "%Y%m%dT%H%M%S"


class Picture(NamedTuple):
    """A picture that is kept."""

    path: Path
    device: str
    wall_ns: int

    @property
    def media(self) -> str:
        """Its id: its time and its camera."""
        return self.path.stem

    @property
    def kind(self) -> str:
        """Its type as HTTP names it."""
        return "image/png" if self.path.suffix == ".png" else "image/jpeg"


class Pictures:
    """Belongs to one thread; reading is for any process."""

    def __init__(self, folder: Path, bounds: KeptPictures | None = None, free_min_bytes: int = FREE_MIN_BYTES) -> None:
        self._folder = folder
        self._bounds = bounds or KeptPictures()
        self._free_min_bytes = free_min_bytes
        self._bytes: int | None = None
        self._last: dict[str, int] = {}

    def settings_changed(self, bounds: KeptPictures) -> None:
        """These bounds hold from the next picture on; from any thread."""
        self._bounds = bounds

    def keep(self, device: str, data: bytes, wall_ns: int) -> bool:
        """Keep a picture; False where one was kept a moment ago, or what came is no picture. StorageError."""
        kind = next((kind for start, kind in _KINDS if data.startswith(start)), None)
        if kind is None or len(data) > PICTURE_MAX_BYTES or abs(wall_ns - self._last.get(device, 0)) < EVERY_NS:
            return False
        self._make_room(len(data), wall_ns)
        path = self._folder / _day(wall_ns) / f"{_time(wall_ns)}_{device}.{kind}"
        fresh = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(mode=0o750, exist_ok=True)
            fresh.write_bytes(data)
            fresh.chmod(0o640)
            fresh.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise StorageError(
                f"{path} cannot be written ({error.strerror}); free space or look at the disk"
            ) from error
        self._last[device] = wall_ns
        self._bytes = (self._bytes or 0) + len(data)
        return True

    def around(self, wall_ns: int, within_s: float, devices: Collection[str]) -> list[Picture]:
        """The pictures of these cameras from so long before a moment to so long after it, oldest first."""
        apart_ns = int(within_s * NS_PER_S)
        days = {_day(wall_ns - apart_ns), _day(wall_ns), _day(wall_ns + apart_ns)}
        found = [one for day in sorted(days) for one in _of_day(self._folder / day)]
        near = [one for one in found if one.device in devices and abs(one.wall_ns - wall_ns) <= apart_ns]
        return sorted(near, key=lambda one: one.wall_ns)

    def find(self, media: str) -> Picture | None:
        """The picture of that id; None when it was deleted, or never was."""
        day = self._folder / media[:8]
        known = ID.fullmatch(media)
        return next((one for one in _of_day(day) if one.media == media), None) if known else None

    def newest(self, devices: Collection[str], since_ns: int, now_ns: int) -> Picture | None:
        """The newest picture of these cameras from that moment on."""
        days = {_day(since_ns), _day(now_ns)}
        found = [one for day in days for one in _of_day(self._folder / day) if one.device in devices]
        return max((one for one in found if one.wall_ns >= since_ns), key=lambda one: one.wall_ns, default=None)

    def _make_room(self, more: int, wall_ns: int) -> None:
        """Delete what is too old or too much; StorageError where the disk stays too full."""
        if self._bytes is None:
            self._bytes = sum(_size(one.path) for one in self._all())
        bounds = self._bounds
        oldest = _day(wall_ns - bounds.days * _DAY_NS)
        for folder in [one for one in _days(self._folder) if one.name < oldest]:
            for picture in _of_day(folder):
                self._delete(picture)
            _remove(folder)
        pictures = self._all()
        while self._bytes + more > bounds.megabytes * MB or self._is_full():
            first = next(pictures, None)
            if first is None:
                raise StorageError(f"the disk of {self._folder} is nearly full: no picture is kept; free space")
            self._delete(first)
            _remove(first.path.parent)

    def _is_full(self) -> bool:
        free = free_bytes(self._folder / "x")
        return free is not None and free < self._free_min_bytes

    def _delete(self, picture: Picture) -> None:
        size = _size(picture.path)
        try:
            picture.path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{picture.path} cannot be deleted ({error.strerror})") from error
        self._bytes = max(0, (self._bytes or 0) - size)

    def _all(self) -> Iterator[Picture]:
        """All pictures, oldest first."""
        for folder in _days(self._folder):
            yield from _of_day(folder)


def _days(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if len(one.name) == 8 and one.name.isdigit() and one.is_dir())
    except OSError:
        return []


def _of_day(folder: Path) -> list[Picture]:
    try:
        names = sorted(one.name for one in folder.iterdir())
    except OSError:
        return []
    found = [(name, _NAME.fullmatch(name)) for name in names]
    return [Picture(folder / name, one[2], _wall_ns(one[1])) for name, one in found if one]


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass  # There is something in it still.


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _day(wall_ns: int) -> str:
    return _time(wall_ns)[:8]


def _time(wall_ns: int) -> str:
    moment = datetime.fromtimestamp(wall_ns // NS_PER_S, UTC).strftime(_TIME)
    return f"{moment}{wall_ns % NS_PER_S // NS_PER_MS:03}Z"


def _wall_ns(text: str) -> int:
    moment = datetime.strptime(text[:15], _TIME).replace(tzinfo=UTC)
    return int(moment.timestamp()) * NS_PER_S + int(text[15:18]) * NS_PER_MS
