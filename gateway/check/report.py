"""`gatehouse check`: validates settings, tries each device, and says in words what each lane does without.

Trying a device opens its port, asks, and moves nothing: a bus only reads its outputs back at its start. A running
engine owns the ports and is asked instead; only devices that it does not have in the same form (of a site file that is
not installed yet) are tried here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from drivers.base import DeviceConfig
from drivers.registry import configure, find
from gateway.check.devices import DeviceFound, device_found, try_devices
from gateway.check.front import front_found
from gateway.check.journal import JournalFound, journal_found
from gateway.check.lanes import LaneFound, against, shared, uncounted, without
from gateway.core.settings.model import Retention, Settings
from gateway.core.settings.site_file import checked, warnings
from gateway.core.vocabulary.errors import GatehouseError, SettingsError
from gateway.core.vocabulary.views import DeviceView
from gateway.core.wiring.boards import Board


class Report(msgspec.Struct, frozen=True):
    """The findings of a check; `problems` and `warnings` are (path, message).

    `shared`: the lane of each reader that several lanes name. `places`: what keeps cars from being counted.
    """

    problems: tuple[tuple[str, str], ...] = ()
    devices: tuple[DeviceFound, ...] = ()
    lanes: tuple[LaneFound, ...] = ()
    shared: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    journal: JournalFound | None = None
    retention: Retention | None = None
    warnings: tuple[tuple[str, str], ...] = ()

    @property
    def fine(self) -> bool:
        """Whether there is no problem."""
        return not self.problems and all(device.fine for device in self.devices)


def check(
    document: Any, running: Mapping[str, DeviceView], installed: Settings | None, journal: Path | None = None
) -> Report:
    """Check a settings document. `running`: the engine's devices by id; `installed`: the settings it runs with.

    `journal` is the file of the journal, if there is one.
    """
    try:
        settings, configs = checked(document, configure)
    except SettingsError as error:
        return Report(problems=tuple(error.problems))
    except GatehouseError as error:
        return Report(problems=(("", str(error)),))
    known = {device.id: device for device in installed.devices} if installed else {}
    asked = {
        device.id: running[device.id]
        for device in settings.devices
        if device.id in running and known.get(device.id) == device
    }
    boards = {config.id: _board(config) for config in configs}
    wrong, soon = front_found(settings.gateway.http)
    tried = try_devices([config for config in configs if config.id not in asked])
    return Report(
        problems=wrong,
        devices=tuple(device_found(config, tried, asked) for config in configs),
        lanes=tuple(
            LaneFound(
                lane.id,
                lane.name,
                without(lane, settings.barrier(lane.barrier)),
                against(document, lane.id, boards),
            )
            for lane in settings.lanes
        ),
        shared=shared(settings),
        places=uncounted(settings),
        journal=journal_found(journal) if journal is not None and journal.exists() else None,
        retention=settings.gateway.retention,
        warnings=(*warnings(settings), *soon),
    )


def _board(config: DeviceConfig) -> Board:
    driver = find(config.driver)
    inputs, outputs = driver.points(config.options)
    return Board(config.id, inputs, outputs, reads=driver.reads, shows=driver.shows, prints=driver.prints)
