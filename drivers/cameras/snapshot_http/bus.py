"""The bus of a camera that serves a picture: fetches one when asked, looks now and then whether the camera is there.

Its thread waits for the camera and no other thread waits for it: a camera that hangs costs pictures and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable

from drivers.base import Health, PictureTaken, Report
from drivers.buses.outputless import OutputlessBus
from drivers.links.http_picture import HttpPicture
from drivers.watch import Watch
from gateway.core.vocabulary.errors import DeviceError

IDLE_S = 1.0
AGAIN_S = 5.0
"""A camera that did not answer is looked for so soon again; then as seldom as always."""


class SnapshotBus(OutputlessBus):
    """One camera. `look_s` 0: it is never asked but for a picture."""

    moves = False

    def __init__(self, key: Hashable, device: str, camera: HttpPicture, look_s: int, report: Report) -> None:
        super().__init__(report)
        self.key = key
        self.devices = (device,)
        self._camera = camera
        self._look_s = look_s
        self._watch = Watch(device, report)
        self._wanted = False
        self._stopping = False
        self._anew = False
        self._look_at_s = 0.0

    def health(self) -> list[Health]:
        return [self._watch.health]

    def take_picture(self, device: str) -> bool:  # noqa: ARG002
        self._wanted = True
        self._camera.wake()
        return True

    def tell_anew(self, devices: Collection[str]) -> bool:  # noqa: ARG002
        self._anew = True
        self._camera.wake()
        return True

    def stop(self) -> None:
        self._stopping = True
        self._camera.end()

    def run(self) -> None:
        try:
            while not self._stopping:
                self.turns += 1
                self._round()
        finally:
            self._camera.dispose()

    def _round(self) -> None:
        if self._anew:
            self._anew = False
            self._watch.tell_anew()
        wanted, self._wanted = self._wanted, False
        if wanted or time.monotonic() >= self._look_at_s:
            self._fetch(wanted)
        else:
            self._camera.wait(min(IDLE_S, max(0.0, self._look_at_s - time.monotonic())))

    def _fetch(self, wanted: bool) -> None:
        """Fetch a picture; one that was not wanted only shows that the camera is there."""
        started_s = time.monotonic()
        trace = self.trace(self.devices[0])
        trace.sent(f"{self._camera}\r\n".encode())
        try:
            data = self._camera.fetch()
        except DeviceError as error:
            if not self._stopping:
                self._watch.missed(str(error))
            self._look_at_s = self._next_s() if self._watch.lost else min(self._next_s(), time.monotonic() + AGAIN_S)
            return
        trace.heard(f"a picture of {len(data)} bytes\r\n".encode())
        self._watch.round_trip_us = round((time.monotonic() - started_s) * 1e6)
        self._look_at_s = self._next_s()
        if self._watch.known:
            self._watch.answered()
        else:
            self._watch.restored()
        if wanted:
            self._report(PictureTaken(self.devices[0], data))

    def _next_s(self) -> float:
        return time.monotonic() + self._look_s if self._look_s else float("inf")
