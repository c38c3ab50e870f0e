"""The ops of the control socket, and the part that carries out each.

`handle` runs in the control thread. Ops that only read memory are answered here, ops that move something go to the
desk, ops that write go to the clerk.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from drivers.base import Bus
from gateway import __version__
from gateway.control import Responder
from gateway.core.people.texts import on_one_line, unprintable
from gateway.core.plates.plates import is_none, normalise
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import NotFoundError, RefusedError, RequestError
from gateway.core.vocabulary.events import CardAwaited, CredentialRead, LaneChosen, UplinkChanged
from gateway.core.vocabulary.views import UplinkView
from gateway.engine.bench.bench import Bench
from gateway.engine.core_thread.inbox import Inbox
from gateway.engine.discovery.discovery import Discovery
from gateway.engine.printing.ops import Printing
from gateway.engine.settings.changes import Changes
from gateway.engine.socket import requests as r
from gateway.engine.socket.clerk import Clerk
from gateway.engine.socket.desk import Desk
from gateway.engine.socket.publisher import Publisher
from gateway.engine.visits.requests import VisitPay, VisitValidate, VisitWaive
from gateway.store.times import rfc3339

Op = Callable[[dict[str, Any], Responder], None]
VALUE_MAX = 256
"""Characters of a credential from a camera or the demo."""


class Handlers:
    """The table of ops."""

    def __init__(
        self,
        settings: Settings,
        *,
        journal_id: str,
        inbox: Inbox,
        publisher: Publisher,
        desk: Desk,
        clerk: Clerk,
        changes: Changes,
        bench: Bench,
        printing: Printing,
        discovery: Discovery,
        missing: Callable[[], list[str]],
        wall_ns: Callable[[], int],
        bus_of: Callable[[str], Bus | None],
    ) -> None:
        self._bus_of = bus_of
        self.settings_changed(settings)
        self._journal_id = journal_id
        self._inbox = inbox
        self._publisher = publisher
        self._clerk = clerk
        self._changes = changes
        self._bench = bench
        self._printing = printing
        self._discovery = discovery
        self._missing = missing
        self._wall_ns = wall_ns
        self._ops: dict[str, Op] = {
            "ping": self._ping,
            "state": self._state,
            "watch": self._watch,
            "lane.command": desk.lane_command,
            "lane.choose": self._lane_choose,
            "stay.command": partial(clerk.stay_command, desk.stay_command),
            "lane.await_card": self._await_card,
            "alarm.command": desk.alarm_command,
            "repair.command": desk.repair_command,
            "visit.command": desk.visit_command,
            "visit.picture": desk.visit_picture,
            "acceptance.act": desk.acceptance_act,
            "acceptance.look": desk.acceptance_look,
            "visits.pay": partial(desk.money, VisitPay),
            "visits.validate": partial(desk.money, VisitValidate),
            "visits.waive": partial(desk.money, VisitWaive),
            "passes.import": clerk.import_file,
            "uplink.report": self._uplink_report,
            "credential": self._credential,
            "device.link": self._device_link,
            "media.take": self._take_picture,
        }

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on; from any thread."""
        self._gateway_id = settings.gateway.id
        self._settings = settings
        self._devices = {device.id for device in settings.devices}

    def handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        """Answer a request or pass it on; an exception is its answer."""
        taken = self._ops.get(op)
        if taken is not None:
            taken(params, respond)
        elif op in self._clerk.ops:
            self._clerk.handle(op, params, respond)
        elif op in self._changes.ops:
            self._changes.handle(op, params, respond)
        elif op in self._bench.ops:
            self._bench.handle(op, params, respond)
        elif op in self._printing.ops:
            self._printing.handle(op, params, respond)
        elif op in self._discovery.ops:
            self._discovery.handle(op, params, respond)
        else:
            rooms = (self._clerk.ops, self._changes.ops, self._bench.ops, self._printing.ops, self._discovery.ops)
            known = ", ".join(sorted((*self._ops, *(name for ops in rooms for name in ops))))
            raise RequestError(f"there is no op {op!r}; known here: {known}")

    def _ping(self, _params: dict[str, Any], respond: Responder) -> None:
        missing = self._missing()
        respond.result(
            {
                "pid": os.getpid(),
                "version": __version__,
                "gateway": self._gateway_id,
                "journal": self._journal_id,
                "ready": not missing,
                "missing": missing,
            }
        )

    def _state(self, _params: dict[str, Any], respond: Responder) -> None:
        respond.result(self._publisher.compose())

    def _watch(self, _params: dict[str, Any], respond: Responder) -> None:
        self._publisher.watch(respond)

    def _uplink_report(self, params: dict[str, Any], respond: Responder) -> None:
        """Show each report; pass it to the core if the link goes up or down."""
        asked = r.read(r.UplinkReport, params)
        reason = on_one_line(asked.reason)
        before = self._publisher.uplink
        changed = before.up is not asked.up
        if changed and not self._goes_on_well(before, asked):
            self._inbox.admit()
            self._inbox.put(UplinkChanged(asked.up, reason))
        since = asked.since or (rfc3339(self._wall_ns()) if changed else before.since)
        self._publisher.uplink = msgspec.structs.replace(
            before, up=asked.up, since=since, waiting=asked.waiting, reason=reason
        )
        self._publisher.refresh()
        respond.result({})

    def _goes_on_well(self, before: UplinkView, asked: r.UplinkReport) -> bool:
        """Whether the first report of a run is good and no alarm is open: then nothing has changed."""
        return before.up is None and asked.up and not self._publisher.has_alarm("uplink_lost")

    def _lane_choose(self, params: dict[str, Any], respond: Responder) -> None:
        """Note the lane that is chosen on a booth's screen; reads at its desk reader are for that lane."""
        asked = r.read(r.LaneChoose, params)
        station = self._settings.station(asked.station)
        if station is None:
            raise NotFoundError(f"there is no station {asked.station!r}")
        if self._settings.lane(asked.lane) is None or not station.stands_at(asked.lane):
            raise NotFoundError(f"station {asked.station!r} has no lane {asked.lane!r}")
        self._inbox.admit()
        self._inbox.put(LaneChosen(station.id, asked.lane))
        respond.result({})

    def _await_card(self, params: dict[str, Any], respond: Responder) -> None:
        """A booth's screen waits for a card from the pile at one of its lanes."""
        asked = r.read(r.CardAwait, params)
        station = self._settings.station(asked.station)
        if station is None:
            raise NotFoundError(f"there is no station {asked.station!r}")
        if asked.lane and (self._settings.lane(asked.lane) is None or not station.stands_at(asked.lane)):
            raise NotFoundError(f"station {asked.station!r} has no lane {asked.lane!r}")
        self._inbox.admit()
        self._inbox.put(CardAwaited(station.id, asked.lane, asked.by))
        respond.result({})

    def _device_link(self, params: dict[str, Any], respond: Responder) -> None:
        asked = r.read(r.DeviceLink, params)
        bus = self._bus_of(asked.device)
        if bus is None or not bus.link(asked.device, asked.up, on_one_line(asked.words)):
            raise NotFoundError(f"there is no device {asked.device!r} that another process keeps a link to")
        respond.result({})

    def _take_picture(self, params: dict[str, Any], respond: Responder) -> None:
        asked = r.read(r.MediaTake, params)
        bus = self._bus_of(asked.device)
        if bus is None:
            raise NotFoundError(f"there is no device {asked.device!r}")
        if not bus.take_picture(asked.device):
            raise RefusedError(f"{asked.device} serves no picture; only snapshot-http cameras are asked for one")
        respond.result({})

    def _credential(self, params: dict[str, Any], respond: Responder) -> None:
        asked = r.read(r.CredentialSeen, params)
        if asked.device not in self._devices:
            raise NotFoundError(f"there is no device {asked.device!r}")
        if len(asked.value) > VALUE_MAX:
            raise RequestError(f"value has {len(asked.value)} characters; give 1 to {VALUE_MAX}")
        value = on_one_line(asked.value) if asked.kind == "plate" else asked.value
        if wrong := unprintable(value):
            raise RequestError(f"value {wrong}")
        self._inbox.admit()
        bus = self._bus_of(asked.device)
        if bus is not None and (trace := bus.trace(asked.device)).on and asked.kind == "plate":
            trace.heard(_made(asked).encode())
        read = (asked.kind, value, asked.confidence, asked.age_ms, on_one_line(asked.wrong))
        if bus is None or not bus.push(asked.device, *read):
            if not value:
                raise RequestError(f"value has 0 characters; give 1 to {VALUE_MAX}")
            if asked.kind == "plate" and is_none(normalise(value)):
                raise RequestError(f"value is {value!r}, which says that there is no plate")
            age_ms = max(0, asked.age_ms or 0)
            self._inbox.put(CredentialRead(asked.device, asked.kind, value, age_ms=age_ms))
        respond.result({})


def _made(asked: r.CredentialSeen) -> str:
    """What was made of a camera's message, and why not, for a person who watches the device."""
    sure = "" if asked.confidence < 0 else f", {asked.confidence:g} %"
    made = f"plate {asked.value}{sure}" if asked.value else "no plate"
    return on_one_line(f"{made} ({asked.wrong})" if asked.wrong else made)
