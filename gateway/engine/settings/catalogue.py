"""What a device can be, for the forms of the web, which loads no driver: the options of each, the points of one."""

from __future__ import annotations

from typing import Any

import msgspec

from drivers.catalogue import catalogue
from drivers.registry import configure, find
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import GatehouseError
from gateway.engine.settings.requests import DriverList, DriverPoints
from gateway.engine.socket.requests import read


def _drivers(params: dict[str, Any]) -> Any:
    read(DriverList, params)
    return msgspec.to_builtins(catalogue())


def _points(params: dict[str, Any]) -> Any:
    """The points of each device that its driver can make something of; the others are left out."""
    asked = read(DriverPoints, params)
    return {"devices": [told for one in asked.devices if (told := _of_device(one)) is not None]}


def _of_device(written: dict[str, Any]) -> dict[str, Any] | None:
    alone = {"site": {"id": "site"}, "gateway": {"id": "gateway"}, "devices": [written]}
    try:
        config = configure(parse_settings(alone))[0]
        driver = find(config.driver)
        inputs, outputs = driver.points(config.options)
    except GatehouseError:
        return None
    return {
        "id": config.id,
        "inputs": inputs,
        "outputs": outputs,
        "reads": driver.reads,
        "shows": driver.shows,
        "prints": driver.prints,
    }


OPS = {"driver.list": _drivers, "driver.points": _points}
