"""Builds the parts of the uplink, starts their threads and ends them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from gateway.control import Client
from gateway.core.settings.model import Mqtt
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.settings.signing_key import SigningKey
from gateway.uplink.central.commander import Commander
from gateway.uplink.central.cursors import Cursors
from gateway.uplink.central.feed import JournalFeed
from gateway.uplink.central.outbox import Outbox
from gateway.uplink.central.reporter import Reporter
from gateway.uplink.central.states import States
from gateway.uplink.mailbox import Mailbox, Waker
from gateway.uplink.mqtt.brokers import Brokers
from gateway.uplink.mqtt.connection import Link, Will
from gateway.uplink.mqtt.messages import Status, Topics
from gateway.uplink.mqtt.sender import Desk, Uplink
from gateway.uplink.watch import Watch

_log = logging.getLogger(__name__)
WAIT_S = 1.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Place(msgspec.Struct, frozen=True):
    """The files and the socket that the uplink uses; `key` signs heads of the journal."""

    journal: Path
    cursors: Path
    engine: Path
    key: Path


class Central(msgspec.Struct, frozen=True):
    """The brokers, and the ids of site and gateway there."""

    mqtt: Mqtt
    site: str
    gateway: str

    @property
    def consumer(self) -> str:
        """The name of the consumer, which owns the cursor."""
        return self.mqtt.consumer

    @property
    def client_id(self) -> str:
        """The id at the broker, which no other box may have."""
        return f"{self.site}-{self.gateway}"


def deliver(place: Place, central: Central, stop: threading.Event, changed: Callable[[], bool]) -> None:
    """Deliver until `stop`, until the settings have `changed` or until the journal is replaced.

    Waits for the journal at first; needs neither engine nor broker.
    """
    key = SigningKey(place.key, makes=True)
    feed = _wait_for_journal(place.journal, key, stop, changed)
    if feed is None:
        return
    try:
        with open_desk(place, central, feed) as desk:
            Uplink(desk).run(stop, lambda: changed() or feed.replaced())
    finally:
        feed.close()


def _wait_for_journal(
    path: Path, key: SigningKey, stop: threading.Event, changed: Callable[[], bool]
) -> JournalFeed | None:
    """The journal as soon as it is readable: the engine may have to make it or migrate it first."""
    said = ""
    while not stop.is_set() and not changed():
        try:
            return JournalFeed(path, _boot_id(), sign=key.signed)
        except GatehouseError as error:
            if str(error) != said:
                said = str(error)
                _log.warning("waiting for the journal: %s", said)
            stop.wait(WAIT_S)
    return None


@contextmanager
def open_desk(place: Place, central: Central, feed: JournalFeed) -> Iterator[Desk]:
    """All parts with their threads running; the end of the block stops and closes them."""
    engine = Client(place.engine)
    waker = Waker()
    mailbox = Mailbox(waker)
    cursors = Cursors(place.cursors, feed.head_at)
    cursors.adopt(central.consumer)
    topics = Topics.of(central.site, central.gateway)
    watch = Watch(engine, mailbox)
    commander = Commander(engine, place.cursors, mailbox.put_answer, feed)
    reporter = Reporter(engine)
    will = Will(topics.status, msgspec.json.encode(Status(online=False)))
    threads = (watch, commander, reporter)
    for thread in threads:
        thread.start()
    try:
        yield Desk(
            topics=topics,
            consumer=central.consumer,
            outbox=Outbox(feed, cursors.get(central.consumer)),
            states=States(topics, cursors, central.consumer),
            cursors=cursors,
            commander=commander,
            reporter=reporter,
            mailbox=mailbox,
            waker=waker,
            brokers=Brokers(central.mqtt.each()),
            new_link=partial(Link, client_id=central.client_id, will=will, waker=waker),
            head_at=feed.head_at,
            key=_public(SigningKey(place.key, makes=True)),
        )
    finally:
        for thread in threads:
            thread.stop()
        cursors.close()
        waker.close()


def _boot_id() -> str:
    """The boot id as in the journal; empty where the kernel has none: then all rows count as historical."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def _public(key: SigningKey) -> str:
    """The public key as text, empty while it cannot be read."""
    try:
        return str(key.public)
    except GatehouseError:
        return ""
