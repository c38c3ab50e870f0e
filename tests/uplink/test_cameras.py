"""Cameras that publish to a broker: real mosquitto, real control socket, and at the end the real engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import paho.mqtt.publish as publish
import pytest
from paho.mqtt.client import MQTTv5

from drivers.registry import configure, open_buses
from gateway.control import Client
from gateway.core.plates.messages import PlateMapping
from gateway.core.settings.model import Broker
from gateway.core.settings.site_file import parse_settings
from gateway.demo.line import free_port
from gateway.engine.engine import Engine
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.settings.secrets import seal, unseal
from gateway.uplink.main import run
from gateway.uplink.mqtt.cameras import Camera, Listener, cameras_of, listening
from gateway.uplink.mqtt.messages import Incoming
from tests.support.engine_stand_in import EngineStandIn
from tests.support.mosquitto import Mosquitto, wait_until

pytestmark = pytest.mark.real

TOPIC = "cameras/north/in"
MAPPING = PlateMapping("result.plate", "result.confidence")


def camera(port: int, topic: str = "cameras/+/in") -> Camera:
    return Camera("cam-in", topic, Broker("127.0.0.1", port), MAPPING, "gw1-cam-in")


def told(plate: str = "京A·12345", confidence: object = 0.97) -> dict[str, Any]:
    return {"result": {"plate": plate, "confidence": confidence}}


def say(broker: Mosquitto, document: Any, *, retain: bool = False, topic: str = TOPIC) -> None:
    payload = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    publish.single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=broker.port, protocol=MQTTv5)


@pytest.fixture
def heard(broker: Mosquitto, engine: EngineStandIn, tmp_path: Path) -> Iterator[EngineStandIn]:
    """The engine, with the camera's broker being listened to."""
    with listening([camera(broker.port)], tmp_path / "engine.sock"):
        wait_until(lambda: engine.calls("device.link") and engine.calls("device.link")[-1]["up"], what="link")
        yield engine


def link(engine: EngineStandIn) -> dict[str, Any]:
    return engine.calls("device.link")[-1]


def test_a_published_plate_is_handed_to_the_engine(heard: EngineStandIn, broker: Mosquitto) -> None:
    say(broker, told())
    [asked] = wait_until(lambda: heard.calls("credential"))
    assert asked == {"device": "cam-in", "kind": "plate", "value": "京A·12345", "confidence": 97.0}


MAPPED = PlateMapping("after.plate", "", "after.at", {"type": ["new", "update"]})


@pytest.fixture
def timed(broker: Mosquitto, engine: EngineStandIn, tmp_path: Path) -> Iterator[EngineStandIn]:
    """The engine, with a camera that tells its own time and the kind of its messages."""
    one = Camera(
        "cam-in", "cameras/+/in", Broker("127.0.0.1", broker.port), MAPPED, "gw1-cam-in", ZoneInfo("Asia/Tokyo")
    )
    with listening([one], tmp_path / "engine.sock"):
        wait_until(lambda: engine.calls("device.link") and engine.calls("device.link")[-1]["up"], what="link")
        yield engine


def test_the_age_by_the_cameras_own_time_goes_along(timed: EngineStandIn, broker: Mosquitto) -> None:
    at = datetime.now(ZoneInfo("Asia/Tokyo")) - timedelta(minutes=3)
    say(broker, {"type": "new", "after": {"plate": "京A12345", "at": at.strftime("%Y-%m-%d %H:%M:%S")}})
    [asked] = wait_until(lambda: timed.calls("credential"))
    assert asked["value"] == "京A12345"
    assert 179_000 <= asked["age_ms"] < 240_000


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"type": "end", "after": {"plate": "京A12345", "at": 1}}, False),
        ({"type": "new", "after": {"plate": "京A12345", "at": 1796025600}, "isDataRetransmission": True}, True),
        ({"type": "new", "after": {"plate": "京A12345"}}, True),
    ],
)
def test_a_message_that_is_no_read_of_now_is_a_sign_of_life(
    timed: EngineStandIn, broker: Mosquitto, document: Any, wrong: bool
) -> None:
    say(broker, document)
    [asked] = wait_until(lambda: timed.calls("credential"))
    assert (asked["value"], bool(asked.get("wrong"))) == ("", wrong)


