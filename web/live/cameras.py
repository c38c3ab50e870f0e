"""Pictures of cameras: the last of each that pushes, in memory for the installer's bench, and kept ones as answers."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from flask import Response

from gateway.core.plates.last_message import Looked
from gateway.store.media.pictures import Picture
from web.platform.problems import Problem

CAMERAS_MAX = 16
PICTURES_MAX = 4_000_000
"""Characters of all pictures together; the oldest go first."""
KEPT_S = 600.0
_TYPES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def answer_with(found: Picture | None) -> Response:
    """A kept picture as it is; Problem 404 when it was deleted, or there is none."""
    try:
        data = found.path.read_bytes() if found is not None else None
    except FileNotFoundError:
        data = None
    if found is None or data is None:
        raise Problem(404, "not_found", "There is no such picture; it was deleted, or never was.")
    return Response(data, content_type=found.kind, headers={"Cache-Control": "no-store"})


class LastPicture(msgspec.Struct, frozen=True):
    """A picture in base64, and when it came."""

    picture: str
    mono_s: float
    mark: str


class Cameras:
    """Thread-safe."""

    def __init__(self, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._lock = threading.Lock()
        self._last: OrderedDict[str, LastPicture] = OrderedDict()

    def keep(self, device: str, looked: Looked) -> None:
        """A message has come; one without a picture leaves the last picture."""
        if not looked.picture:
            return
        now_s = self._mono_s()
        with self._lock:
            self._last.pop(device, None)
            self._last[device] = LastPicture(looked.picture, now_s, f"{now_s:.3f}")
            while len(self._last) > CAMERAS_MAX or sum(len(one.picture) for one in self._last.values()) > PICTURES_MAX:
                self._last.popitem(last=False)

    def mark(self, device: str) -> str:
        """Changes with each picture; empty without one."""
        found = self._of(device)
        return found.mark if found is not None else ""

    def picture(self, device: str) -> tuple[bytes, str] | None:
        """The last picture and its type; None without one, and for what is no picture."""
        found = self._of(device)
        if found is None:
            return None
        try:
            data = base64.b64decode(found.picture, validate=False)
        except (binascii.Error, ValueError):
            return None
        kind = next((kind for start, kind in _TYPES if data.startswith(start)), None)
        return None if kind is None else (data, kind)

    def _of(self, device: str) -> LastPicture | None:
        with self._lock:
            found = self._last.get(device)
            if found is not None and self._mono_s() - found.mono_s > KEPT_S:
                del self._last[device]
                return None
            return found
