"""What the bench shows and changes nothing by: points, frames of a watched wire, a card in every format that fits."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from drivers.base import Bus, DeviceConfig, Driver
from drivers.dissect.cards import Reading, readings
from drivers.dissect.dissector import Dissector
from drivers.registry import find, on_one_bus
from drivers.trace import Frame
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import NotFoundError, RequestError
from gateway.core.vocabulary.passes import Pass
from gateway.engine.bench import requests as r
from gateway.engine.bench.live import LivePoints
from gateway.engine.bench.owners import owners
from gateway.engine.socket.requests import read
from gateway.store.passes.credentials import CardBits
from gateway.store.times import rfc3339

MESSAGES_MAX = 16
"""Cameras whose last message is kept, 4 kB each."""


class Registry(Protocol):
    """The needed part of `PassRegistry`."""

    def find(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[Pass, ...]:
        """The passes that a credential belongs to."""


class Looks:
    """Belongs to the bench's thread."""

    def __init__(
        self,
        live: LivePoints,
        bus_of: Callable[[str], Bus | None],
        configs: Callable[[], Sequence[DeviceConfig]],
        settings: Callable[[], Settings],
        registry: Registry,
    ) -> None:
        self._live = live
        self._bus_of = bus_of
        self._configs = configs
        self._settings = settings
        self._registry = registry
        self._messages: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def config(self, device: str) -> DeviceConfig:
        """The device as it is set up; NotFoundError."""
        found = next((config for config in self._configs() if config.id == device), None)
        if found is None:
            raise NotFoundError(f"there is no device {device!r}")
        return found

    # ---- points

    def points(self, params: dict[str, Any]) -> dict[str, Any]:
        """bench.points"""
        asked = read(r.BenchPoints, params)
        configs = [self.config(asked.device)] if asked.device else self._configs()
        return {"devices": [self._device(config, asked.after) for config in configs]}

    def _device(self, config: DeviceConfig, after: int) -> dict[str, Any]:
        driver = find(config.driver)
        inputs, outputs = driver.points(config.options)
        live = self._live.of(config.id, after)
        used = owners(self._settings(), config.id)
        bus = self._bus_of(config.id)
        health = next((one for one in (bus.health() if bus is not None else ()) if one.device == config.id), None)
        return {
            "device": config.id,
            "run": self._live.born_ns,
            "driver": config.driver,
            "name": config.name,
            "state": "starting" if health is None else health.state,
            "reads": driver.reads,
            "shows": driver.shows,
            "prints": driver.prints,
            "wire": self._beside(config.id),
            "message": self._message(config.id),
            "inputs": [self._input(number, live.inputs, live.changed_ns, used) for number in range(inputs)],
            "outputs": [self._output(number, live.outputs, used) for number in range(outputs)],
            "edges": [
                {"number": e.number, "input": e.input, "level": e.level, "at": rfc3339(e.wall_ns), "mono_ns": e.mono_ns}
                for e in live.edges
            ],
        }

    def _input(self, number: int, levels: Any, changed_ns: Any, used: dict[Any, Any]) -> dict[str, Any]:
        at_ns = changed_ns[number] if number < len(changed_ns) else None
        return {
            "input": number,
            "level": None if levels is None or number >= len(levels) else levels[number],
            "changed_at": None if at_ns is None else rfc3339(at_ns),
            "used_by": msgspec.to_builtins(used.get(("input", number), ())),
        }

    def _output(self, number: int, levels: Any, used: dict[Any, Any]) -> dict[str, Any]:
        return {
            "output": number,
            "level": None if levels is None or number >= len(levels) else levels[number],
            "used_by": msgspec.to_builtins(used.get(("output", number), ())),
        }

    def _beside(self, device: str) -> list[str]:
        """The other devices on its wire."""
        groups = [group for group in on_one_bus(self._configs()) if device in group]
        return [one for group in groups for one in group if one != device]

    # ---- frames

    def trace(self, params: dict[str, Any]) -> dict[str, Any]:
        """bench.trace"""
        asked = read(r.BenchTrace, params)
        config, driver = self._with_driver(asked.device)
        bus = self._bus_of(asked.device)
        if bus is None:
            return {"device": config.id, "run": 0, "change": 0, "frames": []}
        trace = bus.trace(config.id)
        trace.watch(driver.dissector(config.options))
        frames = trace.changed_after(asked.after)
        dissector = driver.dissector(config.options)
        last = max([frame.change for frame in frames], default=asked.after)
        shown = [_shown(frame, dissector) for frame in frames]
        return {"device": config.id, "run": trace.born_ns, "change": last, "frames": shown}

    def _with_driver(self, device: str) -> tuple[DeviceConfig, Driver]:
        config = self.config(device)
        return config, find(config.driver)

    # ---- cameras

    def message(self, params: dict[str, Any]) -> dict[str, Any]:
        """bench.message"""
        asked = read(r.BenchMessage, params)
        config = self.config(asked.device)
        self._messages.pop(config.id, None)
        self._messages[config.id] = (time.time_ns(), asked.text)
        if len(self._messages) > MESSAGES_MAX:
            self._messages.popitem(last=False)
        bus = self._bus_of(config.id)
        if bus is not None:
            bus.trace(config.id).heard(asked.text.encode())
        return {}

    def _message(self, device: str) -> dict[str, str] | None:
        at_ns, text = self._messages.get(device, (0, ""))
        return {"at": rfc3339(at_ns), "text": text} if at_ns else None

    # ---- cards

    def decode(self, params: dict[str, Any]) -> dict[str, Any]:
        """bench.decode"""
        asked = read(r.BenchDecode, params)
        config, driver = self._with_driver(asked.device)
        data = self._bytes(asked, config.id)
        dissector = driver.dissector(config.options)
        cards = [
            {"bits": card.count, "readings": [self._reading(one) for one in readings(card)]}
            for card in dissector.cards(data)
        ]
        words = dissector.explain("in", data)
        return {"device": config.id, "read_as": str(words.figures.get("number", "")), "cards": cards}

    def _bytes(self, asked: r.BenchDecode, device: str) -> bytes:
        if asked.data:
            try:
                return bytes.fromhex(asked.data)
            except ValueError:
                raise RequestError(f"data is {asked.data[:40]!r}; give bytes in hex") from None
        bus = self._bus_of(device)
        frame = None if bus is None else bus.trace(device).frame(asked.frame)
        if frame is None:
            raise NotFoundError(f"frame {asked.frame} of {device} is not kept any more; present the card again")
        return frame.data

    def _reading(self, one: Reading) -> dict[str, Any]:
        passes = self._registry.find("card", one.number, self._settings().site.card_bits)
        known = [{"id": found.id, "kind": found.kind.value} for found in passes]
        return {**msgspec.structs.asdict(one), "passes": known}


def _shown(frame: Frame, dissector: Dissector) -> dict[str, Any]:
    meaning = dissector.explain(frame.way, frame.data)
    return {
        "number": frame.number,
        "way": frame.way,
        "hex": frame.data.hex(" ").upper(),
        "size": frame.size,
        "at": rfc3339(frame.wall_ns),
        "mono_ns": frame.mono_ns,
        "times": frame.times,
        "last_at": rfc3339(frame.last_wall_ns),
        "kind": meaning.kind,
        "figures": meaning.figures,
        "words": meaning.words,
        "card": frame.way == "in" and bool(dissector.cards(frame.data)),
    }
