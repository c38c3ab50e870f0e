"""What every device on a wire owes: it comes back without a restart, is found by its path, says in words what is wrong.

The adapter gets another number at each replug, as in the field; only its path stays. `GATEHOUSE_FLAPS=1000` tries
longer in `make test-all`.
"""

from __future__ import annotations

import gc
import os
import pty
import threading
from pathlib import Path

import pytest

from drivers.base import Bus
from drivers.links import backoff
from drivers.readers import uhfreader18
from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored
from tests.drivers.conftest import Running, wait_until
from tests.drivers.walk import ON_A_PORT, ON_A_WIRE, OURS, SAMPLE, SIMULATED, Wire, stand_ins, vectors
from tests.variants import first_and

pytestmark = pytest.mark.real
FLAPS = int(os.environ.get("GATEHOUSE_FLAPS", "300"))
FEW_FLAPS = 30
"""With every change; also all where each return costs a handshake."""
PRESENTED = [case for case in SIMULATED if case != "osdp-serial"]
"""The far end of `osdp` speaks in bits; `readers/test_osdp.py` has its cards."""


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wires are tried again without a pause."""
    monkeypatch.setattr(backoff, "REOPEN_FIRST_MS", 1)
    monkeypatch.setattr(backoff, "REOPEN_MAX_MS", 1)
    monkeypatch.setattr(uhfreader18, "DEFAULT_SCAN_MS", 50)


@pytest.mark.parametrize("wire", ON_A_WIRE, indirect=True)
def test_a_stand_in_is_reached_by_the_options_that_it_gives(running: Running, wire: Wire) -> None:
    running.start(wire.device)
    assert running.reported.wait(DeviceRestored).device == "d"


@pytest.mark.parametrize("case", PRESENTED)
def test_a_credential_that_is_held_to_a_stand_in_is_read(running: Running, tmp_path: Path, case: str) -> None:
    driver, simulate = SIMULATED[case]
    samples = [read for one in vectors(driver) if not one.one_way and not one.options for read in one.reads]
    _, value, _ = samples[0] if samples else ("card", SAMPLE, 0)
    with simulate(tmp_path / "adapter") as far:
        if far.present is None:
            assert not OURS[driver].reads or case.endswith("-none")
            return
        running.start({"id": "d", "driver": driver, **far.options})
        running.reported.wait(DeviceRestored)
        far.present(value)
        assert running.reported.wait(CredentialRead).value == value
        running.stop()


def test_every_driver_has_a_stand_in() -> None:
    without = {name for name, driver in OURS.items() if not stand_ins(driver)}
    assert without == {"gpio", "hid", "wiegand"}, "the kernel's own devices; their tests put files in their place"


def is_in(bus: Bus, state: str) -> None:
    wait_until(lambda: bus.health()[0].state == state, state)


@pytest.mark.parametrize("wire", ON_A_PORT, indirect=True)
def test_an_adapter_that_comes_back_under_another_number_is_found_by_its_path(running: Running, wire: Wire) -> None:
    assert wire.path is not None
    bus = running.start(wire.device)
    is_in(bus, "online")
    number = os.path.realpath(wire.path)
    wire.unplug()
    is_in(bus, "lost")
    taken = pty.openpty()
    wire.plug()
    assert os.path.realpath(wire.path) != number
    running.reported.wait(DeviceRestored, count=2)
    for end in taken:
        os.close(end)


@pytest.mark.parametrize("wire", ON_A_WIRE, indirect=True)
def test_health_tells_the_state_the_last_error_in_words_and_both_counts(running: Running, wire: Wire) -> None:
    bus = running.start(wire.device)
    is_in(bus, "online")
    before = bus.health()[0]
    assert before.frames > 0
    assert before.last_ok_mono_ns is not None
    wire.unplug()
    lost = running.reported.wait(DeviceLost)
    wait_until(lambda: bus.health()[0].state == "lost")
    after = bus.health()[0]
    assert after.since_wall_ns >= before.since_wall_ns
    assert after.errors > before.errors
    for words in (lost.error, after.last_error):
        assert "; " in words or " check " in words, "says what to do"
    wire.plug()
    is_in(bus, "online")
    assert bus.health()[0].last_error, "what was wrong can still be read"


def handles() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("most", first_and(FEW_FLAPS, FLAPS))
@pytest.mark.parametrize("wire", ON_A_WIRE, indirect=True)
def test_a_device_that_flaps_leaves_no_thread_no_handle_and_no_memory_behind(
    running: Running, wire: Wire, most: int
) -> None:
    bus = running.start(wire.device)
    is_in(bus, "online")

    def flap(times: int) -> None:
        for _ in range(times):
            wire.unplug()
            is_in(bus, "lost")
            wire.plug()
            is_in(bus, "online")
            running.reported.forget()

    flaps = FEW_FLAPS if wire.device["driver"] == "osdp" else most
    flap(flaps // 5)
    threads, open_handles, made = threading.active_count(), handles(), objects()
    flap(flaps - flaps // 5)
    wait_until(lambda: threading.active_count() <= threads and handles() <= open_handles, "threads and handles")
    assert (grown := objects() - made) < flaps // 3, f"{grown} objects more"
