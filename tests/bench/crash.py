"""`crash_to_alarm`: from a torn-off arm to the broker's PUBACK of the alarm, in milliseconds, p99.

Time starts when the board has told the contact in its answer to a poll, so the poll's period is taken out; the debounce
time of the contact (30 ms in the site file's default, 0 here) is a setting and is taken out too. With a backlog: the
uplink connects with 100,000 rows to deliver, and the arm is torn off while the first of them are on their way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gateway.core.errors import NotFoundError, RefusedError
from tests.bench import subjects
from tests.bench.figures import Figure, Plan, percentile
from tests.bench.relay import Relay
from tests.bench.restart import fill_journal
from tests.bench.rig import Rig
from tests.support.mosquitto import Mosquitto


def measure(plan: Plan) -> list[Figure]:
    """Both figures; the rounds of both take turns."""
    folder = plan.folder("crash")
    rig = Rig(folder)
    rig.hurry()
    broker = Mosquitto(folder).start()
    relay = Relay(broker.port)
    idle: list[float] = []
    behind: list[float] = []
    try:
        gateway = subjects.make(folder, rig, 1_000, mqtt_port=relay.port)
        rows = plan.size(100_000, 2_000)
        fill_journal(gateway.directory, rows)
        with subjects.engine(gateway, rig):
            bench = _Bench(rig, gateway, relay)
            for number in range(plan.rounds):
                late, calm = bench.with_backlog(plan.size(6, 2)), bench.idle(plan.size(30, 3))
                behind.append(percentile(late, 99))
                idle.append(percentile(calm, 99))
                plan.say(f"  crash to alarm, round {number + 1}: {_words(calm)} idle, {_words(late)} behind rows")
    finally:
        rig.close()
        relay.stop()
        broker.stop()
    return [
        Figure.of("crash_to_alarm", idle, "<=50", unit="ms", note="p99, contact told to PUBACK, broker up"),
        Figure.of("crash_to_alarm_backlog", behind, "<=100", unit="ms", note=f"p99, with {rows} rows to deliver"),
    ]


def _words(samples: list[float]) -> str:
    return f"p50 {percentile(samples, 50):.1f} ms, p99 {percentile(samples, 99):.1f} ms"


class _Bench:
    """One lane that crashes again and again."""

    def __init__(self, rig: Rig, gateway: subjects.Gateway, relay: Relay) -> None:
        self.rig = rig
        self.gateway = gateway
        self.relay = relay
        self._requests = 0

    def idle(self, count: int) -> list[float]:
        """Everything has been delivered; milliseconds of each crash."""
        self._deliver()
        taken = [self.crash() for _ in range(count)]
        self.gateway.kill("uplink")
        return taken

    def with_backlog(self, count: int) -> list[float]:
        """A new consumer each time, that wants everything from the first row."""
        return [self._behind_rows() for _ in range(count)]

    def _behind_rows(self) -> float:
        self.gateway.directory.uplink.unlink(missing_ok=True)
        before = self.relay.events_seen
        self.gateway.start("uplink")
        self.rig.serve(lambda: self.relay.events_seen > before, 60, "the uplink sends nothing")
        taken = self.crash()
        self.gateway.kill("uplink")
        return taken

    def _deliver(self) -> None:
        self.gateway.start("uplink")
        self._until(lambda: self._uplink()["up"] and not self._uplink()["waiting"], "everything is delivered")

    def _uplink(self) -> dict[str, Any]:
        found: dict[str, Any] = self.gateway.state()["uplink"]
        return found

    def crash(self) -> float:
        """Tear the arm off, wait for the PUBACK, and mend it; milliseconds."""
        since = len(self.relay.acknowledged)
        self.rig.set(arm_detached=True)
        self.rig.serve(lambda: self.rig.told_ns, 60, "nobody polls")
        told_ns = self.rig.told_ns
        self.rig.serve(lambda: self.relay.alarm(b"crash", since), 60, "no alarm at the broker")
        acknowledged_ns = self.relay.alarm(b"crash", since) or 0
        self._mend()
        return (acknowledged_ns - told_ns) / 1e6

    def _mend(self) -> None:
        self.rig.set(arm_detached=False)
        self.rig.serve(lambda: self.rig.told_ns, 60, "nobody polls")
        self.rig.serve_for(0.1)
        self._until(self._reset, "the lane is reset and its alarm closed")

    def _reset(self) -> bool:
        self.gateway.command("in", "reset")
        for alarm in self.gateway.state()["alarms"]:
            if alarm["kind"] == "crash":
                self._alarm(alarm["alarm"], "acknowledge")
                self._alarm(alarm["alarm"], "verify", finding="real")
                self._alarm(alarm["alarm"], "close", finding="real")
        return not any(alarm["kind"] == "crash" for alarm in self.gateway.state()["alarms"])

    def _alarm(self, alarm: str, verb: str, **more: str) -> None:
        self._requests += 1
        request = f"bench-{time.monotonic_ns()}-{self._requests}"
        # A snapshot may still show an alarm that has been closed meanwhile.
        with suppress(NotFoundError, RefusedError):
            self.gateway.client.call("alarm.command", request=request, alarm=alarm, verb=verb, by="Lin", **more)

    def _until(self, holds: Callable[[], object], what: str) -> None:
        """Wait in another thread, since the rig must go on answering polls."""
        done = threading.Event()
        failed: list[BaseException] = []

        def wait() -> None:
            try:
                subjects.wait_for(holds, what, 50, every_s=0.02)
            except BaseException as error:
                failed.append(error)
            done.set()

        threading.Thread(target=wait, daemon=True).start()
        self.rig.serve(done.is_set, 60, what)
        if failed:
            raise failed[0]
