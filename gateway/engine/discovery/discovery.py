"""Starts, follows and ends the search for devices; nothing moves, and no port of a running device is opened."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from drivers.base import Health
from gateway.control import Responder
from gateway.core.settings.model import Device, Settings
from gateway.core.vocabulary.errors import BusyError
from gateway.engine.discovery import requests as r
from gateway.engine.socket.requests import read

log = logging.getLogger(__name__)

SEARCH_MAX_S = 240.0
"""A search that takes longer is ended: a driver of another package may hang."""
END_S = 2.0
LINES_MAX = 4_000
FOUND_MAX = 200
COMMAND = (sys.executable, "-m", "drivers.discovery.child")


class Search:
    """What is known of one search; guarded by the lock of `Discovery`."""

    def __init__(self, by: str, listen_s: float) -> None:
        self.by = by
        self.listen_s = listen_s
        self.began_s = time.monotonic()
        self.state = "running"
        self.detail = ""
        self.places: dict[str, dict[str, Any]] = {}
        self.found: list[dict[str, Any]] = []
        self.silent: list[dict[str, Any]] = []

    def take(self, line: dict[str, Any]) -> None:
        """One line of the child."""
        for where, user in (line.get("places") or {}).items():
            self.places[where] = {"where": where, "step": "used" if user else "waiting", "user": user, "speed": 0}
        if step := line.get("step"):
            self._step(step)
        self.silent += line.get("silent", [])
        if line.get("over"):
            self.state = "done"

    def _step(self, step: dict[str, Any]) -> None:
        place = self.places.get(step["where"])
        if step.get("found") and len(self.found) < FOUND_MAX:
            self.found.append(step["found"])
        elif place is not None:
            place.update(step=step["what"], speed=step.get("speed", 0))


class Discovery:
    """`handle` is called in the control thread; each search has a thread that follows its child process."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        health: Callable[[], Sequence[Health]],
        *,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Starts nothing."""
        self._settings = settings
        self._health = health
        self._command = command
        self._lock = threading.Lock()
        self._search: Search | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._free = threading.Event()
        """Set while no search runs."""
        self._ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "discover.start": self._start,
            "discover.state": self._state,
            "discover.stop": self._stop,
        }

    @property
    def ops(self) -> tuple[str, ...]:
        """The ops that are answered here."""
        return tuple(self._ops)

    def handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        """Answer at once; BusyError while a search runs."""
        respond.result(self._ops[op](params))

    def end(self, why: str) -> None:
        """End a search that runs: its ports are needed, or the engine stops. Waits shortly until they are free."""
        if self._kill(why):
            self._free.wait(END_S)

    def _kill(self, why: str) -> bool:
        """Never waits: the thread of the search does. False where none runs."""
        with self._lock:
            child, search = self._child, self._search
            if child is None or search is None:
                return False
            if search.state == "running":
                search.state, search.detail = "ended", why
            child.kill()
        return True

    def _start(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(r.DiscoverStart, params)
        settings = self._settings()
        request = {
            "ports": asked.ports,
            "addresses": asked.addresses,
            "used": {wire: device.id for device in settings.devices if (wire := wire_of(device))},
            "units": asked.units,
            "listen_s": asked.listen_s,
            "taken": [device.id for device in settings.devices],
        }
        with self._lock:
            if self._child is not None:
                raise BusyError("a search runs already; wait for its end, or stop it")
            self._search = search = Search(asked.by, asked.listen_s)
            self._free.clear()
            self._child = child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        log.info("%s searches for devices", asked.by)
        threading.Thread(target=self._follow, args=(child, search, request), name="discovery", daemon=True).start()
        return self._state({})

    def _state(self, params: dict[str, Any]) -> dict[str, Any]:
        read(r.DiscoverState, params)
        with self._lock:
            search = self._search
            if search is None:
                return {"state": "none", "places": [], "found": [], "silent": [], "used": []}
            return {
                "state": search.state if self._child is None else "running",
                "by": search.by,
                "detail": search.detail,
                "elapsed_ms": int((time.monotonic() - search.began_s) * 1000),
                "listen_s": search.listen_s,
                "places": [dict(one) for one in search.places.values()],
                "found": list(search.found),
                "silent": list(search.silent),
                "used": self._used(search),
            }

    def _stop(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(r.DiscoverStop, params)
        self._kill(f"{asked.by} stopped it")
        return self._state({})

    def _used(self, search: Search) -> list[dict[str, Any]]:
        """What the running buses hear at the places that they have."""
        health = {one.device: one for one in self._health()}
        wires = {place["user"]: where for where, place in search.places.items() if place["user"]}
        shared = {wire_of(device): device.id for device in self._settings().devices if device.id in wires}
        found = []
        for device in self._settings().devices:
            where = wires.get(device.id) or wires.get(shared.get(wire_of(device), ""))
            if where and (told := health.get(device.id)):
                known = {key: getattr(told, key) for key in ("state", "last_error", "frames", "errors")}
                found.append({"where": where, "device": device.id, "driver": device.driver, **known})
        return found

    def _follow(self, child: subprocess.Popen[bytes], search: Search, request: dict[str, Any]) -> None:
        timer = threading.Timer(SEARCH_MAX_S, self._kill, ("it took too long",))
        timer.daemon = True
        timer.start()
        try:
            self._read(child, search, request)
        except OSError as error:
            self._fail(search, str(error))
        except (ValueError, KeyError, TypeError):
            log.exception("the search for devices was not understood")
            self._fail(search, "the search was not understood; see the log")
        finally:
            timer.cancel()
            _end(child)
            with self._lock:
                self._child = None
                if search.state == "running":
                    search.state, search.detail = "failed", f"the search ended (exit code {child.returncode})"
            self._free.set()

    def _read(self, child: subprocess.Popen[bytes], search: Search, request: dict[str, Any]) -> None:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(msgspec.json.encode(request) + b"\n")
        child.stdin.flush()
        for _ in range(LINES_MAX):
            text = child.stdout.readline()
            if not text:
                return
            line = json.loads(text)
            if not isinstance(line, dict):
                raise ValueError("a line is no object")
            with self._lock:
                search.take(line)

    def _fail(self, search: Search, why: str) -> None:
        with self._lock:
            if search.state == "running":
                search.state, search.detail = "failed", why


def wire_of(device: Device) -> str:
    """The port or the address that a device is at, "" for none."""
    link = device.options.get("link")
    wire = link if isinstance(link, dict) else device.options
    if isinstance(wire.get("port"), str):
        return str(wire["port"])
    return f"{wire['host']}:{wire['port']}" if wire.get("host") and wire.get("port") else ""


def _end(child: subprocess.Popen[bytes]) -> None:
    """Wait for the child, which ends when its stdin is closed; else it is killed."""
    if child.stdin is not None:
        try:
            child.stdin.close()
        except OSError:
            pass
    try:
        child.wait(END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
