from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Bus
from drivers.displays.serial_display import DRIVER, Screen, SerialDisplayOptions
from drivers.displays.serial_display.frames import FIELDS, cut, fill
from drivers.sim.text_device import SimTextDevice
from drivers.virtual.noop import DRIVER as NOOP
from gateway.core.lane.signs.sign import VERDICTS
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, configured, golden_of, wait_until


def screen(**options: Any) -> Screen:
    return Screen(msgspec.convert({"port": "/dev/x", **options}, SerialDisplayOptions))


# ---- bytes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", golden_of("serial-display"), ids=lambda vector: vector["source"][:30])
def test_golden_screens(vector: dict[str, Any]) -> None:
    assert screen(**vector["options"]).encode(vector["message"]) == bytes.fromhex(vector["bytes"])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_lines_from_the_start(verdict: str) -> None:
    shown = screen().encode({"verdict": verdict, "words": "Welcome"})
    assert shown.startswith(b"\x0cWelcome")


@pytest.mark.parametrize("verdict", [None, "", "burned", 7, ["x"], "__class__"])
def test_a_verdict_that_is_not_known_shows_the_idle_lines(verdict: Any) -> None:
    shown = screen().encode({"verdict": verdict, "words": "Welcome", "plate": "A1"})
    assert shown == screen().encode({"verdict": "idle", "words": "Welcome"}) == b"\x0cWelcome\r\n"


def test_a_name_has_no_way_onto_the_display() -> None:
    message = {"verdict": "granted", "holder": "Wang Fang", "unit": "3-1204", "plate": "A1"}
    assert fill(["{plate}"], message) == ["A1"]
    options = msgspec.convert({"port": "/dev/x", "templates": {"granted": ["{holder}"]}}, SerialDisplayOptions)
    assert DRIVER.check(options) == (
        "templates.granted",
        "has {holder}; known fields: plate, card, days_left, words, lane, time",
    )


@given(st.text(max_size=60), st.integers(0, 40), st.sampled_from(["gb2312", "utf-8", "ascii"]))
def test_lines_keep_to_the_width_and_cut_no_character_in_two(line: str, width: int, encoding: str) -> None:
    shown = cut(line, encoding, width).decode(encoding)
    assert sum(1 if character.isascii() else 2 for character in shown) <= width
    assert line.encode(encoding, "replace").decode(encoding).startswith(shown)


values = st.one_of(st.none(), st.integers(), st.text(max_size=300))


@given(st.dictionaries(st.sampled_from(FIELDS), values), st.sampled_from(VERDICTS), st.integers(1, 8))
def test_any_message_is_bounded_and_moves_nothing_by_control_bytes(
    message: dict[str, Any], verdict: str, lines: int
) -> None:
    shown = screen(before="", lines=lines).encode({**message, "verdict": verdict})
    assert len(shown) <= lines * (16 + 2)
    assert not [byte for byte in shown.replace(b"\r\n", b"") if byte < 0x20]


WRONG = [
    ({"templates": {"idle": ["京"]}, "encoding": "ascii"}, "templates.idle", "which ascii cannot write"),
    ({"templates": {"wait": ["{}"]}}, "templates.wait", "has {}"),
    ({"before": "0G"}, "before", "is '0G'; write bytes in hex"),
    ({"before_line": ["1F", "x"]}, "before_line", "is 'x'"),
]


@pytest.mark.parametrize(("options", "key", "says"), WRONG)
def test_wrong_options_are_named(options: dict[str, Any], key: str, says: str) -> None:
    found = DRIVER.check(msgspec.convert({"port": "/dev/x", **options}, SerialDisplayOptions))
    assert found is not None
    assert found[0] == key
    assert says in found[1]


# ---- on the wire ---------------------------------------------------------------------------------------------------

TEMPLATES = {"idle": ["IDLE"], "granted": ["GO {plate}"], "denied": ["NO"], "locked": ["CLOSED"]}