def test_what_may_have_waited_while_the_process_was_held_up_is_as_old_as_that(
    engine: EngineStandIn, tmp_path: Path
) -> None:
    held = Listener(camera(0), Client(tmp_path / "engine.sock"))
    for now_s in (0.4, 0.9, 13.4):
        held._note_delay(now_s)
    held._take(Incoming(TOPIC, json.dumps(told()).encode()))
    held._note_delay(13.9)
    held._take(Incoming(TOPIC, json.dumps(told()).encode()))
    assert [asked.get("age_ms") for asked in engine.calls("credential")] == [12_000, None]


def test_a_message_without_a_plate_is_a_sign_of_life(heard: EngineStandIn, broker: Mosquitto) -> None:
    say(broker, {"heartbeat": True})
    [asked] = wait_until(lambda: heard.calls("credential"))
    assert asked["value"] == ""


def test_a_picture_and_gb18030_are_taken(heard: EngineStandIn, broker: Mosquitto) -> None:
    document = {**told("粤B12345"), "picture": "A" * 1_000_000}
    say(broker, json.dumps(document, ensure_ascii=False).encode("gb18030"))
    assert wait_until(lambda: heard.calls("credential"))[0]["value"] == "粤B12345"


@pytest.mark.parametrize(("document", "says"), [(b"\xff{", "neither UTF-8"), (b"{", "not JSON")])
def test_what_cannot_be_read_is_told_in_words_and_the_next_one_is_read(
    heard: EngineStandIn, broker: Mosquitto, document: Any, says: str
) -> None:
    say(broker, document)
    wait_until(lambda: says in link(heard)["words"] and link(heard)["up"])
    [asked] = wait_until(lambda: heard.calls("credential"))
    assert (asked["value"], says in asked["wrong"]) == ("", True)
    say(broker, told())
    wait_until(lambda: heard.calls("credential")[1:])
    wait_until(lambda: not link(heard)["words"])


def test_a_retained_message_counts_for_nothing_and_says_so(heard: EngineStandIn, broker: Mosquitto) -> None:
    say(broker, told(), retain=True)
    wait_until(lambda: "retain" in link(heard)["words"])
    assert heard.calls("credential") == []


def test_what_was_retained_before_is_not_even_delivered(
    broker: Mosquitto, engine: EngineStandIn, tmp_path: Path
) -> None:
    say(broker, told("旧A00000"), retain=True)
    with listening([camera(broker.port)], tmp_path / "engine.sock"):
        wait_until(lambda: engine.calls("device.link") and link(engine)["up"])
        say(broker, told(), topic="cameras/south/in")
        wait_until(lambda: engine.calls("credential"))
    assert [asked["value"] for asked in engine.calls("credential")] == ["京A·12345"]
    assert all("retain" not in asked["words"] for asked in engine.calls("device.link"))


def test_a_broker_that_goes_and_comes_back_is_told_and_needs_no_restart(
    heard: EngineStandIn, broker: Mosquitto
) -> None:
    broker.stop()
    words = wait_until(lambda: not link(heard)["up"] and link(heard)["words"])
    assert f"127.0.0.1:{broker.port}" in words
    broker.start()
    wait_until(lambda: link(heard)["up"])
    say(broker, told())
    wait_until(lambda: heard.calls("credential"))


def test_a_broker_that_is_not_there_is_told_in_words(engine: EngineStandIn, tmp_path: Path) -> None:
    with listening([camera(free_port())], tmp_path / "engine.sock"):
        wait_until(lambda: engine.calls("device.link") and "no link to the broker" in link(engine)["words"])


