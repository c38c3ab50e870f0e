"""`gatehouse uplink`: delivers to central until it is told to stop.

Needs neither the engine nor the broker to be there. When the settings name another central it starts over with that
one, and when they name none any more it ends.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from gateway.core.errors import GatehouseError
from gateway.core.settings import Settings
from gateway.store.directory import DataDirectory
from gateway.uplink.parts import Central, Place, deliver

_log = logging.getLogger(__name__)


def run(data: Path, stop: threading.Event | None = None) -> int:
    """Deliver until `stop`; 0, also when no uplink is configured.

    Raises DataDirectoryError or SettingsError when the data directory cannot be used.
    """
    stop = stop or threading.Event()
    directory = DataDirectory(data)
    place = Place(directory.journal, directory.uplink, directory.socket)
    while not stop.is_set():
        version = _version(directory.site)
        central = _central(directory.settings())
        if central is None:
            _log.info("the site file names no uplink; nothing to do")
            return 0
        deliver(place, central, stop, _Changed(directory, central, version))
    return 0


class _Changed:
    """Whether the settings name another central by now; cheap as long as the file stays as it is."""

    def __init__(self, directory: DataDirectory, central: Central, version: tuple[int, int]) -> None:
        self._directory = directory
        self._central = central
        self._seen = version

    def __call__(self) -> bool:
        version = _version(self._directory.site)
        if version == self._seen:
            return False
        self._seen = version
        try:
            return _central(self._directory.settings()) != self._central
        except GatehouseError as error:
            _log.warning("the new settings cannot be used, the old ones stay: %s", error)
            return False


def _central(settings: Settings) -> Central | None:
    if settings.uplink is None or settings.uplink.mqtt is None:
        return None
    return Central(settings.uplink.mqtt, settings.site.id, settings.gateway.id)


def _version(site: Path) -> tuple[int, int]:
    """What changes when the file is replaced."""
    try:
        found = site.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)