@pytest.fixture
def display(tmp_path: Path) -> Iterator[SimTextDevice]:
    found = SimTextDevice(tmp_path / "display")
    yield found
    found.close()


def start(running: Running, display: SimTextDevice, **options: Any) -> Bus:
    bus = running.start(
        {"id": "d", "driver": "serial-display", "port": display.path, "before": "", "templates": TEMPLATES, **options}
    )
    running.reported.wait(DeviceRestored)
    return bus


class Shown:
    """What came to a display, up to where the test has looked."""

    def __init__(self, display: SimTextDevice) -> None:
        self._display = display
        self._text = b""

    def __call__(self, text: bytes) -> None:
        """Wait for a text, behind those that were waited for before."""
        wait_until(lambda: text in self._more(), f"{text!r} on the display")
        self._text = self._text.partition(text)[2]

    def _more(self) -> bytes:
        self._text += self._display.shown(0.05)
        return self._text


@pytest.fixture
def shows(display: SimTextDevice) -> Shown:
    return Shown(display)


SHOW_MS = 2000
"""Long enough that a busy machine writes a message before its time is over."""


@pytest.mark.real
def test_a_message_is_shown_and_then_the_idle_lines_again(
    running: Running, display: SimTextDevice, shows: Shown
) -> None:
    bus = start(running, display, show_ms=SHOW_MS)
    shows(b"IDLE\r\n")
    bus.show("d", {"verdict": "granted", "plate": "A1"})
    shows(b"GO A1\r\n")
    shows(b"IDLE\r\n")


@pytest.mark.real
def test_of_many_messages_the_newest_stands(running: Running, display: SimTextDevice, shows: Shown) -> None:
    bus = start(running, display)
    for number in range(1000):
        bus.show("d", {"verdict": "granted", "plate": f"A{number}"})
    shows(b"GO A999\r\n")


@pytest.mark.real
def test_a_locked_lane_is_shown_until_it_is_told_otherwise(
    running: Running, display: SimTextDevice, shows: Shown
) -> None:
    bus = start(running, display, show_ms=SHOW_MS)
    bus.show("d", {"verdict": "locked"})
    shows(b"CLOSED\r\n")
    bus.show("d", {"verdict": "denied"})
    shows(b"NO\r\nCLOSED\r\n")
    bus.show("d", {"verdict": "idle"})
    shows(b"IDLE\r\n")


@pytest.mark.real
def test_a_display_that_comes_back_shows_what_holds_now(running: Running, display: SimTextDevice, shows: Shown) -> None:
    bus = start(running, display)
    shows(b"IDLE\r\n")
    display.unplug()
    assert "plug" in running.reported.wait(DeviceLost).error
    bus.show("d", {"verdict": "locked"})
    display.plug()
    running.reported.wait(DeviceRestored, count=2)
    shows(b"CLOSED\r\n")


@pytest.mark.real
def test_a_display_that_takes_no_bytes_holds_nobody_up(running: Running, display: SimTextDevice) -> None:
    bus = start(running, display, templates={"granted": ["{plate}" * 2] * 8}, width=128, lines=8)
    plate = "A" * 60
    wait_until(lambda: (bus.show("d", {"verdict": "granted", "plate": plate}), running.reported.of(DeviceLost))[1])
    assert "takes no bytes" in running.reported.wait(DeviceLost).error
    wait_until(lambda: display.shown() and len(running.reported.of(DeviceRestored)) > 1)


@pytest.mark.real
def test_a_display_has_no_outputs(running: Running, display: SimTextDevice) -> None:
    bus = start(running, display)
    bus.switch("d", 0, True, 3)
    assert running.reported.wait(OutputFailed).token == 3
    assert bus.health()[0].state == "online"


def test_a_bus_without_a_display_ignores_messages() -> None:
    NOOP.open_bus([configured("n", "noop")], lambda _: None).show("n", {"verdict": "granted"})
