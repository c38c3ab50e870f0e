"""A camera that only serves a picture, at the bench and at a lane of a real engine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from drivers.base import Bus, DeviceConfig, Report
from drivers.cameras.snapshot_http.sim import JPEG, PASSWORD, USERNAME, SnapshotCamera
from drivers.registry import open_buses
from gateway.core.vocabulary.times import NS_PER_S
from gateway.store.media.pictures import Pictures
from tests.engine.settings.conftest import SITE, Box
from tests.support.waiting import wait_until
from tests.web_installer.conftest import PEOPLE, Desk
from web.platform.app import create_app

PAGE = "/installer/devices/cam"


class WithCamera(Box):
    """Boards and readers are played; the camera is asked by its own bus."""

    def _open(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        cameras = [one for one in configs if one.driver == "snapshot-http"]
        return [*super()._open([one for one in configs if one not in cameras], report), *open_buses(cameras, report)]


@pytest.fixture
def camera() -> Iterator[SnapshotCamera]:
    with SnapshotCamera() as one:
        yield one


@pytest.fixture
def box(tmp_path: Path, quick: None, camera: SnapshotCamera) -> Iterator[Box]:
    device = {"id": "cam", "driver": "snapshot-http", "url": camera.url, "username": USERNAME, "password": PASSWORD}
    lanes = [{**SITE["lanes"][0], "cameras": ["cam"]}, *SITE["lanes"][1:]]
    site = {**SITE, "operators": PEOPLE, "devices": [*SITE["devices"], device], "lanes": lanes}
    found = WithCamera(tmp_path / "data", site)
    yield found
    found.stop()


@pytest.fixture
def client(box: Box) -> FlaskClient:
    return create_app(box.directory.path).test_client()


def pictures(box: Box) -> list[Path]:
    return list(box.directory.media.rglob("*.jpg"))


def test_a_picture_is_fetched_for_the_installer_and_shown(ana: Desk, box: Box) -> None:
    assert "No picture of today" in ana.text(PAGE)
    assert ana.get(f"{PAGE}/picture").status_code == 404
    assert ana.post(f"{PAGE}/picture").status_code == 303
    wait_until(lambda: pictures(box), what="a picture is kept")
    shown = ana.get(f"{PAGE}/picture")
    assert (shown.content_type, shown.data) == ("image/jpeg", JPEG)
    assert pictures(box)[0].stem in ana.get(PAGE).get_data(as_text=True)


def test_a_device_that_serves_no_picture_is_not_asked(ana: Desk, box: Box) -> None:
    told = ana.post("/installer/devices/io/picture")
    assert "told=refused" in told.headers["Location"]
    assert pictures(box) == []


def test_a_card_that_is_denied_is_pictured_by_the_camera_of_its_lane_for_the_guard_while_it_waits(
    box: Box, client: FlaskClient
) -> None:
    lin = Desk(client, "Lin")
    box.card("999")
    wait_until(lambda: pictures(box), what="a picture is kept")
    held = lin.held.live
    held.wait(0, 10.0)
    wait_until(lambda: held.snapshot()[0] and held.snapshot()[0].lanes[0].case, what="the case is shown")
    case = held.snapshot()[0].lanes[0].case.id
    shown = lin.get(f"/guard/lanes/in/picture?case={case}")
    assert (shown.status_code, shown.data) == (200, JPEG)
    for gone in (
        f"/guard/lanes/in/picture?case={case}x",
        "/guard/lanes/in/picture",
        f"/guard/lanes/out/picture?case={case}",
    ):
        assert lin.get(gone).status_code == 404


def test_the_picture_of_the_car_ahead_is_not_shown(box: Box, client: FlaskClient, camera: SnapshotCamera) -> None:
    lin = Desk(client, "Lin")
    kept = Pictures(box.directory.media, free_min_bytes=0)
    assert kept.keep("cam", JPEG, time.time_ns() - 3 * NS_PER_S)
    camera.answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    box.card("999")
    held = lin.held.live
    held.wait(0, 10.0)
    wait_until(lambda: held.snapshot()[0] and held.snapshot()[0].lanes[0].case, what="the case is shown")
    shown = lin.get(f"/guard/lanes/in/picture?case={held.snapshot()[0].lanes[0].case.id}")
    assert (shown.status_code, shown.data) == (204, b"")
