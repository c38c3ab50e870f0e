"""The OSDP driver against libosdp's own peripheral side."""

from __future__ import annotations

import binascii
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers import registry
from drivers.base import Bus
from drivers.buses import osdp as buses_osdp
from drivers.framing.wiegand import parse_format
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import RefusedError, SettingsError
from gateway.core.vocabulary.events import (
    CredentialRead,
    DeviceLost,
    DeviceRestored,
    DeviceStale,
    InstallModeEnded,
    OutputFailed,
    TamperChanged,
)
from tests.drivers.conftest import Running, wait_until

osdp_sys = pytest.importorskip("osdp_sys", reason="libosdp has no wheel for this machine")
from tests.support.osdp_pd import OsdpLine, OsdpReader  # noqa: E402

pytestmark = pytest.mark.real

KEY = bytes.fromhex("8f1c2b7e55a94d03c6e0917f3ab2d864")
OTHER = bytes.fromhex("0123456789abcdef02468ace13579bdf")
CARD = "472288"
FRAME_26 = parse_format("26")[0].frame(int(CARD))
FRAME_34 = parse_format("34")[0].frame(3_000_000_001)


def device(line: OsdpLine, key: bytes | None = KEY, **options: object) -> dict[str, object]:
    found = {"id": "r", "driver": "osdp", "port": line.path, "address": 5, "repeat_ms": 600_000, **options}
    return found if key is None else {**found, "key": key.hex()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "line"


@pytest.fixture
def reader() -> OsdpReader:
    return OsdpReader(5, KEY)


@pytest.fixture
def line(path: Path, reader: OsdpReader) -> Iterator[OsdpLine]:
    with OsdpLine(path, reader) as found:
        yield found


def insist(act: Callable[[], None], happened: Callable[[], bool]) -> None:
    """Do it again until it happened: on a machine too busy to answer in 200 ms a reader forgets what it said."""
    for _ in range(20):
        act()
        limit = time.monotonic() + 1.5
        while time.monotonic() < limit:
            if happened():
                return
            time.sleep(0.005)
    raise AssertionError("it did not happen")


def read(running: Running, reader: OsdpReader, frame: str = FRAME_26) -> CredentialRead:
    """Hold a card to the reader until it is read."""
    before = len(running.reported.of(CredentialRead))
    insist(lambda: reader.present(frame), lambda: len(running.reported.of(CredentialRead)) > before)
    return running.reported.of(CredentialRead)[before]


def last_error(bus: Bus) -> str:
    return bus.health()[0].last_error


def told(bus: Bus, words: str) -> None:
    """Wait until the reader's last error says so: what is heard first on a busy machine may be a silence."""
    wait_until(lambda: words in last_error(bus), words)


def is_in(bus: Bus, state: str) -> None:
    wait_until(lambda: bus.health()[0].state == state, state)


def refusal(bus: Bus, duration_s: int) -> str:
    """Why install mode is refused; empty when it is not, as while a busy machine has not heard from the reader."""
    try:
        bus.install_mode("r", duration_s)
    except RefusedError as error:
        return str(error)
    return ""


def without_secure_channel(packet: bytes) -> bytes:
    """A PDCAP reply (46) that says 0 for communication security (9), with its CRC-16 put right; others as they are."""
    start = packet.find(b"\x53")
    if start < 0 or packet[start + 5 : start + 6] != b"\x46":
        return packet
    body = bytearray(packet[start:-2])
    places = range(6, len(body) - 2, 3)
    [place] = [at for at in places if body[at] == osdp_sys.CAP_COMMUNICATION_SECURITY]
    body[place + 1] = 0
    return packet[:start] + bytes(body) + binascii.crc_hqx(body, 0x1D0F).to_bytes(2, "little")


# ---- keys ----------------------------------------------------------------------------------------------------------


def test_with_the_right_key_a_card_is_a_credential(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    assert read(running, reader) == CredentialRead("r", "card", CARD, 24)
    assert bus.health()[0].state == "online"
    wait_until(lambda: bus.health()[0].frames > 5)


def test_nothing_that_is_read_goes_over_the_line_in_plain_text(
    running: Running, line: OsdpLine, reader: OsdpReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = bytearray()
    send = line.port.send
    monkeypatch.setattr(line.port, "send", lambda data: (sent.extend(data), send(data)))
    running.start(device(line, format="raw"))
    running.reported.wait(DeviceRestored)
    marker = secrets.token_bytes(12)
    assert read(running, reader, "".join(f"{byte:08b}" for byte in marker)).value == str(int.from_bytes(marker, "big"))
    assert len(sent) > 100
    assert marker not in sent


def test_with_a_wrong_key_the_reader_is_lost_and_what_it_says_does_not_count(
    running: Running, line: OsdpLine, reader: OsdpReader
) -> None:
    told(running.start(device(line, key=OTHER)), "does not take its key")
    reader.present(FRAME_26)
    asked = reader.turns
    wait_until(lambda: reader.turns > asked + 50)
    assert running.reported.of(CredentialRead) == []
    assert running.reported.of(DeviceRestored) == []


def test_a_reader_without_a_key_is_not_spoken_to_with_the_factory_key(running: Running, path: Path) -> None:
    reader = OsdpReader(5, None)
    with OsdpLine(path, reader) as line:
        told(running.start(device(line)), "install mode")
        assert reader.given_key is None
        assert running.reported.of(DeviceRestored) == []
        running.stop()


def test_a_reader_that_cannot_do_secure_channel_is_named_as_such(running: Running, path: Path) -> None:
    with OsdpLine(path, OsdpReader(5, None)) as line:
        send = line.port.send
        line.port.send = lambda packet: send(without_secure_channel(packet))  # type: ignore[method-assign]
        told(running.start(device(line)), "cannot do secure channel")
        running.stop()


def test_without_secure_channel_only_where_the_site_file_says_so(running: Running, path: Path) -> None:
    plain = OsdpReader(5, None)
    with OsdpLine(path, plain) as line:
        bus = running.start(device(line, key=None, secure=False))
        running.reported.wait(DeviceRestored)
        assert read(running, plain, FRAME_34) == CredentialRead("r", "card", "3000000001", 32)
        with pytest.raises(RefusedError, match="secure"):
            bus.install_mode("r", 600)
        running.stop()


# ---- install mode --------------------------------------------------------------------------------------------------


def test_in_install_mode_a_new_reader_is_given_its_own_key_and_the_mode_ends(running: Running, path: Path) -> None:
    reader = OsdpReader(5, None)
    with OsdpLine(path, reader) as line:
        bus = running.start(device(line))
        running.reported.wait(DeviceLost)
        bus.install_mode("r", 600)
        assert running.reported.wait(InstallModeEnded) == InstallModeEnded("r", "key_set")
        assert reader.given_key == KEY
        assert running.reported.wait(DeviceRestored).device == "r"
        assert read(running, reader).value == CARD
        assert "install mode for another" not in last_error(bus)
        running.stop()


def test_install_mode_is_over_when_its_time_is(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    bus = running.start(device(line, key=OTHER))
    running.reported.wait(DeviceLost)
    bus.install_mode("r", 2)
    wait_until(lambda: "install mode for another 0:0" in last_error(bus))
    assert running.reported.wait(InstallModeEnded) == InstallModeEnded("r", "time_over")
    assert "install mode for another" not in last_error(bus)


def test_a_reader_with_another_key_is_not_believed_in_install_mode_either(running: Running, path: Path) -> None:
    reader = OsdpReader(5, OTHER, secure=False)
    with OsdpLine(path, reader) as line:
        bus = running.start(device(line))
        running.reported.wait(DeviceLost)
        bus.install_mode("r", 600)
        wait_until(lambda: "plain text" in bus.health()[0].last_error or reader.commands)
        reader.present(FRAME_26)
        bus.install_mode("r", 0)
        assert running.reported.wait(InstallModeEnded) == InstallModeEnded("r", "stopped")
        assert running.reported.of(CredentialRead) == []
        assert running.reported.of(DeviceRestored) == []
        assert reader.given_key is None
        running.stop()


def test_a_reader_that_has_its_key_needs_no_install_mode(running: Running, line: OsdpLine) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    wait_until(lambda: "has its key already" in refusal(bus, 600))
    with pytest.raises(RefusedError, match="give 0"):
        bus.install_mode("r", 3601)


# ---- the line ------------------------------------------------------------------------------------------------------


def test_a_line_cut_in_mid_session_is_stale_then_lost_and_mends_by_itself(
    running: Running, line: OsdpLine, reader: OsdpReader
) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    line.cut = True
    running.reported.wait(DeviceStale)
    is_in(bus, "lost")
    told(bus, "does not answer")
    line.cut = False
    is_in(bus, "online")
    assert read(running, reader).value == CARD


def test_a_reader_that_restarts_is_greeted_anew_without_being_lost(
    running: Running, line: OsdpLine, reader: OsdpReader
) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    losses = []
    for _ in range(5):  # A busy machine may lose it, but not every time.
        running.reported.forget()
        errors = bus.health()[0].errors
        reader.power_up()
        wait_until(lambda errors=errors: bus.health()[0].errors > errors)
        is_in(bus, "online")
        losses.append(len(running.reported.of(DeviceLost)))
        if not losses[-1]:
            break
    assert 0 in losses
    assert read(running, reader).value == CARD


def test_an_adapter_pulled_out_and_put_back_needs_no_restart(
    running: Running, line: OsdpLine, reader: OsdpReader
) -> None:
    bus = running.start(device(line))
    for _ in (1, 2):
        is_in(bus, "online")
        line.unplug()
        is_in(bus, "lost")
        told(bus, "plug")
        line.plug()
    is_in(bus, "online")
    assert read(running, reader).value == CARD


def test_a_silent_reader_leaves_the_others_on_the_line_at_their_rate(running: Running, path: Path) -> None:
    good, dead = OsdpReader(1, KEY), OsdpReader(2, OTHER)
    dead.silent = True
    with OsdpLine(path, good, dead) as line:
        bus = running.start(device(line, id="good", address=1), device(line, key=OTHER, id="dead", address=2))
        running.reported.wait(DeviceRestored, "good")
        running.reported.wait(DeviceLost, "dead")
        before, tries = bus.health()[0].frames, dead.unheard
        wait_until(lambda: bus.health()[0].frames > before + 60)
        assert dead.unheard - tries < 12
        assert read(running, good).device == "good"
        dead.silent = False
        running.reported.wait(DeviceRestored, "dead")
        running.stop()


def test_noise_on_the_line_does_not_end_a_session(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    running.start(device(line))
    running.reported.wait(DeviceRestored)
    for _ in range(20):
        line.babble(secrets.token_bytes(40))
    assert read(running, reader).value == CARD


def test_a_port_that_is_not_there_is_told_in_words(running: Running, tmp_path: Path) -> None:
    running.start({"id": "r", "driver": "osdp", "port": str(tmp_path / "none"), "key": KEY.hex()})
    assert "is not there" in running.reported.wait(DeviceLost).error


# ---- what a reader tells and shows ---------------------------------------------------------------------------------


def test_keys_make_a_pin(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    running.start(device(line))
    running.reported.wait(DeviceRestored)

    def type_it() -> None:
        for keys in (b"9", b"\x7f", b"12", b"34\x0d"):
            reader.press(keys)

    insist(type_it, lambda: CredentialRead("r", "pin", "1234") in running.reported.of(CredentialRead))


def test_keys_from_before_a_cut_and_after_it_are_not_joined_to_a_pin(
    running: Running, line: OsdpLine, reader: OsdpReader
) -> None:
    bus = running.start(device(line, pin_ms=30_000))
    running.reported.wait(DeviceRestored)
    reader.press(b"12")
    frames = bus.health()[0].frames
    wait_until(lambda: bus.health()[0].frames > frames + 6)
    line.cut = True
    is_in(bus, "lost")
    line.cut = False
    is_in(bus, "online")
    insist(lambda: reader.press(b"34\x0d"), lambda: bool(running.reported.of(CredentialRead)))
    assert running.reported.of(CredentialRead)[0] == CredentialRead("r", "pin", "34")


def test_a_wrong_key_that_is_put_right_needs_no_restart(
    running: Running, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libosdp leaves such a reader alone for 300 s; the bus tries again sooner by itself."""
    monkeypatch.setattr(buses_osdp, "KEY_RETRY_MS", 200)
    reader = OsdpReader(5, OTHER)
    with OsdpLine(path, reader) as line:
        bus = running.start(device(line))
        told(bus, "does not take its key")
        reader.key = KEY
        reader.power_up()
        is_in(bus, "online")
        assert read(running, reader).value == CARD
        running.stop()


def test_a_card_left_in_the_field_is_one_credential(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    running.start(device(line))
    running.reported.wait(DeviceRestored)
    read(running, reader)
    for frame in (FRAME_26, FRAME_26, FRAME_26):
        reader.present(frame)
    read(running, reader, FRAME_34)
    assert [read.value for read in running.reported.of(CredentialRead)] == [CARD, "3000000001"]


def test_an_opened_housing_is_reported_and_told_in_words(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    insist(reader.open_housing, lambda: "housing is open" in last_error(bus))
    assert running.reported.of(TamperChanged)[0] == TamperChanged("r", True)
    insist(lambda: reader.open_housing(0), lambda: "housing" not in last_error(bus))
    assert running.reported.of(TamperChanged)[-1] == TamperChanged("r", False)


@pytest.mark.parametrize(
    ("verdict", "color", "beeps"),
    [("granted", "GREEN", 1), ("denied", "RED", 3), ("referred", "AMBER", 2), ("locked", "RED", 2)],
)
def test_a_verdict_is_shown_and_sounded(
    running: Running, line: OsdpLine, reader: OsdpReader, verdict: str, color: str, beeps: int
) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    both = (osdp_sys.CMD_LED, osdp_sys.CMD_BUZZER)
    insist(lambda: bus.show("r", {"verdict": verdict}), lambda: all(reader.of(kind) for kind in both))
    led, buzzer = (reader.of(kind)[0] for kind in both)
    assert led["on_color"] == getattr(osdp_sys, f"LED_COLOR_{color}")
    assert led["temporary"]
    assert led["on_count"] + led["off_count"] > 0
    assert led["timer_count"] > 0
    assert buzzer["rep_count"] == beeps
    assert buzzer["on_count"] > 0


def test_a_driver_who_must_wait_sees_it_and_hears_nothing(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    insist(lambda: bus.show("r", {"verdict": "wait"}), lambda: bool(reader.of(osdp_sys.CMD_LED)))
    assert reader.of(osdp_sys.CMD_LED)[0]["on_color"] == osdp_sys.LED_COLOR_AMBER
    assert reader.of(osdp_sys.CMD_BUZZER) == []


def test_a_reader_without_lights_is_not_asked_for_them(running: Running, path: Path) -> None:
    reader = OsdpReader(5, KEY, capabilities=(osdp_sys.CAP_CARD_DATA_FORMAT,))
    with OsdpLine(path, reader) as line:
        bus = running.start(device(line))
        running.reported.wait(DeviceRestored)
        bus.show("r", {"verdict": "granted"})
        read(running, reader)
        assert reader.of(osdp_sys.CMD_LED) == []
        running.stop()


def test_what_a_reader_refuses_it_is_not_asked_again(running: Running, line: OsdpLine, reader: OsdpReader) -> None:
    reader.refuses = {osdp_sys.CMD_LED, osdp_sys.CMD_STATUS}
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    known = bus._readers[0].refused  # type: ignore[attr-defined]
    insist(lambda: bus.show("r", {"verdict": "granted"}), lambda: known == {"led", "status"})
    asked = [len(reader.of(kind)) for kind in (osdp_sys.CMD_LED, osdp_sys.CMD_STATUS)]
    beeps = len(reader.of(osdp_sys.CMD_BUZZER))
    insist(lambda: bus.show("r", {"verdict": "denied"}), lambda: len(reader.of(osdp_sys.CMD_BUZZER)) > beeps)
    read(running, reader)
    assert [len(reader.of(kind)) for kind in (osdp_sys.CMD_LED, osdp_sys.CMD_STATUS)] == asked
    is_in(bus, "online")


def test_a_reader_has_no_outputs(running: Running, line: OsdpLine) -> None:
    bus = running.start(device(line))
    bus.pulse("r", 0, 500, True, 7)
    assert running.reported.wait(OutputFailed).token == 7


# ---- the site file -------------------------------------------------------------------------------------------------

OSDP = {"id": "r", "driver": "osdp", "port": "/dev/ttyUSB0", "key": KEY.hex()}
SECOND = {**OSDP, "id": "s", "address": 1, "key": OTHER.hex()}
WRONG = [
    ([{"id": "r", "driver": "osdp", "port": "/dev/ttyUSB0"}], "devices[0].key", "is missing; give the reader 32 hex"),
    ([{**OSDP, "key": "30313233"}], "devices[0].key", "is not 32 hex digits"),
    ([{**OSDP, "key": "303132333435363738393A3B3C3D3E3F"}], "devices[0].key", "every reader is made with"),
    ([{**OSDP, "secure": False}], "devices[0].key", "`secure` is false"),
    ([{**OSDP, "address": 127}], "devices[0].address", "is 127; give a number from 0 to 126"),
    ([{**OSDP, "format": "27"}], "devices[0].format", "expected 26, 34, 35, 37, 48, auto"),
    ([OSDP, {**SECOND, "address": 0}], "devices[1].address", "which another reader on this port has"),
    ([OSDP, {**SECOND, "baudrate": 115_200}], "devices[1].baudrate", "need the same"),
    ([OSDP, {**SECOND, "port": "/dev/ttyUSB1", "key": KEY.hex().upper()}], "devices[1].key", "of another reader"),
]


def problems(devices: list[dict[str, object]]) -> list[tuple[str, str]]:
    document = {"site": {"id": "s"}, "gateway": {"id": "g"}, "devices": devices}
    with pytest.raises(SettingsError) as raised:
        registry.configure(parse_settings(document))
    return raised.value.problems


@pytest.mark.parametrize(("devices", "path", "says"), WRONG, ids=[row[2] for row in WRONG])
def test_a_wrong_option_is_named_and_no_key_is_repeated(devices: list[dict[str, object]], path: str, says: str) -> None:
    [(place, message)] = problems(devices)
    assert place == path
    assert says in message
    assert KEY.hex() not in message.lower()


def test_two_readers_with_keys_of_their_own_share_a_line() -> None:
    document = {"site": {"id": "s"}, "gateway": {"id": "g"}, "devices": [OSDP, SECOND]}
    found = registry.configure(parse_settings(document))
    assert len(registry.open_buses(found, lambda _event: None)) == 1


def test_a_card_in_a_secure_session_is_traced_by_its_bits_and_no_key_is(
    running: Running, line: OsdpLine, reader: OsdpReader
) -> None:
    bus = running.start(device(line))
    running.reported.wait(DeviceRestored)
    dissector = registry.find("osdp").dissector(None)
    trace = bus.trace("r")
    trace.watch(registry.find("osdp").dissector(None))
    assert read(running, reader).value == CARD
    insist(lambda: reader.press(b"2468#"), lambda: "2468" in [one.value for one in running.reported.of(CredentialRead)])
    frames = trace.changed_after(0)
    words = [dissector.explain(frame.way, frame.data).words for frame in frames]
    assert f"card {CARD}, 26 bits" in words
    assert "asks for news" in words
    assert any("hidden" in one for one in words)
    assert not any(b"2468" in frame.data or KEY in frame.data for frame in frames)


def test_a_key_that_is_given_in_install_mode_is_never_traced(running: Running, path: Path) -> None:
    new = OsdpReader(5, None)
    with OsdpLine(path, new) as line:
        bus = running.start(device(line))
        running.reported.wait(DeviceLost)
        trace = bus.trace("r")
        trace.watch(registry.find("osdp").dissector(None))
        bus.install_mode("r", 60)
        insist(lambda: None, lambda: new.given_key == KEY)
        assert not any(KEY in frame.data for frame in trace.changed_after(0))
