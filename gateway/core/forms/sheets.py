"""What a device of the site file can be, as the engine tells the web."""

from __future__ import annotations

import msgspec

from gateway.core.forms.fields import Field


class DriverSheet(msgspec.Struct, frozen=True):
    """One driver: what it is for, and the fields of its options. `kind`: the folder of its siblings, "" from others."""

    name: str
    kind: str
    words: str
    reads: bool
    shows: bool
    prints: bool
    fields: tuple[Field, ...]


class Catalogue(msgspec.Struct, frozen=True):
    """All drivers, boards with their titles, and the serial ports of this machine."""

    drivers: tuple[DriverSheet, ...] = ()
    boards: dict[str, str] = {}
    ports: tuple[str, ...] = ()

    def driver(self, name: str) -> DriverSheet | None:
        """The driver of that name."""
        return next((one for one in self.drivers if one.name == name), None)
