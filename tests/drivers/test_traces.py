"""The trace of every device on a true wire: what passes is kept while it is watched, and its dissector knows it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Bus
from drivers.dissect.cards import readings
from drivers.dissect.dissector import Dissector
from drivers.trace import FRAMES_MAX, Frame, Trace
from gateway.core.vocabulary.events import CredentialRead, DeviceRestored
from tests.drivers.conftest import Running, configured, wait_until
from tests.drivers.walk import ON_A_WIRE, OURS, SAMPLE, SIMULATED, vectors

pytestmark = pytest.mark.real
ASKED = ("modbus", "osdp", "uhfreader18", "uhppote")


def watched(bus: Bus, driver: str, options: Any) -> tuple[Trace, Dissector]:
    """The trace of the running device, watched from now on."""
    found = OURS[driver].dissector(configured("d", driver, **dict(options)).options)
    trace = bus.trace("d")
    trace.watch(OURS[driver].dissector(configured("d", driver, **dict(options)).options))
    return trace, found


def words(frames: Sequence[Frame], found: Dissector) -> str:
    return "\n".join(found.explain(frame.way, frame.data).words for frame in frames)


@pytest.mark.parametrize("case", ON_A_WIRE)
def test_what_passes_on_the_wire_is_kept_in_both_ways(running: Running, tmp_path: Path, case: str) -> None:
    driver, simulate = SIMULATED[case]
    with simulate(tmp_path / "adapter") as far:
        bus = running.start({"id": "d", "driver": driver, **far.options})
        running.reported.wait(DeviceRestored)
        trace, found = watched(bus, driver, far.options)
        if driver in ASKED:
            wait_until(lambda: {frame.way for frame in trace.changed_after(0)} == {"in", "out"})
            assert "broken" not in words(trace.changed_after(0), found)
        if far.present is not None:
            samples = [read for one in vectors(driver) if not one.one_way and not one.options for read in one.reads]
            value = samples[0][1] if samples else SAMPLE
            far.present(value)
            assert running.reported.wait(CredentialRead).value == value
            wait_until(lambda: value in words(trace.changed_after(0), found))
            cards = [card for frame in trace.changed_after(0) for card in found.cards(frame.data) if frame.way == "in"]
            assert value in {one.number for card in cards for one in readings(card)}
        running.stop()


def test_a_display_is_shown_as_it_was_written(running: Running, tmp_path: Path) -> None:
    driver, simulate = SIMULATED["serial-display-serial"]
    with simulate(tmp_path / "adapter") as far:
        bus = running.start({"id": "d", "driver": driver, **far.options})
        running.reported.wait(DeviceRestored)
        trace, found = watched(bus, driver, far.options)
        bus.show("d", {"verdict": "granted", "words": "请慢走", "plate": "粤B12345"})
        wait_until(lambda: trace.changed_after(0))
        assert words(trace.changed_after(0), found) == "“粤B12345 请慢走”"
        running.stop()


def test_an_unwatched_trace_costs_a_look_at_a_flag() -> None:
    trace = Trace()
    before = sys.getsizeof(trace.__dict__)
    for _ in range(1_000):
        trace.heard(b"frame")
    assert trace.changed_after(0) == []
    assert sys.getsizeof(trace.__dict__) == before


def test_a_trace_is_looked_at_while_its_bus_writes() -> None:
    trace = Trace()
    trace.watch(Dissector())
    done = threading.Event()

    def write() -> None:
        for number in range(5_000):
            trace.heard(b"%d" % number)
            trace.sent(b"%d" % number)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert len(trace.changed_after(0)) <= FRAMES_MAX
    writer.join()
