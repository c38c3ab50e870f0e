"""A camera that serves a picture: fetched when asked, with Digest, within a deadline and a bound."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from drivers.base import Bus, PictureTaken
from drivers.cameras.snapshot_http.sim import JPEG, PASSWORD, USERNAME, SnapshotCamera
from drivers.links.http_picture import BYTES_MAX, Place, digest_answer, place_of
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import SettingsError
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, configured, wait_until

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
CHUNKS = b"%x;x=y\r\n%b\r\n%X\r\n%b\r\n0\r\n\r\n" % (5, JPEG[:5], len(JPEG) - 5, JPEG[5:])


@pytest.fixture
def camera() -> Iterator[SnapshotCamera]:
    with SnapshotCamera() as one:
        yield one


def start(running: Running, camera: SnapshotCamera, **options: Any) -> Bus:
    given = {"username": USERNAME, "password": PASSWORD, "timeout_ms": 1_000, **options}
    bus = running.start({"id": "cam", "driver": "snapshot-http", "url": camera.url, **given})
    wait_until(lambda: bus.health()[0].state != "starting")
    return bus


def error(bus: Bus) -> str:
    return bus.health()[0].last_error


def test_a_picture_is_fetched_by_digest_when_it_is_asked_for_and_not_before(
    running: Running, camera: SnapshotCamera
) -> None:
    bus = start(running, camera)
    running.reported.wait(DeviceRestored)
    assert running.reported.of(PictureTaken) == []
    assert bus.take_picture("cam")
    assert running.reported.wait(PictureTaken) == PictureTaken("cam", JPEG)
    assert camera.asked == 3  # the challenge, the look, the picture with the same nonce


def test_another_nonce_is_taken_at_once(running: Running, camera: SnapshotCamera) -> None:
    bus = start(running, camera)
    camera.nonce = "n2"
    bus.take_picture("cam")
    assert running.reported.wait(PictureTaken).data == JPEG
    assert error(bus) == ""


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"\r\n" + JPEG,
        HEAD + b"Content-Length: %d\r\n\r\n" % len(JPEG) + JPEG + b"more",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    ],
    ids=["until the end", "with its length", "in chunks"],
)
def test_a_picture_may_come_in_every_way_that_http_has(running: Running, camera: SnapshotCamera, answer: bytes) -> None:
    camera.answer = answer
    start(running, camera).take_picture("cam")
    assert running.reported.wait(PictureTaken).data == JPEG


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "with 404; check the path"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "with 302; check the path"),
        (HEAD.replace(b"image/jpeg", b"text/html") + b"\r\n<html>", "answers with text/html, not with a picture"),
        (HEAD.replace(b"image/jpeg", b"multipart/x-mixed-replace; boundary=b") + b"\r\n--b", "a stream of pictures"),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (BYTES_MAX + 1), "more than 700 kB; choose a smaller size"),
        (HEAD + b"\r\n" + JPEG + bytes(BYTES_MAX), "more than 700 kB"),
        (HEAD + b"Content-Length: 900\r\n\r\nfew", "only 3 of 900 bytes"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", "chunks without a length"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", "not with a picture"),
        (b"SSH-2.0-x\r\n\r\n", "does not answer in HTTP; check the port"),
        (b"x" * 40_000, "no end of its headers"),
        (b"", "ended the connection without an answer"),
    ],
)
def test_what_is_no_picture_is_an_error_in_words(
    running: Running, camera: SnapshotCamera, answer: bytes, says: str
) -> None:
    camera.answer = answer
    assert says in error(start(running, camera))


def test_a_wrong_password_is_said(running: Running, camera: SnapshotCamera) -> None:
    assert "refuses the name or the password" in error(start(running, camera, password="other"))
    assert "refuses the name or the password" in error(start(running, camera, username="", password=""))


def test_a_camera_that_drips_is_left_at_the_deadline_and_holds_no_order_up(
    running: Running, camera: SnapshotCamera
) -> None:
    camera.pause_s = 0.05
    started_s = time.monotonic()
    bus = start(running, camera, timeout_ms=400, look_s=0)
    assert time.monotonic() - started_s < 3
    assert "no picture came within 0.4 s" in error(bus)
    asked_s = time.monotonic()
    bus.take_picture("cam")
    assert time.monotonic() - asked_s < 0.1


def test_an_order_while_a_picture_is_on_its_way_does_not_cut_it_off(running: Running, camera: SnapshotCamera) -> None:
    camera.digest, camera.pause_s = False, 0.002
    camera.answer = HEAD + b"\r\n" + JPEG[:200]
    bus = start(running, camera, timeout_ms=5_000)
    bus.take_picture("cam")
    wait_until(lambda: camera.asked == 2)
    bus.take_picture("cam")
    running.reported.wait(PictureTaken, count=2)
    assert error(bus) == ""


def test_a_bus_that_waits_for_its_camera_stops_at_once(running: Running, camera: SnapshotCamera) -> None:
    camera.digest, camera.pause_s, camera.answer = False, 5.0, HEAD
    running.start({"id": "cam", "driver": "snapshot-http", "url": camera.url, "timeout_ms": 10_000})
    wait_until(lambda: camera.asked)
    started_s = time.monotonic()
    running.stop()
    assert time.monotonic() - started_s < 3


def test_a_camera_that_is_gone_is_lost_and_comes_back_by_itself(running: Running, camera: SnapshotCamera) -> None:
    start(running, camera, look_s=1)
    camera.unplug()
    assert "takes no connection" in running.reported.wait(DeviceLost).error
    camera.plug()
    running.reported.wait(DeviceRestored, count=2)


def test_a_camera_switches_nothing_and_has_no_say_over_other_threads(running: Running, camera: SnapshotCamera) -> None:
    bus = start(running, camera)
    bus.pulse("cam", 0, 500, token=7)
    assert running.reported.wait(OutputFailed).token == 7
    assert not bus.moves


# ---- addresses and Digest --------------------------------------------------------------------------------------------


def test_an_address_is_taken_apart() -> None:
    assert place_of("http://10.0.0.9/jpg?ch=1") == Place("10.0.0.9", 80, "/jpg?ch=1")
    assert place_of("http://[fd00::9]:8080").authority == "[fd00::9]:8080"
    assert place_of("http://cam").target == "/"


@pytest.mark.parametrize(
    ("options", "path", "says"),
    [
        ({"url": "https://cam/jpg"}, "url", "begins with http://"),
        ({"url": "http:///jpg"}, "url", "a name or IP address"),
        ({"url": "http://a:b@cam/jpg"}, "url", "not in the address"),
        ({"url": "http://cam/a b\r\nX: y"}, "url", "ASCII without spaces"),
        ({"url": "http://cam:99999/"}, "url", "Port out of range"),
        ({"url": "http://cam/jpg", "password": "x"}, "username", "give both or none"),
        ({"url": "http://cam/jpg", "timeout_ms": 50}, "timeout_ms", "200"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_right(options: dict[str, Any], path: str, says: str) -> None:
    device = {"id": "cam", "driver": "snapshot-http", **options}
    site = {"site": {"id": "s", "name": "S", "timezone": "UTC"}, "gateway": {"id": "g"}, "devices": [device]}
    from drivers import registry

    with pytest.raises(SettingsError) as wrong:
        registry.configure(parse_settings({**site, "lanes": []}))
    assert f"devices[0].{path}" in str(wrong.value)
    assert says in str(wrong.value)


def test_the_answer_to_digest_is_that_of_the_standard() -> None:
    """RFC 7616, 3.9.1: both examples."""
    asked = {
        "realm": "http-auth@example.org", "qop": "auth, auth-int", "algorithm": "MD5",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }  # fmt: skip
    place = Place("www.example.org", 80, "/dir/index.html")
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    told = digest_answer(asked, "Mufasa", "Circle of Life", place, 1, cnonce)
    assert 'response="8ca523f5e9506fed4657c9700eebdbec"' in told
    assert "nc=00000001" in told
    sha = digest_answer({**asked, "algorithm": "SHA-256"}, "Mufasa", "Circle of Life", place, 1, cnonce)
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in sha


def test_the_answer_without_qop_is_that_of_the_older_standard() -> None:
    """RFC 2069, 2.4, with the erratum's value."""
    asked = {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"}
    told = digest_answer(asked, "Mufasa", "CircleOfLife", Place("h", 80, "/dir/index.html"), 1)
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in told
    assert "qop" not in told


def test_the_options_keep_the_password_out_of_an_export() -> None:
    from gateway.store.settings.secrets import seal, unseal

    device = {"id": "cam", "driver": "snapshot-http", "url": "http://cam/", "username": "u", "password": "p"}
    sealed, taken = seal({"devices": [device]})
    assert "p" not in msgspec.json.encode(sealed).decode().replace("snapshot-http", "").split('"')
    assert taken == {"devices.cam.password": "p"}
    assert unseal(sealed, taken) == {"devices": [device]}
    assert configured(**device).options.password == "p"
