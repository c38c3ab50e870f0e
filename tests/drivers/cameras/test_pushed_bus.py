from __future__ import annotations

from typing import Any

import pytest

from drivers import registry
from drivers.base import Bus
from drivers.buses.pushed import PushedBus
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import SettingsError
from gateway.core.vocabulary.events import CredentialRead, DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, wait_until

PLATE = "京A12345"


def start(running: Running, **options: Any) -> Bus:
    bus = running.start({"id": "cam", "driver": "plate-http", **options})
    running.reported.wait(DeviceRestored)
    return bus


def test_a_pushed_plate_is_one_credential(running: Running) -> None:
    bus = start(running, min_confidence=50)
    for text, confidence in (("京A·12345", 80.0), ("京A1Z345", 60.0), ("京A12345", 97.0), ("京A12345", 99.0)):
        assert bus.push("cam", "plate", text, confidence)
    assert running.reported.wait(CredentialRead) == CredentialRead("cam", "plate", PLATE)
    wait_until(lambda: bus.health()[0].frames == 4)
    assert len(running.reported.of(CredentialRead)) == 1


def test_a_plate_that_is_not_sure_is_told_when_its_window_is_over(running: Running) -> None:
    bus = start(running, window_ms=20)
    bus.push("cam", "plate", PLATE, 60.0)
    assert running.reported.wait(CredentialRead).value == PLATE


@pytest.mark.parametrize("text", ["无牌车", "未识别", "unknown", "00000000", "-"])
def test_a_plate_that_says_there_is_none_is_counted_and_no_credential(running: Running, text: str) -> None:
    bus = start(running, window_ms=0)
    bus.push("cam", "plate", text, 100.0)
    bus.push("cam", "plate", PLATE, 100.0)
    assert running.reported.wait(CredentialRead).value == PLATE
    assert len(running.reported.of(CredentialRead)) == 1
    assert (bus.health()[0].state, bus.health()[0].errors) == ("online", 1)


