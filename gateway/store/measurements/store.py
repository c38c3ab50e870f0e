"""Measurements by hour and day: written by the engine, read by pages."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from gateway.core.measurements.summary import Summary, merged
from gateway.core.vocabulary.errors import StorageError
from gateway.store.measurements.ring import (
    DAYS,
    DAYS_KEPT,
    HOURS,
    HOURS_KEPT,
    Ring,
    Slot,
    open_for_writing,
    read_slot,
    write_slot,
)

Points = dict[int, Summary]
"""Summaries by the number of their hour or day."""


class MeasurementWriter:
    """The engine's side; belongs to one thread."""

    def __init__(self, path: Path) -> None:
        """Opens nothing yet, so that a disk that fails keeps no engine from starting."""
        self._path = path
        self.written = 0
        """Bytes so far."""

    def add(self, hour: int, day: int, hours_of_day: Iterable[int], slot: Slot) -> None:
        """Add to an hour, and make its day anew from its hours; StorageError, then nothing of it counts."""
        handle = open_for_writing(self._path)
        try:
            self.written += write_slot(handle, HOURS, hour, _both(read_slot(handle, HOURS, hour), slot))
            whole: dict[str, Summary] = {}
            for one in hours_of_day:
                whole = _both(whole, read_slot(handle, HOURS, one))
            self.written += write_slot(handle, DAYS, day, whole)
            os.fdatasync(handle)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written ({error.strerror}); look at the disk") from error
        finally:
            os.close(handle)


class MeasurementReader:
    """Everything that is kept, as far as it can be read; a missing file is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def hours(self, now: int) -> dict[str, Points]:
        """Each series by hour, up to that hour."""
        return self._read(HOURS, range(now - HOURS_KEPT + 1, now + 1))

    def days(self, today: int) -> dict[str, Points]:
        """Each series by day, up to that day."""
        return self._read(DAYS, range(today - DAYS_KEPT + 1, today + 1))

    def _read(self, ring: Ring, numbers: range) -> dict[str, Points]:
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return {}
        found: dict[str, Points] = {}
        try:
            for number in numbers:
                for name, summary in read_slot(handle, ring, number).items():
                    found.setdefault(name, {})[number] = summary
        except OSError:
            pass
        finally:
            os.close(handle)
        return found


def _both(one: Slot, other: Slot) -> dict[str, Summary]:
    """Two slots as one."""
    found: dict[str, Summary] = {}
    for name in {**one, **other}:
        summary = merged(one.get(name), other.get(name))
        if summary is not None:
            found[name] = summary
    return found
