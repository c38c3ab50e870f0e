"""Central and the gateway over a real broker: states, status, orders, and a broker that is half dead."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Mqtt
from gateway.demo.line import free_port
from gateway.uplink.central.feed import JournalFeed
from gateway.uplink.mqtt.sender import Patience, Uplink
from gateway.uplink.parts import Central as Whom
from gateway.uplink.parts import Place, open_desk
from tests.support.engine_stand_in import EngineStandIn, alarm, engine_stand_in, lane
from tests.support.mosquitto import Central, Mosquitto, central, wait_until
from tests.support.uplink_process import PREFIX, UplinkProcess
from tests.support.waiting import PATIENCE_S
from tests.uplink.conftest import BOOT, Writer

pytestmark = pytest.mark.real


@pytest.fixture
def connected(writer: Writer, uplink: UplinkProcess, listener: Central) -> UplinkProcess:
    """An uplink that runs and is online."""
    writer.write(1)
    uplink.start()
    wait_until(lambda: (listener.last("status") or {}).get("online"), what="online")
    return uplink


def order(**changes: Any) -> dict[str, Any]:
    expires = datetime.now(UTC) + timedelta(seconds=30)
    return {
        "id": "c1",
        "lane": "in",
        "command": "open",
        "reason": "visitor",
        "expires_at": expires.isoformat(),
        **changes,
    }


def done(_: dict[str, Any]) -> dict[str, Any]:
    return {"id": "n", "status": "done", "reason": ""}


@pytest.mark.usefixtures("engine", "connected")
def test_status_tells_who_is_there(listener: Central) -> None:
    status = wait_until(lambda: (s := listener.last("status")).get("engine") and s)
    assert status["online"] is True
    assert status["journal"] == "testjournal"
    assert {"version", "since"} <= status.keys()


@pytest.mark.usefixtures("connected")
def test_status_is_retained_for_those_who_come_later(broker: Mosquitto) -> None:
    with central(broker.port, PREFIX, "status") as late:
        found = wait_until(lambda: late.on("status"))
        assert found[0].retain
        assert found[0].json()["online"] is True


def test_a_killed_uplink_leaves_its_last_will(connected: UplinkProcess, listener: Central) -> None:
    connected.kill()
    wait_until(lambda: listener.last("status") == {"online": False})


@pytest.mark.usefixtures("connected")
def test_without_an_engine_events_flow_and_status_says_so(listener: Central, tmp_path: Path) -> None:
    wait_until(lambda: listener.sequences() == [1])
    assert listener.last("status")["engine"] is False
    with engine_stand_in(tmp_path / "engine.sock"):
        wait_until(lambda: listener.last("status")["engine"] is True)
    wait_until(lambda: listener.last("status")["engine"] is False)


def test_a_snapshot_that_cannot_be_read_is_none_and_events_flow(
    writer: Writer, engine: EngineStandIn, connected: UplinkProcess, listener: Central
) -> None:
    engine.show(alarms=[alarm("a1")])
    wait_until(lambda: listener.last("alarms/a1") and listener.last("status")["engine"])
    engine.show(lanes=[{"id": "in", "state": "ready"}], alarms=[])
    wait_until(lambda: listener.last("status")["engine"] is False)
    last = writer.write(3)
    wait_until(lambda: last in listener.sequences())
    assert listener.last("alarms/a1")["kind"] == "crash"
    engine.show(lanes=[lane(arm="open")])
    wait_until(lambda: listener.last("state/lanes/in")["arm"] == "open")
    wait_until(lambda: listener.last("alarms/a1") == "")
    assert connected.log().count("snapshot") == 1


@pytest.mark.usefixtures("connected")
def test_lanes_and_alarms_stand_retained(broker: Mosquitto, engine: EngineStandIn, listener: Central) -> None:
    engine.show(alarms=[alarm("a1")], lanes=[lane(arm="open")])
    wait_until(lambda: listener.on("alarms/a1") and (listener.last("state/lanes/in") or {}).get("arm") == "open")
    with central(broker.port, PREFIX) as late:
        wait_until(lambda: late.on("alarms/a1") and late.on("state/lanes/in"))
        assert late.on("alarms/a1")[0].retain
        assert late.last("alarms/a1")["kind"] == "crash"


@pytest.mark.usefixtures("connected")
def test_a_closed_alarm_is_gone_from_the_broker(broker: Mosquitto, engine: EngineStandIn, listener: Central) -> None:
    engine.show(alarms=[alarm("a1")])
    wait_until(lambda: listener.last("alarms/a1"))
    engine.show(alarms=[])
    wait_until(lambda: listener.last("alarms/a1") == "")
    with central(broker.port, PREFIX) as late:
        wait_until(lambda: late.on("status"))
        assert late.on("alarms/a1") == []


def test_an_alarm_closed_while_the_uplink_was_dead_is_cleared_when_it_is_back(
    engine: EngineStandIn, connected: UplinkProcess, listener: Central
) -> None:
    engine.show(alarms=[alarm("a1"), alarm("a2")])
    wait_until(lambda: listener.last("alarms/a1") and listener.last("alarms/a2"))
    connected.kill()
    engine.show(alarms=[alarm("a2")])
    connected.start()
    wait_until(lambda: listener.last("alarms/a1") == "")
    assert listener.last("alarms/a2")


@pytest.mark.usefixtures("connected")
def test_a_command_is_answered_on_the_response_topic_with_its_correlation(
    engine: EngineStandIn, listener: Central
) -> None:
    engine.answers["lane.command"] = done
    listener.say("commands", order(), ResponseTopic=f"{PREFIX}/replies/7", CorrelationData=b"\x00k")
    (answer,) = wait_until(lambda: listener.on("replies/7"))
    assert answer.json() == {"id": "c1", "status": "done", "reason": "", "detail": ""}
    assert answer.properties.CorrelationData == b"\x00k"
    assert not answer.retain


@pytest.mark.usefixtures("connected")
def test_a_command_without_a_response_topic_is_answered_on_replies(engine: EngineStandIn, listener: Central) -> None:
    engine.answers["lane.command"] = lambda _: {"id": "n", "status": "refused", "reason": "lane_locked"}
    listener.say("commands", order())
    (answer,) = wait_until(lambda: listener.on("replies"))
    assert (answer.json()["status"], answer.json()["reason"]) == ("refused", "lane_locked")


def test_a_command_retained_before_we_came_is_never_seen(
    engine: EngineStandIn, writer: Writer, uplink: UplinkProcess, listener: Central
) -> None:
    engine.answers["lane.command"] = done
    listener.say("commands", order(id="old"), retain=True)
    writer.write(1)
    uplink.start()
    wait_until(lambda: (listener.last("status") or {}).get("online"))
    listener.say("commands", order(id="fresh"))
    wait_until(lambda: listener.on("replies"))
    assert [call["request"] for call in engine.calls("lane.command")] == ["mqtt:fresh"]


@pytest.mark.usefixtures("connected")
def test_a_command_published_as_retained_while_we_listen_moves_nothing(
    engine: EngineStandIn, listener: Central
) -> None:
    listener.say("commands", order(), retain=True)
    (answer,) = wait_until(lambda: listener.on("replies"))
    assert (answer.json()["status"], answer.json()["reason"]) == ("refused", "retained")
    assert engine.calls("lane.command") == []


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (order(expires_at="2020-01-01T00:00:00Z"), "expired"),
        (order(command="explode"), "malformed"),
        ({"id": "c1"}, "malformed"),
    ],
)
@pytest.mark.usefixtures("connected")
def test_a_bad_command_moves_nothing_and_the_next_good_one_is_heard(
    engine: EngineStandIn,
    listener: Central,
    document: dict[str, Any],
    reason: str,
) -> None:
    engine.answers["lane.command"] = lambda asked: (
        done(asked) if asked["expires_at"] > "2021" else {"status": "refused", "reason": "command_expired"}
    )
    listener.say("commands", document)
    wait_until(lambda: listener.on("replies"))
    listener.say("commands", b"\x00\xff noise")
    listener.say("commands", order(id="good"))
    wait_until(lambda: len(listener.on("replies")) == 2)
    assert [answer.json()["reason"] for answer in listener.on("replies")] == [reason, ""]
    asked = [call["request"] for call in engine.calls("lane.command")]
    assert asked == (["mqtt:c1", "mqtt:good"] if reason == "expired" else ["mqtt:good"])


@pytest.mark.usefixtures("connected")
def test_a_repeated_command_reaches_the_engine_with_the_same_key(engine: EngineStandIn, listener: Central) -> None:
    engine.answers["lane.command"] = done
    again = order()
    listener.say("commands", again)
    listener.say("commands", again)
    wait_until(lambda: len(listener.on("replies")) == 2)
    assert {call["request"] for call in engine.calls("lane.command")} == {"mqtt:c1"}


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("pause_s", [0.0, 0.02])
def test_each_of_a_burst_of_orders_is_answered_busy_or_done(
    engine: EngineStandIn, listener: Central, pause_s: float
) -> None:
    """More than any queue here holds, while central takes its answers as fast as they come."""

    def slowly(asked: dict[str, Any]) -> dict[str, Any]:
        threading.Event().wait(pause_s)
        return done(asked)

    engine.answers["lane.command"] = slowly
    ids = [f"c{number}" for number in range(500)]
    listener.say_all("commands", [order(id=one) for one in ids])
    wait_until(lambda: len(listener.on("replies")) >= len(ids))
    answers = [message.json() for message in listener.on("replies")]
    assert sorted(one["id"] for one in answers) == sorted(ids)
    reasons = {one["id"]: one["reason"] for one in answers}
    carried_out = {call["request"] for call in engine.calls("lane.command")}
    assert carried_out == {f"mqtt:{one}" for one, reason in reasons.items() if not reason}
    assert set(reasons.values()) <= {"", "busy"}


@pytest.mark.usefixtures("connected")
def test_a_command_with_no_engine_is_refused(listener: Central) -> None:
    listener.say("commands", order())
    (answer,) = wait_until(lambda: listener.on("replies"))
    assert answer.json()["reason"] == "engine_unreachable"


@pytest.mark.usefixtures("connected")
def test_a_pass_change_is_answered_and_repeated_without_effect(engine: EngineStandIn, listener: Central) -> None:
    change = {"id": "p-7", "revision": 0, "pass": {"id": "p1", "kind": "monthly", "cards": ["7"]}}
    listener.say("passes", change)
    listener.say("passes", change)
    wait_until(lambda: len(listener.on("replies")) == 2)
    assert [answer.json()["status"] for answer in listener.on("replies")] == ["done", "done"]
    (call,) = engine.calls("passes.put")
    assert (call["pass"]["cards"], call["if_revision"], call["by"]) == (["7"], 0, "central")


@pytest.mark.usefixtures("connected")
def test_the_engine_is_told_of_loss_and_return(engine: EngineStandIn, broker: Mosquitto, writer: Writer) -> None:
    wait_until(lambda: [r for r in engine.calls("uplink.report") if r["up"]])
    broker.stop()
    wait_until(lambda: not engine.calls("uplink.report")[-1]["up"])
    assert engine.calls("uplink.report")[-1]["reason"]
    writer.write(40)
    wait_until(lambda: engine.calls("uplink.report")[-1]["waiting"] >= 40)
    broker.start()
    wait_until(lambda: (r := engine.calls("uplink.report")[-1])["up"] and r["waiting"] == 0)


@pytest.mark.usefixtures("writer")
def test_a_wrong_password_is_said_in_words(tmp_path: Path, engine: EngineStandIn) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "gw", "right"], check=True)
    port = free_port()
    broker = Mosquitto(tmp_path, port, allow_anonymous="false", password_file=passwords).start()
    wrong = UplinkProcess(tmp_path, port, username="gw", password="wrong").start()
    try:
        wait_until(lambda: any("refused" in r["reason"] for r in engine.calls("uplink.report")))
        wrong.stop()
        right = UplinkProcess(tmp_path, port, username="gw", password="right").start()
        wait_until(lambda: any(r["up"] for r in engine.calls("uplink.report")))
        right.stop()
    finally:
        wrong.stop()
        broker.stop()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_events_go_over_tls_and_a_strange_certificate_is_not_trusted(
    tmp_path: Path, writer: Writer, engine: EngineStandIn
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    last = writer.write(5000)
    port = free_port()
    broker = Mosquitto(tmp_path, port, certfile=certificate, keyfile=key).start()
    stranger = UplinkProcess(tmp_path, port, host="localhost", tls=True).start()
    try:
        wait_until(lambda: any("certificate" in r["reason"] for r in engine.calls("uplink.report")))
        stranger.stop()
        ours = UplinkProcess(tmp_path, port, host="localhost", ca=str(certificate)).start()
        wait_until(lambda: (r := engine.calls("uplink.report")[-1])["up"] and r["waiting"] == 0)
        assert ours.stop() == 0
        assert last == 5000
    finally:
        stranger.stop()
        broker.stop()


@contextlib.contextmanager
def impatient(directory: Path, port: int) -> Iterator[Uplink]:
    """An uplink in a thread that gives a silent broker a few seconds, longer than a busy machine stalls."""
    stop = threading.Event()
    place = Place(
        directory / "journal.db", directory / "uplink.db", directory / "engine.sock", directory / "journal-key.pem"
    )
    feed = JournalFeed(place.journal, BOOT)
    with open_desk(place, Whom(Mqtt("127.0.0.1", port), "north-court", "gw1"), feed) as desk:
        uplink = Uplink(desk, patience=Patience(dial_s=3.0, ack_s=3.0))
        thread = threading.Thread(target=uplink.run, args=(stop,))
        thread.start()
        yield uplink
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_broker_that_takes_bytes_and_answers_nothing_is_given_up(
    tmp_path: Path, writer: Writer, engine: EngineStandIn, broker: Mosquitto, listener: Central
) -> None:
    writer.write(10)
    with impatient(tmp_path, broker.port):
        wait_until(lambda: 10 in listener.sequences())
        broker.freeze()
        last = writer.write(10)
        reports = wait_until(
            lambda: [r for r in engine.calls("uplink.report") if "acknowledged nothing" in r["reason"]]
        )
        assert not reports[0]["up"]
        broker.thaw()
        wait_until(lambda: last in listener.sequences())
        assert list(dict.fromkeys(listener.sequences())) == list(range(1, last + 1))


@pytest.mark.usefixtures("writer")
def test_a_broker_that_takes_the_call_and_says_nothing_is_given_up(tmp_path: Path, engine: EngineStandIn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, impatient(tmp_path, mute.getsockname()[1]):
        reasons = wait_until(lambda: [r["reason"] for r in engine.calls("uplink.report")])
        assert "did not answer" in reasons[0]


@pytest.mark.usefixtures("connected")
def test_a_second_client_with_our_id_is_told_to_the_people_at_the_gate(
    broker: Mosquitto, engine: EngineStandIn
) -> None:
    with central(broker.port, PREFIX, client_id="north-court-gw1"):
        wait_until(lambda: any("another client" in r["reason"] for r in engine.calls("uplink.report")))
