"""The sending thread: dials, sends, listens, and drops a connection that makes no progress.

A link is dropped if its dial takes too long, if messages are in flight and none is acknowledged for `Patience.ack_s`,
or if the broker refuses events. After a pause (`backoff`) a new link is made, and sending starts behind the last
acknowledged row. paho's keepalive watches an idle line.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from gateway import __version__
from gateway.core.settings.model import Broker
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.times import rfc3339
from gateway.uplink.central.commander import Commander
from gateway.uplink.central.commands import Letter, read
from gateway.uplink.central.cursors import Cursors, Position
from gateway.uplink.central.outbox import Outbox
from gateway.uplink.central.reporter import Report, Reporter
from gateway.uplink.central.states import States
from gateway.uplink.mailbox import ANSWERS_MAX, Mailbox, Waker
from gateway.uplink.mqtt.backoff import LASTED_S, Backoff
from gateway.uplink.mqtt.brokers import Brokers
from gateway.uplink.mqtt.connection import Link
from gateway.uplink.mqtt.messages import Outgoing, Status, Topics
from gateway.uplink.mqtt.session import RefusedByBrokerError, Session

_log = logging.getLogger(__name__)
# How often the journal is read without news from the engine.
POLL_S = 0.5
# How long events wait for the first snapshot, since alarms go ahead of them.
HEAR_S = 2.0
GOODBYE_S = 1.0
# How often the status is repeated with a newer head.
HEAD_EVERY_S = 600.0
LOOK_EVERY_S = 2.0


class Patience(msgspec.Struct, frozen=True):
    """How long to wait for CONNACK and for an acknowledgement, in seconds."""

    dial_s: float = 15.0
    ack_s: float = 10.0


class Desk(msgspec.Struct, frozen=True):
    """What the sending thread works with; made by `parts`."""

    topics: Topics
    consumer: str
    outbox: Outbox
    states: States
    cursors: Cursors
    commander: Commander
    reporter: Reporter
    mailbox: Mailbox
    waker: Waker
    brokers: Brokers
    new_link: Callable[[Broker], Link]
    head_at: Callable[[Position], str]
    key: str


class Uplink:
    """Runs in the thread that calls `run`; all its parts but the mailbox belong to that thread."""

    def __init__(
        self,
        desk: Desk,
        clock_s: Callable[[], float] = time.monotonic,
        patience: Patience | None = None,
    ) -> None:
        self._desk = desk
        self._clock_s = clock_s
        self._patience = patience or Patience()
        self._backoff = Backoff()
        self._link: Link | None = None
        self._session: Session | None = None
        self._since_s = 0.0
        self._dial_at_s = 0.0
        self._urgent: deque[Outgoing] = deque(maxlen=ANSWERS_MAX)
        self._up: bool | None = None
        self._reason = ""
        self._changed_at = rfc3339(time.time_ns())
        self._engine = False
        self._heard = False
        self._report_at_s = 0.0
        self._waiting = 0
        self._short_lived = 0
        self._shown: Position | None = None
        self._status_at_s = 0.0

    def run(self, stop: threading.Event, outdated: Callable[[], bool] = lambda: False) -> None:
        """Work until `stop` or until the settings or the journal are `outdated`, then disconnect in good order."""
        look_at_s = self._clock_s() + LOOK_EVERY_S
        try:
            while not stop.is_set():
                self.step()
                if self._clock_s() >= look_at_s:
                    look_at_s = self._clock_s() + LOOK_EVERY_S
                    if outdated():
                        return
        finally:
            self._say_goodbye()

    def step(self) -> None:
        """One turn: sleep until something happens, then deal with it."""
        now_s = self._clock_s()
        if self._link is None:
            self._wait_or_dial(now_s)
        else:
            self._link.poll(POLL_S)
        now_s = self._clock_s()
        self._read_mailbox()
        if self._link is not None:
            self._attend(self._link, now_s)
        self._desk.cursors.tick(now_s)
        self._report(now_s)

    # ---- the connection's life -----------------------------------------------------------------------------------

    def _wait_or_dial(self, now_s: float) -> None:
        wait_s = self._dial_at_s - now_s
        if wait_s > 0:
            self._desk.waker.wait(min(wait_s, POLL_S))
            return
        self._link = self._desk.new_link(self._desk.brokers.current)
        self._link.dial()
        self._since_s = now_s

    def _attend(self, link: Link, now_s: float) -> None:
        try:
            if link.up and self._session is None and not link.lost:
                self._open(link, now_s)
            if self._session is not None:
                self._exchange(link, self._session, now_s)
        except RefusedByBrokerError as error:
            link.abandon(str(error))
        self._supervise(link, now_s)
        if link.lost:
            self._drop(link, now_s)

    def _open(self, link: Link, now_s: float) -> None:
        desk = self._desk
        self._since_s = now_s
        self._set_state(True, "")
        self._urgent.appendleft(self._status(True))
        self._session = Session(link, desk.topics, desk.outbox, desk.states, self._urgent)
        topics = desk.topics
        asked = (topics.commands, topics.passes, topics.visits, topics.payments, topics.slips, topics.confirmed)
        link.subscribe(asked)
        _log.info("connected to the broker")

    def _exchange(self, link: Link, session: Session, now_s: float, events: bool = True) -> None:
        while link.acks:
            session.acknowledge(link.acks.popleft(), now_s)
        while link.incoming:
            message = link.incoming.popleft()
            order = read(message, self._desk.topics)
            if isinstance(order, Letter):
                self._desk.commander.submit(order)
            elif order is not None:
                self._urgent.append(order)
            else:
                link.done(message.number)
        self._desk.cursors.move(self._desk.consumer, self._desk.outbox.position)
        if now_s >= self._status_at_s and self._desk.outbox.position != self._shown:
            self._urgent.append(self._status(True))
        if not link.lost:
            session.fill(now_s, events and self._knows_alarms(now_s))

    def _knows_alarms(self, now_s: float) -> bool:
        """Whether the open alarms are known, which go ahead of events; after `HEAR_S` events go without."""
        return self._heard or now_s - self._since_s > HEAR_S

    def _supervise(self, link: Link, now_s: float) -> None:
        patience = self._patience
        if not link.up and now_s - self._since_s > patience.dial_s:
            link.abandon(f"the broker did not answer within {patience.dial_s:.0f} s")
        if self._session is not None and self._session.waiting_s(now_s) > patience.ack_s:
            link.abandon(f"the broker acknowledged nothing for {patience.ack_s:.0f} s")

    def _drop(self, link: Link, now_s: float) -> None:
        lasted_s = now_s - self._since_s if link.up else 0.0
        reason = self._why(link, lasted_s)
        wait_s = self._wait_s(lasted_s)
        self._dial_at_s = now_s + wait_s
        _log.warning("no link to the broker: %s; next attempt in %.1f s", reason, wait_s)
        link.abandon(reason)
        self._link = self._session = None
        self._desk.outbox.rewind()
        self._set_state(False, reason)

    def _wait_s(self, lasted_s: float) -> float:
        """The pause before the next attempt; none before the other brokers of the list are tried."""
        if lasted_s >= LASTED_S:
            self._desk.brokers.worked()
            return self._backoff.after(lasted_s)
        return self._backoff.after(lasted_s) if self._desk.brokers.failed() else 0.0

    def _why(self, link: Link, lasted_s: float) -> str:
        """The loss in words, with a likely cause if the broker gave none."""
        warning = self._session.warning if self._session is not None else ""
        self._short_lived = self._short_lived + 1 if link.broke_off and link.up and lasted_s < LASTED_S else 0
        if link.broke_off and warning:
            return f"{warning} ({link.lost})"
        if self._short_lived > 1:
            return f"{link.lost}, again and again: does another client use this gateway's id?"
        return link.lost

    def _say_goodbye(self) -> None:
        link, session = self._link, self._session
        if link is not None and session is not None and not link.lost:
            self._urgent.append(self._status(False))
            until_s = self._clock_s() + GOODBYE_S
            with suppress(RefusedByBrokerError):
                while not link.lost and self._clock_s() < until_s:
                    self._exchange(link, session, self._clock_s(), events=False)
                    if not session.under_way:
                        break
                    link.poll(0.05)
            link.leave()
        self._set_state(False, "the uplink was stopped")
        self._report(float("inf"))

    # ---- news from inside ----------------------------------------------------------------------------------------

    def _read_mailbox(self) -> None:
        mailbox = self._desk.mailbox
        self._urgent.extend(mailbox.take_answers())
        news, snapshot = mailbox.take_snapshot()
        if not news:
            return
        self._heard = True
        if snapshot is not None:
            self._desk.states.update(snapshot)
        if self._engine != (snapshot is not None):
            self._engine = snapshot is not None
            if self._session is not None:
                self._urgent.append(self._status(True))

    def _status(self, online: bool) -> Outgoing:
        position = self._desk.outbox.position
        self._shown, self._status_at_s = position, self._clock_s() + HEAD_EVERY_S
        status = Status(
            online=online,
            version=__version__,
            journal=self._desk.outbox.journal_id,
            engine=self._engine,
            since=self._changed_at,
            head=self._desk.head_at(position),
            key=self._desk.key,
        )
        return Outgoing(self._desk.topics.status, msgspec.json.encode(status), retain=True)

    def _set_state(self, up: bool, reason: str) -> None:
        if up != self._up:
            self._changed_at = rfc3339(time.time_ns())
        if (up, reason) != (self._up, self._reason):
            self._report_at_s = 0.0
        self._up, self._reason = up, reason

    def _report(self, now_s: float) -> None:
        if self._up is None or now_s < self._report_at_s:
            return
        self._report_at_s = now_s + 1.0
        reason = self._reason or (self._session.warning if self._session is not None else "")
        try:
            self._waiting = self._desk.outbox.waiting()
        except GatehouseError as error:
            reason = reason or str(error)
        self._desk.reporter.tell(Report(self._up, reason, self._waiting, self._changed_at))
