"""`gatehouse device watch`: what a device sends, what was made of it, and why not."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from gateway.cli.common import Arguments, client_of, data_path, wants_json

if TYPE_CHECKING:
    from gateway.control import Client

EVERY_S = 0.5


def watch(arguments: Arguments) -> int:
    """Follow the trace of a device until the time is over or Ctrl-C; looking keeps it alive."""
    client = client_of(data_path(arguments))
    ends_s = None if arguments.seconds is None else time.monotonic() + arguments.seconds
    shown = _Shown(wants_json(arguments))
    try:
        while ends_s is None or time.monotonic() < ends_s:
            shown.frames(client.call("bench.trace", device=arguments.id, after=shown.change))
            shown.health(_health(client, arguments.id))
            time.sleep(EVERY_S)
    except KeyboardInterrupt:
        pass
    return 0


def _health(client: Client, device: str) -> dict[str, Any]:
    devices: list[dict[str, Any]] = client.call("state").get("devices", [])
    return next((one for one in devices if one.get("id") == device), {})


class _Shown:
    """What was shown so far, so that each thing is shown once."""

    def __init__(self, as_json: bool) -> None:
        self.change = 0
        self._as_json = as_json
        self._health: tuple[Any, ...] = ()

    def frames(self, traced: dict[str, Any]) -> None:
        self.change = traced["change"]
        for frame in traced["frames"]:
            again = f"  ({frame['times']} times)" if frame["times"] > 1 else ""
            way = "<-" if frame["way"] == "in" else "->"
            self._line(frame, f"{frame['last_at']} {way} {frame['words']}{again}\n    {frame['hex']}")

    def health(self, health: dict[str, Any]) -> None:
        """The device's state, errors and last error, when they have changed."""
        known = (health.get("state"), health.get("errors"), health.get("last_error"))
        if health and known != self._health:
            self._health = known
            state, errors, words = known
            self._line({"health": health}, f"{state}, {errors} errors{f': {words}' if words else ''}")

    def _line(self, data: dict[str, Any], text: str) -> None:
        print(json.dumps(data, ensure_ascii=False) if self._as_json else text, flush=True)
