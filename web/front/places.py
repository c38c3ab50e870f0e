"""The places of connections: three kinds of clients, each with its own, so that no kind takes those of another.

`LOCAL` are programs on this machine, the booth's own screen among them. `KNOWN` are addresses from which a booth's own
screen, a camera or a signed-in person has come. `STRANGER` is everybody else on the network. Past the bound on open
requests of a kind the oldest unfinished one is dropped.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Protocol

from web.front.peers import address, is_among, is_loopback

UNFINISHED_MAX = 64
CONNECTIONS_MAX = 128
BUFFERED_MAX_BYTES = 16 * 1024 * 1024
KNOWN_MAX = 100
KNOWN_S = 86400.0


class Kind(StrEnum):
    """Whose places a connection takes."""

    LOCAL = "local"
    KNOWN = "known"
    STRANGER = "stranger"


class Connection(Protocol):
    """What the places ask of a connection."""

    kind: Kind
    unfinished_since_s: float | None
    """When its unfinished request began; None without one."""
    idle_since_s: float | None
    """When its last request was done; None while it has one."""
    buffered_bytes: int

    def drop(self) -> None:
        """Close it without an answer."""


class Acquaintances:
    """The addresses of screens, cameras and people, from settings and from what they have shown. Thread-safe."""

    def __init__(
        self, set_up: Callable[[], Iterable[str]] = tuple, mono_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._set_up = set_up
        self._mono_s = mono_s
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def learn(self, peer: str) -> None:
        """Note an address that has shown a station's key, a camera's token or a session."""
        with self._lock:
            self._seen[peer] = self._mono_s()
            self._seen.move_to_end(peer)
            while len(self._seen) > KNOWN_MAX:
                self._seen.popitem(last=False)

    def kind(self, peer: str) -> Kind:
        """The kind of a client at this address."""
        if is_loopback(peer):
            return Kind.LOCAL
        with self._lock:
            seen_s = self._seen.get(peer)
        if seen_s is not None and self._mono_s() - seen_s < KNOWN_S:
            return Kind.KNOWN
        return Kind.KNOWN if is_among(address(peer), self._set_up()) else Kind.STRANGER


def make_room(kind: Kind, others: Iterable[Connection]) -> bool:
    """Drop what is too much before one more connection of a kind; False if there is no room for it."""
    alike = [one for one in others if one.kind == kind]
    unfinished = _oldest(alike, "unfinished_since_s")
    if len(unfinished) >= UNFINISHED_MAX:
        unfinished.pop(0).drop()
    elif len(alike) >= CONNECTIONS_MAX:
        spare = [*_oldest(alike, "idle_since_s"), *unfinished]
        if not spare:
            return False
        spare[0].drop()
    return True


def bound_bodies(kind: Kind, connections: Iterable[Connection]) -> bool:
    """Drop the oldest unfinished requests until the bodies of a kind fit into memory; False if they do not."""
    alike = [one for one in connections if one.kind == kind]
    size = sum(one.buffered_bytes for one in alike)
    for one in _oldest(alike, "unfinished_since_s"):
        if size <= BUFFERED_MAX_BYTES:
            break
        size -= one.buffered_bytes
        one.drop()
    return size <= BUFFERED_MAX_BYTES


def _oldest(connections: list[Connection], since: str) -> list[Connection]:
    """Those that have this time, the oldest first."""
    return sorted((one for one in connections if getattr(one, since) is not None), key=lambda one: getattr(one, since))
