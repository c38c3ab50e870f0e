"""Devices of the network that answer a call to everybody, one datagram for each driver that has one (`Driver.call`).

The call goes out at every interface by its own broadcast address, since 255.255.255.255 alone leaves a machine with two
networks by one of them. Nothing is moved or changed.
"""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import time
from collections.abc import Iterable, Sequence

import msgspec

from drivers.base import Driver, Recognised

WAIT_S = 2.5
ANSWERS_MAX = 256
_ANSWER_BYTES = 2_048
_SIOCGIFBRDADDR = 0x8919
_EVERYWHERE = "255.255.255.255"


class Called(msgspec.Struct, frozen=True):
    """A device that answered."""

    driver: str
    host: str
    known: Recognised


def called(
    drivers: Iterable[Driver], addresses: Sequence[tuple[str, int]] | None = None, wait_s: float = WAIT_S
) -> list[Called]:
    """The devices that answer, each once; `addresses`: ask these instead of everybody."""
    callers = [(driver, call) for driver in drivers if (call := driver.call()) is not None]
    sockets: dict[socket.socket, Driver] = {}
    try:
        for driver, (datagram, port) in callers:
            asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sockets[asking] = driver
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for address in addresses or [(one, port) for one in (*broadcasts(), _EVERYWHERE)]:
                _send(asking, datagram, address)
        return list(_heard(sockets, time.monotonic() + wait_s))
    finally:
        for asking in sockets:
            asking.close()


def broadcasts() -> list[str]:
    """The broadcast addresses of the machine's interfaces."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            try:
                told = fcntl.ioctl(asking, _SIOCGIFBRDADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # it has no address
            found.append(socket.inet_ntoa(told[20:24]))
    return [one for one in dict.fromkeys(found) if one not in ("0.0.0.0", _EVERYWHERE)]


def _send(asking: socket.socket, datagram: bytes, address: tuple[str, int]) -> None:
    try:
        asking.sendto(datagram, address)
    except OSError:
        pass  # this network is down or takes no broadcast


def _heard(sockets: dict[socket.socket, Driver], ends_s: float) -> Iterable[Called]:
    told: set[tuple[str, str, bytes]] = set()
    while (left_s := ends_s - time.monotonic()) > 0 and len(told) < ANSWERS_MAX:
        for asking in select.select(list(sockets), [], [], left_s)[0]:
            try:
                answer, peer = asking.recvfrom(_ANSWER_BYTES)
            except OSError:
                continue  # one that we asked has refused
            driver = sockets[asking]
            if (key := (driver.name, peer[0], answer)) in told:
                continue
            told.add(key)
            for known in driver.called(answer, peer[0]):
                yield Called(driver.name, peer[0], known)
