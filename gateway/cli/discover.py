"""The command that looks for devices: on ports that are free it listens and asks, of the others it asks the engine."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from gateway.cli.common import Arguments, Commands, client_of, data_path, number, opened, say, show
from gateway.core.vocabulary.errors import DataDirectoryError, EngineUnreachableError, SettingsError

if TYPE_CHECKING:
    from drivers.discovery.places import Place
    from drivers.discovery.search import Found, Silent, Step
    from gateway.core.settings.model import Device

LISTEN_MAX_S = 20
UNIT_MAX = 255
_TCP = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]]+)):(?P<port>[0-9]{1,5})")
_SECRETS = ("key", "password")


def add(commands: Commands) -> None:
    """Add `discover`."""
    discover = commands.add(
        "discover",
        "look for readers, boards and cameras, without moving anything",
        _discover,
        """
        gatehouse discover                                    all serial ports of this machine, and the network
        gatehouse discover --port /dev/ttyUSB0 --listen-s 5
        gatehouse discover --tcp 192.168.1.50:502 --units 1 17 --json
        """,
    )
    discover.add_argument(
        "--port", action="append", default=[], metavar="PATH", help="a serial port; repeats (default: all of them)"
    )
    discover.add_argument(
        "--tcp", action="append", default=[], type=_tcp, metavar="HOST:PORT", help="an address to search; repeats"
    )
    discover.add_argument(
        "--units", nargs="+", type=_unit, metavar="N", default=None, help="Modbus units to ask (default: 1 2 3 255)"
    )
    discover.add_argument(
        "--listen-s", type=_seconds, default=LISTEN_MAX_S, metavar="S", help="how long to listen first (default: 20)"
    )


def _unit(text: str) -> int:
    return int(number(text, int, 0, UNIT_MAX))


def _seconds(text: str) -> float:
    return float(number(text, float, 0, LISTEN_MAX_S))


def _tcp(text: str) -> tuple[str, int]:
    found = _TCP.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 192.168.1.50:502")
    return found["v6"] or found["host"], int(found["port"])


def _discover(arguments: Arguments) -> int:
    import msgspec

    from drivers.discovery.calls import called
    from drivers.discovery.cameras import cameras
    from drivers.discovery.search import UNITS, answered, on_the_network, search, shipped_drivers
    from gateway.core.people.texts import on_one_line

    devices, running = _installed(arguments)
    places = _places(arguments)
    found: list[Found] = []
    silent: list[Silent] = []
    free: list[Place] = []
    for place in places:
        users = [device for device in devices if _uses(device, place)] if running is not None else []
        if not users:
            free.append(place)
        for device in users:
            _in_use(device, (running or {}).get(device.id, {}), place, found, silent)
    if free:
        say(f"searching {', '.join(map(str, free))}; hold a card to each reader, nothing moves")
        more, quiet = search(
            free,
            _told,
            listen_s=arguments.listen_s,
            units=tuple(dict.fromkeys(arguments.units or UNITS)),
            taken=[device.id for device in devices],
        )
        found, silent = [*found, *more], [*silent, *quiet]
    elif not places:
        say("this machine has no serial port; name one with --port, or an address with --tcp")
    if not (arguments.port or arguments.tcp):
        taken = [*(device.id for device in devices), *(str(one.device["id"]) for one in found)]
        found = [*found, *on_the_network(cameras(), taken), *answered(called(shipped_drivers()), taken)]
    found = [msgspec.structs.replace(one, heard=on_one_line(one.heard)) for one in found]
    silent = [msgspec.structs.replace(one, heard=on_one_line(one.heard)) for one in silent]
    show(arguments, _as_data(found, silent), _as_text(found, silent))
    return 0


def _installed(arguments: Arguments) -> tuple[tuple[Device, ...], dict[str, dict[str, Any]] | None]:
    """The devices of the settings, and how the running engine finds them; None without an engine."""
    data = data_path(arguments)
    try:
        devices = opened(data)[1].devices
        state = client_of(data).call("state")
    except (DataDirectoryError, SettingsError):
        return (), None
    except EngineUnreachableError:
        return devices, None
    return devices, {one["id"]: one for one in state["devices"]}


def _places(arguments: Arguments) -> list[Place]:
    from drivers.discovery.places import Place
    from drivers.links.ports import serial_ports

    ports = arguments.port or ([] if arguments.tcp else serial_ports())
    named = [Place(port=port) for port in ports] + [Place(host=host, tcp_port=port) for host, port in arguments.tcp]
    return list(dict.fromkeys(named))


def _uses(device: Device, place: Place) -> bool:
    """Whether a device of the settings is on this wire."""
    from drivers.links.ports import same_port

    link = device.options.get("link")
    wire = link if isinstance(link, dict) else device.options
    if place.port:
        return isinstance(wire.get("port"), str) and same_port(wire["port"], place.port)
    return (wire.get("host"), wire.get("port", place.tcp_port)) == (place.host, place.tcp_port)


def _in_use(device: Device, told: dict[str, Any], place: Place, found: list[Found], silent: list[Silent]) -> None:
    """What the engine hears of a device whose wire it holds."""
    from drivers.discovery.search import Found, Silent

    state, error = told.get("state", "starting"), told.get("last_error") or ""
    if state != "online":
        silent.append(
            Silent(str(place), f"in use by the running engine for {device.id}, {state}: {error or 'no word'}")
        )
        return
    options = {key: value for key, value in device.options.items() if key not in _SECRETS}
    heard = f"in use by the running engine: online; frames {told.get('frames', 0)}, errors {told.get('errors', 0)}"
    entry = {"id": device.id, "driver": device.driver, **({"name": device.name} if device.name else {}), **options}
    found.append(Found(entry, heard, True, str(place)))


def _told(step: Step) -> None:
    if step.what in ("asking", "found"):
        say(str(step))


def _as_data(found: list[Found], silent: list[Silent]) -> dict[str, Any]:
    import msgspec

    return {"found": msgspec.to_builtins(found), "silent": msgspec.to_builtins(silent)}


def _as_text(found: list[Found], silent: list[Silent]) -> str:
    import json

    lines = []
    for one in found:
        lines.append(f"{'found' if one.sure else 'perhaps'}: {one.heard}")
        lines.append(f"  {json.dumps(one.device, ensure_ascii=False)}")
    lines += [f"{one.where}: {one.heard}" for one in silent]
    return "\n".join(lines) or "nothing was searched"