def test_one_camera_that_cannot_be_reached_leaves_the_others_alone(
    broker: Mosquitto, engine: EngineStandIn, tmp_path: Path
) -> None:
    with listening([camera(free_port()), camera(broker.port)], tmp_path / "engine.sock"):
        wait_until(lambda: any(asked["up"] for asked in engine.calls("device.link")))
        say(broker, told())
        wait_until(lambda: engine.calls("credential"))


# ---- settings ------------------------------------------------------------------------------------------------------

DEVICE: dict[str, Any] = {
    "id": "cam-in",
    "driver": "plate-mqtt",
    "topic": "cameras/+/in",
    "plate": "result.plate",
    "confidence": "result.confidence",
    "broker": {"host": "127.0.0.1", "port": 1883, "username": "gate", "password": "geheim"},
}
SITE: dict[str, Any] = {
    "site": {"id": "north-court"},
    "gateway": {"id": "gw1", "clock": "trusted"},
    "devices": [DEVICE, {"id": "io", "driver": "noop"}],
    "lanes": [{"id": "in", "direction": "entry", "cameras": ["cam-in"], "barrier": {"open": "io.output.0"}}],
}


def test_cameras_come_from_the_site_file_and_need_the_uplink_process() -> None:
    settings = parse_settings(SITE)
    broker = Broker("127.0.0.1", 1883, username="gate", password="geheim")
    assert cameras_of(settings) == (
        Camera("cam-in", "cameras/+/in", broker, MAPPING, "north-court-gw1-cam-in", ZoneInfo("Asia/Shanghai")),
    )
    assert settings.needs_uplink
    assert not parse_settings({**SITE, "devices": SITE["devices"][1:], "lanes": []}).needs_uplink


def test_the_brokers_password_is_a_secret() -> None:
    sealed, taken = seal(SITE)
    assert taken == {"devices.cam-in.broker.password": "geheim"}
    assert "geheim" not in json.dumps(sealed)
    assert unseal(sealed, taken) == SITE


# ---- with the real engine ------------------------------------------------------------------------------------------


def test_a_published_plate_opens_the_gate_and_the_device_tells_how_it_is(broker: Mosquitto, tmp_path: Path) -> None:
    device = {**DEVICE, "broker": {"host": "127.0.0.1", "port": broker.port}}
    directory = DataDirectory(tmp_path / "gate")
    directory.create({**SITE, "devices": [device, SITE["devices"][1]]})
    directory.lock()
    settings = directory.open()
    engine = Engine(directory, settings, configure(settings), open_buses)
    engine.start()
    stop = threading.Event()
    uplink = threading.Thread(target=run, args=(directory.path, stop))
    uplink.start()
    try:
        health = lambda: engine.health()[0]  # noqa: E731
        journal = JournalReader(directory.journal)
        wait_until(lambda: health().state == "online")
        broker.stop()
        wait_until(lambda: health().state == "lost" and "no link to the broker" in health().last_error)
        broker.start()
        wait_until(lambda: health().state == "online")
        say(broker, told())
        [row] = wait_until(lambda: journal.page(0, 100, ["access.denied"]))
        assert row.data()["credential"] == {"kind": "plate", "value": "京A12345"}
        assert [row.type for row in journal.page(0, 100, ["device.lost", "device.restored"])] == [
            "device.lost",
            "device.restored",
        ]
        journal.close()
    finally:
        stop.set()
        uplink.join(20)
        engine.stop("the test ends")
        directory.unlock()
    assert not uplink.is_alive()


def test_each_message_is_shown_at_the_bench_now_and_then(heard: EngineStandIn, broker: Mosquitto) -> None:
    say(broker, {"other": "京A·12345"})
    wait_until(lambda: heard.calls("bench.message"), what="the message")
    assert "京A·12345" in heard.calls("bench.message")[0]["text"]
    for number in range(5):
        say(broker, told(f"京A·1234{number}"))
    wait_until(lambda: len(heard.calls("credential")) == 6, what="the reads")
    assert len(heard.calls("bench.message")) < 6
