"""`gatehouse uplink`: delivers to central and listens to cameras that publish, until it is stopped.

It runs without the engine and without a broker. If the settings change to another central or other cameras, it restarts
with those; if they name none, it ends.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from gateway.control.structs import learn_structs
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.directory import DataDirectory
from gateway.uplink.mqtt.cameras import Camera, cameras_of, listening
from gateway.uplink.parts import Central, Place, deliver

_log = logging.getLogger(__name__)
LOOK_EVERY_S = 2.0
Work = tuple[Central | None, tuple[Camera, ...]]
_NOTHING: Work = (None, ())


def run(data: Path, stop: threading.Event | None = None) -> int:
    """Deliver and listen until `stop`; returns 0, also without anything to do.

    Raises DataDirectoryError or SettingsError when the data directory cannot be used.
    """
    learn_structs()
    stop = stop or threading.Event()
    directory = DataDirectory(data)
    place = Place(directory.journal, directory.uplink, directory.socket, directory.secrets / "journal-key.pem")
    while not stop.is_set():
        version = _version(directory.site)
        work = _work(directory.settings())
        if work == _NOTHING:
            _log.info("the site file names no uplink; nothing to do")
            return 0
        central, cameras = work
        changed = _Changed(directory, work, version)
        with listening(cameras, directory.socket):
            if central is not None:
                deliver(place, central, stop, changed)
            else:
                _wait(stop, changed)
    return 0


def _wait(stop: threading.Event, changed: Callable[[], bool]) -> None:
    while not stop.wait(LOOK_EVERY_S) and not changed():
        pass


class _Changed:
    """Whether the settings name other work now; cheap while the file is unchanged."""

    def __init__(self, directory: DataDirectory, work: Work, version: tuple[int, int]) -> None:
        self._directory = directory
        self._work = work
        self._seen = version

    def __call__(self) -> bool:
        version = _version(self._directory.site)
        if version == self._seen:
            return False
        self._seen = version
        try:
            return _work(self._directory.settings()) != self._work
        except GatehouseError as error:
            _log.warning("the new settings cannot be used, the old ones stay: %s", error)
            return False


def _work(settings: Settings) -> Work:
    cameras = cameras_of(settings)
    if settings.uplink is None or settings.uplink.mqtt is None:
        return None, cameras
    return Central(settings.uplink.mqtt, settings.site.id, settings.gateway.id), cameras


def _version(site: Path) -> tuple[int, int]:
    """A value that changes when the file is replaced."""
    try:
        found = site.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)
