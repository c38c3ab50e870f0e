"""Finds drivers by name, checks the devices of a site file with them, and opens their buses.

A driver of ours is a folder: `serial-text` is `drivers/readers/serial_text/`, and no list names it. Another package
brings a driver through the entry-point group `gatehouse.drivers`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from drivers.base import Bus, DeviceConfig, Driver, Report
from gateway.core.settings.explain import explain
from gateway.core.settings.model import Point, Settings
from gateway.core.vocabulary.errors import DriverError, SettingsError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "gatehouse.drivers"
KINDS = ("readers", "cameras", "boards", "displays", "printers", "virtual")
_HERE = Path(__file__).parent

Problems = list[tuple[str, str]]


@cache
def shipped() -> dict[str, str]:
    """The drivers that come with Gatehouse: the module of each, by the driver's name."""
    return {
        folder.name.replace("_", "-"): f"drivers.{kind}.{folder.name}"
        for kind in KINDS
        for folder in sorted((_HERE / kind).iterdir())
        if (folder / "__init__.py").is_file()
    }


def known() -> list[str]:
    """The names of all drivers that can be found."""
    return sorted({*shipped(), *brought()})


def find(name: str) -> Driver:
    """The driver of that name; DriverError names the known ones or says why it cannot be loaded."""
    try:
        driver = _load(name)
    except Exception as error:  # What another package does as it is loaded is anybody's guess.
        words = f"{type(error).__name__}: {error}"
        raise DriverError(f"driver {name!r} cannot be loaded: {words}; mend or remove its package") from error
    if driver is None:
        raise DriverError(f"is {name!r}; known drivers: {', '.join(known())}")
    if not isinstance(driver, Driver):
        raise DriverError(f"driver {name!r} is not a drivers.base.Driver object")
    return driver


def _load(name: str) -> Any:
    if name in shipped():
        return import_module(shipped()[name]).DRIVER
    theirs = brought().get(name)
    return theirs.load() if theirs else None


def brought() -> dict[str, EntryPoint]:
    """The drivers of other packages. Asked only for one that is not ours: the answer loads `email` and more."""
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def configure(settings: Settings) -> list[DeviceConfig]:
    """The devices with their options checked; SettingsError with every problem and its path.

    Also checks what only the drivers know: that devices can share their wires, that each point of a lane exists at
    its device, that a lane's readers read, and that printers print.
    """
    problems: Problems = []
    configs: dict[int, DeviceConfig] = {}
    for number, device in enumerate(settings.devices):
        try:
            driver = find(device.driver)
        except DriverError as error:
            problems.append((f"devices[{number}].driver", str(error)))
            continue
        options = _options(driver, device.options, f"devices[{number}]", problems)
        if options is not None:
            configs[number] = DeviceConfig(device.id, device.driver, device.name, options)
    problems += _clashes(configs)
    problems += _conflicts(configs)
    problems += _shared_pins(configs)
    by_id = {config.id: config for config in configs.values()}
    problems += _missing_points(settings, by_id)
    problems += _not_readers(settings, by_id)
    problems += _not_displays(settings, by_id)
    problems += _not_printers(settings, by_id)
    if problems:
        raise SettingsError(problems)
    return list(configs.values())


