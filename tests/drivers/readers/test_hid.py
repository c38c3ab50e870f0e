from __future__ import annotations

import builtins
import errno
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, wait_until
from tests.support.evdev_fake import FakeEvdev, FakeKeyboard

PATH = "/dev/input/by-id/usb-reader-event-kbd"
CARD = "472288"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeEvdev:
    """A machine with evdev and nothing plugged in."""
    found = FakeEvdev()
    monkeypatch.setitem(sys.modules, "evdev", found)
    return found


@pytest.fixture
def keyboard(machine: FakeEvdev) -> FakeKeyboard:
    """A reader that types, plugged in."""
    found = machine.plugged[PATH] = FakeKeyboard()
    return found


def start(running: Running, **options: Any) -> Any:
    return running.start({"id": "r", "driver": "hid", "device": PATH, **options})


def test_a_card_that_is_typed_is_one_credential(running: Running, keyboard: FakeKeyboard) -> None:
    start(running)
    running.reported.wait(DeviceRestored)
    keyboard.type("0000472288")
    keyboard.type("0000472288")
    assert running.reported.wait(CredentialRead) == CredentialRead("r", "card", CARD)
    keyboard.type("7")
    assert running.reported.wait(CredentialRead, count=2).value == "7"


def test_the_device_is_grabbed_so_that_it_types_for_nobody_else(running: Running, keyboard: FakeKeyboard) -> None:
    start(running)
    running.reported.wait(DeviceRestored)
    assert keyboard.grabbed
    running.stop()
    assert not keyboard.grabbed


@pytest.mark.parametrize(
    ("options", "line", "read"),
    [
        ({"radix": 16}, "000734E0", CredentialRead("r", "card", CARD, 32)),
        ({"kind": "qr"}, "GH1ABC234", CredentialRead("r", "qr", "GH1ABC234")),
        ({"kind": "pin"}, "1234", CredentialRead("r", "pin", "1234")),
        ({"pattern": "^;(?P<value>[0-9]+)[?]$"}, ";472288?", CredentialRead("r", "card", CARD)),
    ],
    ids=["hex", "qr", "pin", "pattern"],
)
def test_what_is_typed_is_read_as_the_options_say(
    running: Running, keyboard: FakeKeyboard, options: dict[str, Any], line: str, read: CredentialRead
) -> None:
    start(running, **options)
    running.reported.wait(DeviceRestored)
    keyboard.type(line)
    assert running.reported.wait(CredentialRead) == read


def test_what_is_left_when_the_kernel_dropped_keys_is_no_card(running: Running, keyboard: FakeKeyboard) -> None:
    bus = start(running)
    running.reported.wait(DeviceRestored)
    keyboard.type("0000472288", lose=16)
    keyboard.type("7")
    assert running.reported.wait(CredentialRead).value == "7"
    wait_until(lambda: bus.health()[0].errors == 1)


def test_what_is_no_card_is_counted(running: Running, keyboard: FakeKeyboard) -> None:
    bus = start(running)
    running.reported.wait(DeviceRestored)
    keyboard.type("hello")
    keyboard.type(CARD)
    assert running.reported.wait(CredentialRead).value == CARD
    wait_until(lambda: bus.health()[0].errors == 1 and bus.health()[0].frames == 2)


def test_a_pin_that_is_typed_again_is_a_new_one(running: Running, keyboard: FakeKeyboard) -> None:
    start(running, kind="pin")
    running.reported.wait(DeviceRestored)
    keyboard.type("1234")
    keyboard.type("1234")
    assert running.reported.wait(CredentialRead, count=2).value == "1234"


@pytest.mark.parametrize("device", [PATH, "Sycreader RFID Reader"], ids=["by path", "by name"])
def test_a_device_pulled_out_and_put_back_needs_no_restart(running: Running, machine: FakeEvdev, device: str) -> None:
    machine.plugged["/dev/input/event0"] = FakeKeyboard("Power Button")
    path = PATH
    for turn in (1, 2, 3):
        keyboard = machine.plugged[path] = FakeKeyboard()
        if turn == 1:
            start(running, device=device)
        running.reported.wait(DeviceRestored, count=turn)
        keyboard.type(str(turn))
        assert running.reported.wait(CredentialRead, count=turn).value == str(turn)
        del machine.plugged[path]
        keyboard.pull()
        assert "plug" in running.reported.wait(DeviceLost, count=turn).error
        path = PATH if device == PATH else f"/dev/input/event{turn + 3}"


def test_a_device_that_is_not_there_is_named_with_those_that_are(running: Running, machine: FakeEvdev) -> None:
    machine.plugged["/dev/input/event0"] = FakeKeyboard("Power Button")
    start(running, device="Sycreader")
    assert "there are: Power Button" in running.reported.wait(DeviceLost).error


def test_a_path_that_is_not_there_is_told(running: Running, machine: FakeEvdev) -> None:
    start(running)
    assert "is not there; plug it in" in running.reported.wait(DeviceLost).error


@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.EACCES, "group 'input'"), (errno.EBUSY, "another program"), (errno.EIO, "check the device")],
)
def test_a_device_that_cannot_be_had_is_explained(
    running: Running, keyboard: FakeKeyboard, number: int, says: str
) -> None:
    keyboard.refuses = number
    start(running)
    assert says in running.reported.wait(DeviceLost).error
    keyboard.refuses = 0
    running.reported.wait(DeviceRestored)


def test_without_evdev_it_says_what_to_install(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name == "evdev":
            raise ImportError("No module named 'evdev'")
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    start(running)
    assert "apt install python3-evdev" in running.reported.wait(DeviceLost).error


def test_a_reader_has_no_outputs(running: Running, keyboard: FakeKeyboard) -> None:
    start(running).pulse("r", 0, 500, True, 7)
    assert running.reported.wait(OutputFailed).token == 7


@pytest.mark.real
def test_a_keyboard_of_the_kernel_is_read_through_evdev(running: Running) -> None:
    if not Path("/dev/uinput").exists():
        pytest.skip("this machine has no /dev/uinput to make a keyboard with")
    evdev = pytest.importorskip("evdev", reason="the system package python3-evdev is not installed")
    try:
        keyboard = evdev.UInput(name="gatehouse test reader")
    except OSError as error:
        pytest.skip(f"/dev/uinput may not be used here ({error})")
    with keyboard:
        start(running, device="gatehouse test reader")
        running.reported.wait(DeviceRestored)
        for code in (5, 8, 3, 3, 9, 9, 28):
            keyboard.write(evdev.ecodes.EV_KEY, code, 1)
            keyboard.write(evdev.ecodes.EV_KEY, code, 0)
            keyboard.syn()
        assert running.reported.wait(CredentialRead) == CredentialRead("r", "card", CARD)
