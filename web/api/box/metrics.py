"""`/metrics`: figures in Prometheus' text format, for a token with `metrics` or a program on this machine."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Response

from gateway.core.alarms.kinds import KINDS
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.rows import WatchSeen
from gateway.core.vocabulary.views import DeviceView, Snapshot
from web.api import engine
from web.people.auth import check_scope
from web.people.stations import is_local
from web.platform.services import Services, services

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[dict[str, Any], float]


class Page:
    """Collects metric families in the order in which they are added."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, name: str, kind: str, words: str, samples: Iterable[Sample]) -> None:
        """One family: `kind` is gauge or counter; a sample is its labels and its value."""
        self._lines += [f"# HELP gatehouse_{name} {words}", f"# TYPE gatehouse_{name} {kind}"]
        for labels, value in samples:
            text = ",".join(f'{key}="{_escape(str(label))}"' for key, label in labels.items())
            shown = f"{{{text}}}" if text else ""
            self._lines.append(f"gatehouse_{name}{shown} {value:.17g}")

    def one(self, name: str, kind: str, words: str, value: float) -> None:
        """A family of a single sample without labels."""
        self.add(name, kind, words, [({}, value)])

    def text(self) -> str:
        """The page."""
        return "\n".join(self._lines) + "\n"


def metrics() -> Response:
    """`GET /metrics`; answers with what it has, also without an engine (`gatehouse_engine_up 0`)."""
    if not is_local():
        check_scope("metrics")
    page = Page()
    held = services()
    for part in (_of_engine, _of_journal, _of_web):
        part(page, held)
    return Response(page.text(), content_type=CONTENT_TYPE)


def _of_engine(page: Page, _held: Services) -> None:
    try:
        snapshot = engine.state()
    except GatehouseError:
        page.one("engine_up", "gauge", "1 while the engine answers.", 0)
        return
    page.one("engine_up", "gauge", "1 while the engine answers.", 1)
    version = {"version": snapshot.gateway.version}
    page.add("info", "gauge", "What runs here.", [(version, 1)])
    degraded = snapshot.journal.degraded is not None
    page.one("journal_degraded", "gauge", "1 while rows wait in memory for the disk.", degraded)
    for part in (_lanes, _alarms, _repairs, _devices, _uplink):
        part(page, snapshot)


def _lanes(page: Page, snapshot: Snapshot) -> None:
    lanes = snapshot.lanes
    page.add(
        "lane_state", "gauge", "1 for the state that a lane is in.",
        [({"lane": lane.id, "state": lane.state}, 1) for lane in lanes],
    )  # fmt: skip
    page.add(
        "lane_age_seconds", "gauge", "Age of what is known of a lane.",
        [({"lane": lane.id}, (lane.age_ms or 0) / 1000) for lane in lanes],
    )  # fmt: skip


def _alarms(page: Page, snapshot: Snapshot) -> None:
    """Without the kinds that no screen at a lane shows: a program on the machine needs no token for this page."""
    counts: dict[tuple[str, int], int] = {}
    for alarm in snapshot.alarms:
        if alarm.kind in KINDS and KINDS[alarm.kind].desk_only:
            continue
        key = (alarm.kind, alarm.priority)
        counts[key] = counts.get(key, 0) + 1
    page.add(
        "alarms_open", "gauge", "Alarms that are not closed.",
        [({"kind": kind, "priority": level}, count) for (kind, level), count in counts.items()],
    )  # fmt: skip


def _repairs(page: Page, snapshot: Snapshot) -> None:
    page.one("repairs_open", "gauge", "Repair orders that are not confirmed.", snapshot.repairs.open)
    page.one("repairs_urgent", "gauge", "Those of them that are urgent.", snapshot.repairs.urgent)


def _devices(page: Page, snapshot: Snapshot) -> None:
    def each(value: Callable[[DeviceView], float]) -> list[Sample]:
        return [({"device": one.id, "driver": one.driver}, value(one)) for one in snapshot.devices]

    page.add(
        "device_online", "gauge", "1 while a device answers.",
        each(lambda one: one.state == "online"),
    )  # fmt: skip
    page.add("device_frames_total", "counter", "Frames received.", each(lambda one: one.frames))
    page.add("device_errors_total", "counter", "Failures on the wire.", each(lambda one: one.errors))


def _uplink(page: Page, snapshot: Snapshot) -> None:
    uplink = snapshot.uplink
    if not uplink.configured:
        return
    page.one("uplink_up", "gauge", "1 while central can be reached.", bool(uplink.up))
    page.one("uplink_waiting_events", "gauge", "Events that central does not have yet.", uplink.waiting)


def _of_journal(page: Page, held: Services) -> None:
    try:
        journal = held.readers.journal()
        first, last, used_bytes = journal.first_sequence(), journal.last_sequence(), journal.used_bytes()
        counters = held.readers.state().counters()
    except GatehouseError:
        return
    page.one("journal_sequence", "gauge", "Number of the newest row in the journal.", last)
    page.one("journal_first_sequence", "gauge", "Number of the oldest row that retention has left.", first)
    page.one("journal_used_bytes", "gauge", "What the journal's rows take up.", used_bytes)
    page.add(
        "events_total", "counter", "Rows in the journal by type, as far as they are counted.",
        [({"type": name}, count) for name, count in counters.items() if name != WatchSeen.type],
    )  # fmt: skip
    page.add(
        "http_consumer_behind_events", "gauge", "Events that an HTTP consumer has not confirmed.",
        [({"token": name}, last - done) for name, done in held.consumers.all(journal.lineage()).items()],
    )  # fmt: skip


def _of_web(page: Page, held: Services) -> None:
    page.one("streams_open", "gauge", "Streams and long polls being served.", held.streams.used)
    page.one("streams_most", "gauge", "The cap on these.", held.streams.limit)
    page.one("web_resident_bytes", "gauge", "Memory of the web process.", _resident_bytes())


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
