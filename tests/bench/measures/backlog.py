"""`backlog_drain`: events a second from the journal to a real broker, against paho one event a message.

The product part is the uplink as it runs on a gateway: journal on disk, cursor in `uplink.db`, window, PUBACK
accounting. What is left out is only the start of its process. Each round is a new consumer that wants the journal from
its first row.
"""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

from gateway.core.settings.model import Mqtt
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.uplink.central.feed import JournalFeed
from gateway.uplink.mqtt.sender import Uplink
from gateway.uplink.parts import Central, Place, open_desk
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, take_turns
from tests.bench.floors.paho import messages_per_second
from tests.bench.targets import TARGETS
from tests.support.mosquitto import Mosquitto

_SITE = "bench"
_PATIENCE_S = 120.0


def measure(plan: Plan) -> list[Figure]:
    """One figure; the broker and the journal live on through all rounds."""
    folder = plan.folder("backlog")
    rows = plan.size(1_000_000, 2_000)
    payload = _fill(folder / "journal.db", rows)
    messages = plan.size(30_000, 500)
    numbers = count(1)
    broker = Mosquitto(folder).start()
    try:
        ratios = take_turns(
            plan,
            lambda: drained_per_second(folder, broker.port, f"gw{next(numbers)}", rows),
            lambda: messages_per_second(broker.port, "gatehouse/bench/floor/events", payload, messages),
            "journal to broker",
        )
    finally:
        broker.stop()
    note = f"events/s of {len(payload)} bytes against paho, one a message, 20 in flight"
    return [Figure.of("backlog_drain", ratios, TARGETS["backlog_drain"], note=note)]


def drained_per_second(folder: Path, port: int, gateway: str, rows: int) -> float:
    """Events a second from the first dial until the cursor stands at the last row."""
    place = Place(folder / "journal.db", folder / "uplink.db", folder / "no-engine.sock", folder / "journal-key.pem")
    feed = JournalFeed(place.journal, "bench")
    try:
        with open_desk(place, Central(Mqtt("127.0.0.1", port), _SITE, gateway), feed) as desk:
            uplink = Uplink(desk)
            started_s = time.perf_counter()
            while desk.outbox.position.sequence < rows:
                uplink.step()
                if time.perf_counter() - started_s > _PATIENCE_S:
                    raise RuntimeError(f"only {desk.outbox.position.sequence} of {rows} rows arrived")
            return rows / (time.perf_counter() - started_s)
    finally:
        feed.close()


def _fill(path: Path, rows: int) -> bytes:
    """A journal of so many grants, from a boot before this one; the text of its last row."""
    journal = Journal.create(path, source=f"/sites/{_SITE}/gateways/gw1", boot_id="earlier")
    data = {
        "lane": "in",
        "direction": "entry",
        "credential": {"kind": "card", "value": "472288"},
        "pass": "p000472288",
        "kind": "monthly",
        "days_left": 42,
        "reason": "valid_pass",
        "decided_by": "gateway",
    }
    row = Row("access.granted", "lanes/in", data, time.time_ns(), time.monotonic_ns())
    for start in range(0, rows, 500):
        journal.append([row] * min(500, rows - start))
    journal.close()
    reader = JournalReader(path)
    (last,) = reader.page(rows - 1, 1)
    reader.close()
    settle(path.parent)
    return last.text.encode()
