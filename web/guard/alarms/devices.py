"""What a device is called on a screen, and which devices hang on one cable; read from the site file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.vocabulary.views import DeviceView
from web.words.texts import Words

_PLACES = (("readers", "reader"), ("cameras", "camera"), ("displays", "display"))
_KINDS = (*(kind for _, kind in _PLACES), "board")


class Devices:
    """The devices of a site file, and of a snapshot, which may know a newer name."""

    def __init__(self, said: Words, document: Mapping[str, Any], known: Sequence[DeviceView] = ()) -> None:
        self._said = said
        self._names = {one.id: one.name for one in known}
        self._devices = {str(one.get("id")): one for one in document.get("devices") or []}
        self._used: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        barriers = {one.get("id"): one for one in document.get("barriers") or []}
        for lane in document.get("lanes") or []:
            name = str(lane.get("name") or lane.get("id"))
            for key, kind in _PLACES:
                for device in lane.get(key) or []:
                    self._used[str(device)][kind].append(name)
            barrier = lane.get("barrier")
            for device in {*_points(barriers.get(barrier) if isinstance(barrier, str) else barrier)}:
                self._used[device]["board"].append(name)

    def name(self, device: str) -> str:
        """Its name; of one without a name what it is and for which lanes, and its id where that is not known."""
        given = self._devices.get(device, {}).get("name") or self._names.get(device)
        used = self._used.get(device)
        if (given and given != device) or not used:
            return str(given or device)
        kind = next(one for one in _KINDS if one in used)
        return self._said(f"device.{kind}", lanes=self._said.listed(used[kind]))

    def cable(self, device: str) -> str:
        """The same for devices that one cut cable takes away; a device on a cable of its own is its own."""
        link = self._devices.get(device, {}).get("link")
        return msgspec.json.encode(link, order="deterministic").decode() if link else device


def _points(found: Any) -> Iterator[str]:
    """The devices of all points in a part of the site file."""
    if isinstance(found, str) and found.count(".") >= 2:
        yield found.split(".")[0]
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from _points(value)
    elif isinstance(found, list):
        for value in found:
            yield from _points(value)
