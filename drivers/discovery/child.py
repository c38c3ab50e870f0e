"""The search in a process of its own, beside an engine that runs: a request on stdin, a JSON line for each step.

It opens no port that the engine has, runs at low priority, and ends with the engine, or when its stdin is closed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from drivers.discovery.calls import called
from drivers.discovery.cameras import cameras
from drivers.discovery.places import Place
from drivers.discovery.search import UNITS, Silent, Step, answered, on_the_network, search, shipped_drivers
from drivers.links.ports import same_port, serial_ports

_NICE = 10
_PR_SET_PDEATHSIG = 1
PORTS_VARIABLE = "GATEHOUSE_PORTS"
"""A folder whose entries are serial ports too."""


class Request(msgspec.Struct, frozen=True):
    """What to search: all ports of the machine and the cameras of the network, unless `ports` or `addresses` are named.

    `used`: ports and addresses that the engine has, by the device that uses each. `taken`: ids of devices.
    """

    ports: tuple[str, ...] = ()
    addresses: tuple[tuple[str, int], ...] = ()
    used: dict[str, str] = {}
    units: tuple[int, ...] = UNITS
    listen_s: float = 20.0
    taken: tuple[str, ...] = ()


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the answer: the places and who uses them, a step, the places that stayed silent, the end."""

    places: dict[str, str] | None = None
    step: Step | None = None
    silent: tuple[Silent, ...] = ()
    over: bool = False


Tell = Callable[[Line], None]


def run(request: Request, tell: Tell) -> None:
    """Search, and tell each step."""
    free: list[Place] = []
    places: dict[str, str] = {}
    for place in _places(request):
        user = next((device for wire, device in request.used.items() if _is_at(place, wire)), "")
        places[str(place)] = user
        if not user:
            free.append(place)
    tell(Line(places=places))
    everything = not (request.ports or request.addresses)
    looking = [
        threading.Thread(target=look, args=(request, tell), daemon=True)
        for look in ((_cameras, _answering) if everything else ())
    ]
    for one in looking:
        one.start()
    _, silent = search(
        free,
        lambda step: tell(Line(step=step)),
        listen_s=request.listen_s,
        units=request.units,
        taken=request.taken,
    )
    for one in looking:
        one.join()
    tell(Line(silent=tuple(silent), over=True))


def _cameras(request: Request, tell: Tell) -> None:
    for found in on_the_network(cameras(), request.taken):
        tell(Line(step=Step(found.where, "found", words=found.heard, found=found)))


def _answering(request: Request, tell: Tell) -> None:
    for found in answered(called(shipped_drivers()), request.taken):
        tell(Line(step=Step(found.where, "found", words=found.heard, found=found)))


def _places(request: Request) -> list[Place]:
    ports = request.ports or ([] if request.addresses else [*serial_ports(), *_more_ports()])
    named = [Place(port=port) for port in ports] + [Place(host=host, tcp_port=port) for host, port in request.addresses]
    return list(dict.fromkeys(named))


def _more_ports() -> list[str]:
    folder = os.environ.get(PORTS_VARIABLE, "")
    return sorted(str(path) for path in Path(folder).iterdir()) if folder and Path(folder).is_dir() else []


def _is_at(place: Place, wire: str) -> bool:
    return same_port(wire, place.port) if place.port else wire == str(place)


def main() -> int:
    """The child."""
    os.nice(_NICE)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=Request)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    writing = threading.Lock()

    def tell(line: Line) -> None:
        with writing:
            sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
            sys.stdout.buffer.flush()

    run(request, tell)
    return 0


def _end_with_stdin() -> None:
    # Past Python's own buffer, whose lock would be held at the end of the process.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