def open_buses(configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
    """One bus for each group of devices that share one; touches no hardware before `Bus.run`."""
    return [find(group[0].driver).open_bus(group, report) for group in _groups(configs)]


def on_one_bus(configs: Sequence[DeviceConfig]) -> list[tuple[str, ...]]:
    """The ids of devices that share a bus, for each bus."""
    return [tuple(config.id for config in group) for group in _groups(configs)]


def _groups(configs: Sequence[DeviceConfig]) -> list[list[DeviceConfig]]:
    groups: dict[Hashable, list[DeviceConfig]] = {}
    for config in configs:
        groups.setdefault(find(config.driver).bus_key(config.options), []).append(config)
    return list(groups.values())


# ---- checks --------------------------------------------------------------------------------------------------------


def _options(driver: Driver, raw: dict[str, Any], path: str, problems: Problems) -> Any:
    try:
        options = msgspec.convert(raw, driver.Options)
    except msgspec.ValidationError as error:
        where, message = explain(error, raw, driver.Options)
        problems.append((path + where, message))
        return None
    wrong = driver.check(options)
    if wrong is None:
        return options
    problems.append((f"{path}.{wrong[0]}", wrong[1]))
    return None


def _clashes(configs: dict[int, DeviceConfig]) -> Iterator[tuple[str, str]]:
    owners: dict[Hashable, list[tuple[int, DeviceConfig]]] = {}
    for number, config in configs.items():
        driver = find(config.driver)
        others = owners.setdefault(driver.bus_key(config.options), [])
        for other_number, other in others:
            clash = ("port", "is the port of a device with another driver")
            if other.driver == config.driver:
                clash = driver.clash(config.options, other.options)  # type: ignore[assignment]
            if clash:
                yield (f"devices[{number}].{clash[0]}", f"{clash[1]} (devices[{other_number}])")
                break
        others.append((number, config))


def _shared_pins(configs: dict[int, DeviceConfig]) -> Iterator[tuple[str, str]]:
    """Lines that devices on different buses both want; within one bus that is the driver's `clash`."""
    owners: dict[int, tuple[int, Hashable]] = {}
    for number, config in configs.items():
        driver = find(config.driver)
        bus = driver.bus_key(config.options)
        for pin in driver.pins(config.options):
            owner, its_bus = owners.setdefault(pin, (number, bus))
            if its_bus != bus:
                yield f"devices[{number}]", f"uses GPIO line {pin}, which devices[{owner}] has already"


def _conflicts(configs: dict[int, DeviceConfig]) -> Iterator[tuple[str, str]]:
    """What devices of one driver must not have in common, on whichever bus they are."""
    for number, config in configs.items():
        driver = find(config.driver)
        for other_number, other in configs.items():
            same = other_number < number and other.driver == config.driver
            conflict = driver.conflict(config.options, other.options) if same else None
            if conflict:
                yield (f"devices[{number}].{conflict[0]}", f"{conflict[1]} (devices[{other_number}])")
                break


def _missing_points(settings: Settings, by_id: dict[str, DeviceConfig]) -> Iterator[tuple[str, str]]:
    for path, point in _points(settings):
        config = by_id.get(point.device)
        if config is None:
            continue
        inputs, outputs = find(config.driver).points(config.options)
        count = inputs if point.side == "input" else outputs
        if point.index >= count:
            highest = f"0 to {count - 1}" if count else "none"
            yield (
                path,
                f"is {point.point!r}; the {point.side}s of {config.id} ({config.driver}): {highest}",
            )


def _points(settings: Settings) -> Iterator[tuple[str, Point]]:
    inline = {lane.barrier: f"lanes.{lane.id}.barrier" for lane in settings.lanes}
    for barrier in settings.barriers:
        base = inline.get(barrier.id, f"barriers.{barrier.id}")
        for key, point in (*barrier.outputs().items(), *barrier.inputs().items()):
            yield f"{base}.{key}", point
    for lane in settings.lanes:
        for key, point in (*lane.outputs().items(), *lane.inputs().items()):
            yield f"lanes.{lane.id}.{key}", point


def _not_readers(settings: Settings, by_id: dict[str, DeviceConfig]) -> Iterator[tuple[str, str]]:
    for lane in settings.lanes:
        for number, reader in enumerate(lane.readers):
            config = by_id.get(reader)
            if config is not None and not find(config.driver).reads:
                yield (
                    f"lanes.{lane.id}.readers[{number}]",
                    f"is {reader!r}, which is no reader (driver {config.driver}); name a reader",
                )


def _not_displays(settings: Settings, by_id: dict[str, DeviceConfig]) -> Iterator[tuple[str, str]]:
    for lane in settings.lanes:
        for number, display in enumerate(lane.displays):
            config = by_id.get(display)
            if config is not None and not find(config.driver).shows:
                yield (
                    f"lanes.{lane.id}.displays[{number}]",
                    f"is {display!r}, which shows nothing (driver {config.driver}); name a display",
                )


def _not_printers(settings: Settings, by_id: dict[str, DeviceConfig]) -> Iterator[tuple[str, str]]:
    named = [(f"lanes.{lane.id}.printer", lane.printer) for lane in settings.lanes]
    named += [(f"stations.{station.id}.printer", station.printer) for station in settings.stations]
    for path, printer in named:
        config = by_id.get(printer or "")
        if config is not None and not find(config.driver).prints:
            yield path, f"is {printer!r}, which prints nothing (driver {config.driver}); name a printer"
