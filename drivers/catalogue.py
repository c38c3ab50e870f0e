"""All drivers with the fields of their options, for the forms of devices."""

from __future__ import annotations

import inspect
from pathlib import Path

from drivers.base import Driver
from drivers.boards.layout import known_boards, load_board
from drivers.registry import find, known, shipped
from gateway.core.forms.fields import fields_of
from gateway.core.forms.sheets import Catalogue, DriverSheet
from gateway.core.vocabulary.errors import DriverError

BY_PLACE = Path("/dev/serial/by-path")
"""Serial ports by their place, which stays the same over reboots."""
PORTS_MAX = 64


def catalogue(ports: Path = BY_PLACE) -> Catalogue:
    """The drivers that can be loaded, by name; one that cannot is left out."""
    return Catalogue(
        tuple(sheet for name in known() if (sheet := _sheet(name)) is not None),
        {name: load_board(name).title for name in known_boards()},
        tuple(sorted(str(port) for port in ports.glob("*")))[:PORTS_MAX],
    )


def _sheet(name: str) -> DriverSheet | None:
    try:
        driver = find(name)
    except DriverError:
        return None
    return DriverSheet(
        name, _kind(name), _first_sentence(driver), driver.reads, driver.shows, driver.prints, fields_of(driver.Options)
    )


def _kind(name: str) -> str:
    return shipped()[name].split(".")[1] if name in shipped() else ""


def _first_sentence(driver: Driver) -> str:
    return (inspect.getdoc(type(driver)) or "").partition("\n")[0]
