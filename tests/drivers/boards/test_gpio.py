from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from drivers.base import Bus
from drivers.links import gpio_chip
from gateway.core.vocabulary.errors import DeviceError
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, InputsRead, OutputDone, OutputFailed
from tests.drivers.conftest import Running, wait_until


class RecordingPin(MockPin):
    """Remembers every level that the pin drove as an output; `broken` is a level that it cannot be brought to."""

    def __init__(self, factory: Any, info: Any) -> None:
        self.driven: list[bool] = []
        self.broken: bool | None = None
        super().__init__(factory, info)

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        if value == "output":
            self.driven.append(self._state)

    def _set_state(self, value: float) -> None:
        if self.broken is not None and bool(value) == self.broken:
            raise OSError("no such line")
        super()._set_state(value)
        self.driven.append(bool(value))


@pytest.fixture(autouse=True)
def pins() -> Iterator[MockFactory]:
    before = Device.pin_factory
    Device.pin_factory = MockFactory(pin_class=RecordingPin)
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


RELAYS = {"outputs": [{"pin": 17}, {"pin": 18, "active": "low"}], "inputs": [{"pin": 22}, {"pin": 23, "pull": "down"}]}


def start(running: Running, **options: Any) -> Bus:
    bus = running.start({"id": "g", "driver": "gpio", **(options or RELAYS)})
    running.reported.wait(DeviceRestored)
    return bus


@pytest.mark.parametrize(("pin", "rest"), [("GPIO17", False), ("GPIO18", True)])
def test_a_relay_never_blips_at_the_start(running: Running, pins: MockFactory, pin: str, rest: bool) -> None:
    start(running)
    running.stop()
    assert set(pins.pin(pin).driven) == {rest}


def test_a_relay_that_is_energised_at_the_start_stays_so(running: Running, pins: MockFactory) -> None:
    pins.pin("GPIO17").output_with_state(True)
    start(running)
    assert running.reported.of(DeviceRestored) == [DeviceRestored("g", (False, False), (True, False))]
    running.stop()
    assert pins.pin("GPIO17").state


def test_a_pulse_energises_by_its_own_polarity_and_rests_again(running: Running, pins: MockFactory) -> None:
    bus = start(running)
    for output, pin in ((0, "GPIO17"), (1, "GPIO18")):
        pins.pin(pin).driven.clear()
        bus.pulse("g", output, 20, True, output)
        wait_until(lambda pin=pin: len(pins.pin(pin).driven) == 2)
    assert pins.pin("GPIO17").driven == [True, False]
    assert pins.pin("GPIO18").driven == [False, True]
    assert [done.token for done in running.reported.of(OutputDone)] == [0, 1]


def test_a_stop_ends_a_pulse_and_leaves_a_switch(running: Running, pins: MockFactory) -> None:
    bus = start(running)
    bus.pulse("g", 0, 10_000, True, 1)
    bus.switch("g", 1, True, 2)
    running.reported.wait(OutputDone, count=2)
    assert pins.pin("GPIO17").state
    running.stop()
    assert not pins.pin("GPIO17").state
    assert not pins.pin("GPIO18").state
    assert pins.pin("GPIO18").function == "output"


def test_a_switch_ends_a_pulse(running: Running, pins: MockFactory) -> None:
    bus = start(running)
    bus.pulse("g", 0, 10_000, True, 1)
    running.reported.wait(OutputDone)
    bus.switch("g", 0, False, 2)
    running.reported.wait(OutputDone, count=2)
    assert not pins.pin("GPIO17").state


def test_edges_on_contacts_are_reported_by_their_meaning(running: Running, pins: MockFactory) -> None:
    start(running)
    pins.pin("GPIO22").drive_low()
    running.reported.wait(InputsRead)
    pins.pin("GPIO23").drive_high()
    running.reported.wait(InputsRead, count=2)
    pins.pin("GPIO22").drive_high()
    running.reported.wait(InputsRead, count=3)
    assert [read.inputs for read in running.reported.of(InputsRead)] == [(True, False), (True, True), (False, True)]


def test_a_missed_edge_is_seen_all_the_same(running: Running, pins: MockFactory) -> None:
    start(running)
    pins.pin("GPIO22")._state = False
    assert running.reported.wait(InputsRead).inputs == (True, False)


def test_two_devices_share_the_chip(running: Running, pins: MockFactory) -> None:
    bus = running.start(
        {"id": "a", "driver": "gpio", "outputs": [{"pin": 5}]}, {"id": "b", "driver": "gpio", "inputs": [{"pin": 6}]}
    )
    running.reported.wait(DeviceRestored, "b")
    assert bus.devices == ("a", "b")
    pins.pin("GPIO6").drive_low()
    assert running.reported.wait(InputsRead).device == "b"


def test_an_order_for_a_line_that_is_not_there_fails(running: Running) -> None:
    bus = start(running)
    bus.switch("g", 2, True, 1)
    assert "no output 2" in running.reported.wait(OutputFailed).error
    bus.switch("h", 0, True, 2)
    assert "no device 'h'" in running.reported.wait(OutputFailed, count=2).error


def test_a_line_that_fails_is_told_in_words_and_its_pulse_is_ended_when_it_works_again(
    running: Running, pins: MockFactory
) -> None:
    bus = start(running)
    pins.pin("GPIO17").broken = False
    bus.pulse("g", 0, 30, True, 1)
    running.reported.wait(OutputDone)
    assert "GPIO lines cannot be switched" in running.reported.wait(DeviceLost).error
    assert pins.pin("GPIO17").state
    pins.pin("GPIO17").broken = None
    wait_until(lambda: not pins.pin("GPIO17").state)
    running.reported.wait(DeviceRestored, count=2)
    bus.switch("g", 0, True, 2)
    assert running.reported.wait(OutputDone, count=2).token == 2


def test_where_there_are_no_pins_the_mock_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setattr(gpio_chip, "has_pins", lambda: False)
    assert isinstance(gpio_chip.pin_factory(), MockFactory)


def test_where_there_are_pins_but_no_lgpio_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setattr(gpio_chip, "has_pins", lambda: True)
    monkeypatch.setitem(__import__("sys").modules, "gpiozero.pins.lgpio", None)
    with pytest.raises(DeviceError, match=r"pip install 'gatehouse\[gpio\]'"):
        gpio_chip.pin_factory()
