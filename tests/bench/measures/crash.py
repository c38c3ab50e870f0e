"""`crash_to_alarm`: from a torn-off arm to the broker's PUBACK of the alarm, in milliseconds, p99.

Time starts when the board has told the contact in its answer to a poll, so the poll's period is taken out; the debounce
time of the contact (30 ms in the site file's default, 0 here) is a setting and is taken out too. It ends with the first
PUBACK of an alarm that the broker had not heard of: later messages of an earlier alarm, as that it was closed, do not
count. With a backlog: the uplink connects with 100,000 rows to deliver, and the arm is torn off while the first of them
are on their way; an alarm counts only when rows still followed it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from tests.bench import subjects
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, Pool, percentile
from tests.bench.measures.restart import fill_journal
from tests.bench.parts.relay import Relay
from tests.bench.rig import Rig
from tests.bench.targets import TARGETS
from tests.support.mosquitto import Mosquitto

TRIES = 3


def measure(plan: Plan) -> list[Figure]:
    """Both figures; the rounds of both take turns."""
    folder = plan.folder("crash")
    rig = Rig(folder)
    rig.hurry()
    broker = Mosquitto(folder).start()
    relay = Relay(broker.port, folder)
    idle, behind = Pool(), Pool()
    try:
        gateway = subjects.make(folder, rig, 1_000, mqtt_port=relay.port)
        rows = plan.size(100_000, 20_000)
        fill_journal(gateway.directory, rows)
        with subjects.engine(gateway, rig):
            bench = _Bench(rig, gateway, relay)
            for number in range(plan.rounds):
                settle(folder)
                late = bench.with_backlog(plan.share(100, 2))
                settle(folder)
                calm = bench.idle(plan.share(200, 3))
                behind.add(late)
                idle.add(calm)
                plan.say(f"  crash to alarm, round {number + 1}: {_words(calm)} idle, {_words(late)} behind rows")
    finally:
        rig.close()
        relay.stop()
        broker.stop()
    note = "p99, contact told to PUBACK, poll and debounce taken out"
    if bench.repeated:
        behind_note = f"{note}, with {rows} rows to deliver; {bench.repeated} repeated, since the rows had run out"
    else:
        behind_note = f"{note}, with {rows} rows to deliver"
    return [
        Figure.pooled("crash_to_alarm", idle, 99, TARGETS["crash_to_alarm"], unit="ms", note=note),
        Figure.pooled(
            "crash_to_alarm_backlog", behind, 99, TARGETS["crash_to_alarm_backlog"], unit="ms", note=behind_note
        ),
    ]


def _words(samples: list[float]) -> str:
    return f"p50 {percentile(samples, 50):.1f} ms, p99 {percentile(samples, 99):.1f} ms"


class _Bench:
    """One lane that crashes again and again."""

    def __init__(self, rig: Rig, gateway: subjects.Gateway, relay: Relay) -> None:
        self.rig = rig
        self.gateway = gateway
        self.relay = relay
        self.repeated = 0
        self._requests = 0

    def idle(self, count: int) -> list[float]:
        """Everything has been delivered; milliseconds of each crash."""
        self._deliver()
        taken = [self._crash() for _ in range(count)]
        self.gateway.kill("uplink")
        return taken

    def with_backlog(self, count: int) -> list[float]:
        """A new consumer each time, that wants everything from the first row."""
        return [self._behind_rows() for _ in range(count)]

    def _behind_rows(self) -> float:
        for _ in range(TRIES):
            taken, rows_followed = self._try_behind_rows()
            if rows_followed:
                return taken
            self.repeated += 1
        raise RuntimeError("the backlog runs out before the alarm is acknowledged; more rows are needed")

    def _try_behind_rows(self) -> tuple[float, bool]:
        """Milliseconds, and whether rows still followed the alarm."""
        self.gateway.directory.uplink.unlink(missing_ok=True)
        before = self.relay.events_seen
        self.gateway.start("uplink")
        self.rig.serve(lambda: self.relay.events_seen > before, 60, "the uplink sends nothing")
        taken = self._tear_off()
        then = self.relay.events_seen
        with suppress(TimeoutError):
            self.rig.serve(lambda: self.relay.events_seen > then + 1, 0.2)
        rows_followed = self.relay.events_seen > then + 1
        self.gateway.kill("uplink")
        self._mend()
        return taken, rows_followed

    def _deliver(self) -> None:
        self.gateway.start("uplink")
        self._until(lambda: subjects.rows_waiting(self.gateway) <= 0, "everything is delivered")

    def _crash(self) -> float:
        taken = self._tear_off()
        self._mend()
        return taken

    def _tear_off(self) -> float:
        """Tear the arm off and wait for the PUBACK; milliseconds."""
        known = len(self.relay.alarms())
        self.rig.set(arm_detached=True)
        self.rig.serve(lambda: self.rig.told_ns, 60, "nobody polls")
        told_ns = self.rig.told_ns
        self.rig.serve(lambda: self._acknowledged_ns(known), 60, "no alarm at the broker")
        return (self._acknowledged_ns(known) - told_ns) / 1e6

    def _acknowledged_ns(self, known: int) -> int:
        """When the first crash behind the `known` alarms was acknowledged; 0: not yet."""
        return next((alarm.at_ns for alarm in self.relay.alarms()[known:] if alarm.kind == "crash"), 0)

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
