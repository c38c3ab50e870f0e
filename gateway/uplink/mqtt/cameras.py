"""Number-plate cameras that publish to a broker. Each has its own connection and thread, apart from central's.

A message becomes a read of its device, or is dropped: a retained message (its age is unknown), one that came while the
engine was away, and one without a plate open nothing. If this process was delayed, its messages count as that much
older. The state of the connection is reported to the engine every few seconds and shows in the health of the device.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from gateway.control import Client
from gateway.core.plates.bodies import look_at_body, read_body
from gateway.core.plates.messages import PlateMapping, PlateSeen, find_plates
from gateway.core.plates.profiles import mapping_of
from gateway.core.settings.model import PLATE_MQTT, Broker, Settings
from gateway.core.vocabulary.errors import GatehouseError, PassError
from gateway.uplink.mailbox import Waker
from gateway.uplink.mqtt.backoff import Backoff
from gateway.uplink.mqtt.connection import Link
from gateway.uplink.mqtt.messages import Incoming

_log = logging.getLogger(__name__)
BYTES_MAX = 4 * 1024 * 1024
"""Of one message, with its picture; the broker drops larger ones."""
POLL_S = 0.5
DIAL_S = 15.0
TELL_EVERY_S = 5.0
SHOW_EVERY_S = 1.0
ASK_S = 1.0
HELD_UP_S = 1.0
"""A shorter delay is normal on this machine and is not reported."""


class Camera(msgspec.Struct, frozen=True):
    """A camera: its topic (may have wildcards), its broker, the paths in its JSON, and the site's time zone."""

    device: str
    topic: str
    broker: Broker
    mapping: PlateMapping
    client_id: str
    zone: tzinfo = UTC


def cameras_of(settings: Settings) -> tuple[Camera, ...]:
    """The cameras of a site that publish to a broker."""
    return tuple(
        Camera(
            device.id,
            str(device.options["topic"]),
            msgspec.convert(device.options["broker"], Broker),
            mapping_of(device.options),
            f"{settings.site.id}-{settings.gateway.id}-{device.id}",
            settings.zone,
        )
        for device in settings.devices
        if device.driver == PLATE_MQTT
    )


@contextmanager
def listening(cameras: Sequence[Camera], engine: Path) -> Iterator[None]:
    """Listen to all cameras within the block."""
    listeners = [Listener(camera, Client(engine)) for camera in cameras]
    for listener in listeners:
        listener.start()
    try:
        yield
    finally:
        for listener in listeners:
            listener.stop()