def test_a_plate_in_sight_is_told_again_and_how_old_it_is(running: Running) -> None:
    bus = start(running)
    bus.push("cam", "plate", PLATE, 100.0, 2_000)
    first = running.reported.wait(CredentialRead)
    assert (first.again, first.age_ms // 1000) == (False, 2)
    wait_until(
        lambda: (
            bus.push("cam", "plate", PLATE, 100.0, 0) and any(one.again for one in running.reported.of(CredentialRead))
        )
    )
    assert [one.again for one in running.reported.of(CredentialRead)][:2] == [False, True]


def test_a_late_plate_is_an_error_in_words_and_the_camera_lives(running: Running) -> None:
    bus = start(running, max_age_s=5)
    bus.push("cam", "plate", PLATE, 100.0, 12_000)
    wait_until(lambda: "came 12 s after it was read" in bus.health()[0].last_error)
    assert (bus.health()[0].state, bus.health()[0].errors, bus.health()[0].frames) == ("online", 1, 1)
    assert running.reported.of(CredentialRead) == []


def test_a_message_that_was_wrong_where_it_came_in_is_an_error_in_words(running: Running) -> None:
    bus = start(running, silence_s=60)
    bus.push("cam", "plate", "", 0.0, wrong="there is a plate, but no time at 'at'")
    wait_until(lambda: "no time at" in bus.health()[0].last_error)
    assert (bus.health()[0].state, bus.health()[0].errors) == ("online", 1)


def test_only_plates_are_taken(running: Running) -> None:
    bus = start(running)
    assert not bus.push("cam", "card", "472288", 100.0)
    assert bus.health()[0].frames == 0


def test_when_it_was_last_heard_is_known_and_what_did_not_count(running: Running) -> None:
    bus = start(running, min_confidence=90)
    assert bus.health()[0].last_ok_mono_ns is None
    bus.push("cam", "plate", PLATE, 10.0)
    bus.push("cam", "plate", "", 0.0)
    wait_until(lambda: bus.health()[0].frames == 2)
    health = bus.health()[0]
    assert (health.state, health.errors) == ("online", 1)
    assert health.last_ok_mono_ns is not None


def test_a_camera_that_falls_silent_is_lost_and_back_with_its_next_sign_of_life(running: Running) -> None:
    bus = start(running, silence_s=1)
    assert "check the camera" in running.reported.wait(DeviceLost).error
    assert bus.health()[0].state == "lost"
    bus.push("cam", "plate", "", 0.0)
    running.reported.wait(DeviceRestored, count=2)
    wait_until(lambda: bus.push("cam", "plate", "", 0.0) and bus.health()[0].state == "online")


def test_reads_that_nobody_takes_are_bounded(running: Running) -> None:
    bus = running.start({"id": "cam", "driver": "plate-http"})
    running.stop()
    assert isinstance(bus, PushedBus)
    for number in range(1000):
        bus.push("cam", "plate", f"X{number}", 100.0)
    assert len(bus._waiting) <= 64


@pytest.mark.parametrize("order", ["pulse", "switch"])
def test_a_camera_has_no_outputs(running: Running, order: str) -> None:
    bus = start(running)
    if order == "pulse":
        bus.pulse("cam", 0, 500, True, 7)
    else:
        bus.switch("cam", 0, True, 7)
    assert running.reported.wait(OutputFailed).token == 7


# ---- cameras that another process keeps a link to ------------------------------------------------------------------

MQTT = {"topic": "cameras/in", "broker": {"host": "127.0.0.1"}}


def test_a_link_that_breaks_is_a_device_that_is_lost_and_its_words_are_told(running: Running) -> None:
    bus = running.start({"id": "cam", "driver": "plate-mqtt", **MQTT})
    running.reported.wait(DeviceRestored)
    bus.link("cam", False, "no link to the broker")
    assert running.reported.wait(DeviceLost).error == "no link to the broker"
    bus.link("cam", False, "the broker refused the connection")
    wait_until(lambda: "refused" in bus.health()[0].last_error)
    bus.link("cam", True, "")
    running.reported.wait(DeviceRestored, count=2)
    bus.link("cam", True, "it publishes retained messages")
    wait_until(lambda: "retained" in bus.health()[0].last_error)
    assert bus.health()[0].state == "online"
    assert len(running.reported.of(DeviceLost)) == 1


def test_words_of_the_link_and_of_a_late_plate_do_not_count_each_other_up(running: Running) -> None:
    bus = running.start({"id": "cam", "driver": "plate-mqtt", **MQTT})
    running.reported.wait(DeviceRestored)
    bus.link("cam", True, "it publishes retained messages")
    wait_until(lambda: "retained" in bus.health()[0].last_error)
    bus.push("cam", "plate", PLATE, 100.0, 90_000)
    wait_until(lambda: "after it was read" in bus.health()[0].last_error)
    for _ in range(3):
        bus.link("cam", True, "it publishes retained messages")
        turns = bus.turns
        wait_until(lambda seen=turns: bus.turns > seen)  # type: ignore[misc]
    assert "after it was read" in bus.health()[0].last_error
    assert bus.health()[0].errors == 2


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("topic", "cameras/#/in", "only at the end"),
        ("topic", "cameras/in+", "stand alone"),
        ("topic", "", "length >= 1"),
        ("broker", {"port": 1883}, "is missing"),
        ("brocker", {}, "is not a known key"),
        ("window_ms", 5_001, "from 0 to 5000"),
        ("max_age_s", 0, "from 1 to 86400"),
        ("only", {"type": []}, "length >= 1"),
        ("only", {"": "new"}, "length >= 1"),
        ("only", {"type": {"a": 1}}, "only"),
        ("only", "new", "give an object"),
        ("time", 5, "give a text"),
    ],
)
def test_a_wrong_option_of_a_camera_is_named(option: str, value: Any, says: str) -> None:
    device = {"id": "cam", "driver": "plate-mqtt", **MQTT, option: value}
    with pytest.raises(SettingsError, match=says):
        registry.configure(parse_settings({"site": {"id": "s"}, "gateway": {"id": "g"}, "devices": [device]}))
