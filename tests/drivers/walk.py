"""What the tests walk: every driver of ours, how it is simulated, and the golden bytes in its folder.

A driver brings all of this itself (`Driver.stand_ins`, `Driver.listener`, `Driver.encode`, `golden.json`), so a new one
needs no line in any test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from drivers import registry
from drivers.base import DeviceConfig, Driver, Listener, Simulate, StandIn
from tests.drivers.conftest import configured, golden_of

OURS = {name: registry.find(name) for name in registry.shipped()}
SAMPLE = "472288"
KEY = bytes.fromhex("8f1c2b7e55a94d03c6e0917f3ab2d864")
# What a driver must be given where its golden bytes give nothing else.
NEEDED: dict[str, Any] = {
    "port": "/dev/x",
    "device": "/dev/x",
    "link": {"type": "serial", "port": "/dev/x"},
    "topic": "cameras/in",
    "broker": {"host": "127.0.0.1"},
    "url": "http://127.0.0.1/jpg",
    "d0": 17,
    "d1": 18,
    "serial": 405419896,
    "door": 1,
}
ON_THE_NETWORK = {"type": "tcp", "host": "127.0.0.1"}
"""`link` of drivers that know no serial line."""


class Vector(msgspec.Struct, frozen=True):
    """Golden bytes (hex, or text) and what a listener with these options reads from them: kind, value, bits.

    `one_way`: a card alone does not tell the bytes, so `encode` gives others.
    """

    source: str
    reads: list[tuple[str, str, int]]
    options: dict[str, Any] = {}
    bytes: str = ""
    text: str = ""
    one_way: bool = False

    @property
    def sent(self) -> bytes:
        """The bytes on the wire."""
        return self.text.encode() if self.text else bytes.fromhex(self.bytes)


def vectors(driver: str) -> list[Vector]:
    """The golden bytes of a model from which something can be read, or nothing should be."""
    golden = golden_of(driver) if (folder(driver) / "golden.json").exists() else []
    flat = [one for one in golden if isinstance(one, dict)]
    return [msgspec.convert(one, Vector) for one in flat if "reads" in one]


def folder(driver: str) -> Path:
    """A driver's folder."""
    return Path(import_module(registry.shipped()[driver]).__file__ or "").parent


def device(driver: str, **options: Any) -> DeviceConfig:
    """A device of that driver with what it needs, and these options."""
    fields = msgspec.structs.fields(OURS[driver].Options)
    needed = {field.name: NEEDED[field.name] for field in fields if field.required and field.name not in options}
    try:
        return configured(f"{driver}-1", driver, **needed, **options)
    except msgspec.ValidationError:
        return configured(f"{driver}-1", driver, **{**needed, "link": ON_THE_NETWORK}, **options)


def listener(driver: str, mono_ns: Callable[[], int] = lambda: 0, **options: Any) -> Listener | None:
    """What turns the driver's bytes into credentials."""
    config = device(driver, **options)
    return OURS[driver].listener(config.id, config.options, mono_ns)


HEARD = [name for name in OURS if listener(name) is not None]


def stand_ins(driver: Driver) -> dict[str, Simulate]:
    """How a driver is simulated, by wire; the far end of `osdp` is libosdp, which only the tests may use so."""
    return {"serial": _osdp} if driver.name == "osdp" else dict(driver.stand_ins())


@contextmanager
def _osdp(path: Path) -> Iterator[StandIn]:
    from tests.support.osdp_pd import OsdpLine, OsdpReader

    with OsdpLine(path, OsdpReader(5, KEY)) as line:
        yield StandIn({"port": line.path, "address": 5, "key": KEY.hex()}, line.plug, line.unplug)


class Wire:
    """A simulated device on a wire that can be pulled; `path` None where it is on the network."""

    def __init__(self, driver: str, far: StandIn) -> None:
        assert far.plug is not None and far.unplug is not None
        self.unplug: Callable[[], None] = far.unplug
        self.plug: Callable[[], None] = far.plug
        self.device: dict[str, Any] = {"id": "d", "driver": driver, **far.options}
        link = far.options.get("link", {})
        self.path: str | None = far.options.get("port") or link.get("port") if link.get("type") != "tcp" else None


SIMULATED = {f"{name}-{wire}": (name, make) for name, one in OURS.items() for wire, make in stand_ins(one).items()}
ON_A_PORT = [case for case in SIMULATED if case.endswith("-serial")]
ON_A_WIRE = [case for case in SIMULATED if not case.endswith("-none")]