class Listener(threading.Thread):
    """One camera: connects, subscribes and passes plates on until `stop`."""

    def __init__(self, camera: Camera, engine: Client) -> None:
        super().__init__(name=f"camera {camera.device}", daemon=True)
        self._camera = camera
        self._engine = engine
        self._waker = Waker()
        self._stopping = threading.Event()
        self._backoff = Backoff()
        self._trouble: str | None = None
        """What is wrong with the connection, in words; empty: nothing; None until the first dial has ended."""
        self._warning = ""
        self._tell_at_s = 0.0
        self._show_at_s = 0.0
        self._polled_s = 0.0
        self._held_up_ms = 0
        """How long a message that is read now may have waited for this thread."""

    def stop(self) -> None:
        """End within a moment."""
        self._stopping.set()
        self._waker.wake()
        self.join(2 * POLL_S + ASK_S)

    def run(self) -> None:
        """See `threading.Thread.run`."""
        while not self._stopping.is_set():
            lasted_s = self._listen()
            until_s = time.monotonic() + self._backoff.after(lasted_s)
            while not self._stopping.is_set() and time.monotonic() < until_s:
                self._tell()
                self._waker.wait(POLL_S)
        self._waker.close()

    def _listen(self) -> float:
        """One connection from dial to loss; returns how long it was up, in seconds."""
        camera = self._camera
        link = Link(camera.broker, camera.client_id, None, self._waker, BYTES_MAX)
        dialled_s, up_s = time.monotonic(), 0.0
        link.dial()
        self._polled_s = time.monotonic()
        while not self._stopping.is_set() and not link.lost:
            link.poll(POLL_S)
            self._note_delay(time.monotonic())
            if link.up and not up_s:
                up_s = time.monotonic()
                link.subscribe([camera.topic])
                self._say("")
            elif not link.up and time.monotonic() - dialled_s > DIAL_S:
                link.abandon(f"the broker did not answer within {DIAL_S:.0f} s")
            self._attend(link)
        if link.lost:
            self._say(f"no link to the broker {camera.broker.host}:{camera.broker.port}: {link.lost}")
        else:
            link.leave()
        return time.monotonic() - up_s if up_s else 0.0

    def _note_delay(self, now_s: float) -> None:
        """A call much later than `POLL_S` after the last one means that messages have waited in the socket."""
        held_up_s = now_s - self._polled_s - POLL_S
        self._held_up_ms = round(held_up_s * 1000) if held_up_s > HELD_UP_S else 0
        self._polled_s = now_s

    def _attend(self, link: Link) -> None:
        while link.warnings:
            self._warning = f"{link.warnings.popleft()}; check `topic` and the broker's rights"
            self._tell_at_s = 0.0
        while link.incoming:
            message = link.incoming.popleft()
            link.done(message.number)
            self._take(message)
        self._tell()

    def _take(self, message: Incoming) -> None:
        try:
            for seen in self._seen(message):
                self._ask("credential", **seen.request())
        except PassError as error:
            self._nothing(message, error)
            self._count(f"a message cannot be read: {error}")
        except GatehouseError as error:
            self._nothing(message, error)
        self._show(message)

    def _show(self, message: Incoming) -> None:
        """To the installer's bench, now and then, whether the message counts or not."""
        if time.monotonic() < self._show_at_s:
            return
        self._show_at_s = time.monotonic() + SHOW_EVERY_S
        looked = look_at_body(message.payload)
        try:
            self._ask("bench.message", text=looked.text)
            if looked.picture:
                self._ask("media.keep", picture=looked.picture)
        except GatehouseError as error:
            _log.debug("%s: its message was not shown: %s", self._camera.device, error)

    def _nothing(self, message: Incoming, error: GatehouseError) -> None:
        _log.warning("%s: a message on %s counts for nothing: %s", self._camera.device, message.topic, error)
        self._warn(str(error))

    def _count(self, words: str) -> None:
        """A message that cannot be read is an error of the device."""
        try:
            self._ask("credential", **PlateSeen("", 0.0, wrong=words).request())
        except GatehouseError as error:
            _log.debug("%s: the engine was not told: %s", self._camera.device, error)

    def _seen(self, message: Incoming) -> list[PlateSeen]:
        """The plates in a message; PassError if it cannot be read."""
        if message.retained:
            self._warn("it publishes retained messages, which count for nothing; switch `retain` off in the camera")
            return []
        self._warn("")
        document = read_body(message.payload).document
        found = find_plates(document, self._camera.mapping, time.time_ns(), self._camera.zone)
        return [seen.at_least(self._held_up_ms) for seen in found]

    # ---- telling the engine ----------------------------------------------------------------------------------------

    def _warn(self, words: str) -> None:
        if words != self._warning:
            self._warning, self._tell_at_s = words, 0.0

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            _log.info("%s: %s", self._camera.device, trouble or "connected to its broker")
        self._trouble, self._warning, self._tell_at_s = trouble, "", 0.0

    def _tell(self) -> None:
        if self._trouble is None or time.monotonic() < self._tell_at_s:
            return
        self._tell_at_s = time.monotonic() + TELL_EVERY_S
        try:
            self._ask("device.link", up=not self._trouble, words=self._trouble or self._warning)
        except GatehouseError as error:
            _log.debug("%s: the engine was not told: %s", self._camera.device, error)

    def _ask(self, op: str, **params: Any) -> None:
        self._engine.call(op, timeout_s=ASK_S, device=self._camera.device, **params)
