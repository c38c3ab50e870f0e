"""What a device can be: the drivers with the fields of their options, for the forms of the web, which loads none."""

from __future__ import annotations

from typing import Any

import msgspec

from drivers.catalogue import catalogue
from gateway.engine.settings.requests import DriverList
from gateway.engine.socket.requests import read


def _drivers(params: dict[str, Any]) -> Any:
    read(DriverList, params)
    return msgspec.to_builtins(catalogue())


OPS = {"driver.list": _drivers}
