"""A vehicle without plates: a picture is taken when it is registered, and shown beside the car when it leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from drivers import registry
from drivers.base import Bus, DeviceConfig, Report
from drivers.cameras.snapshot_http.sim import PASSWORD, USERNAME, SnapshotCamera
from drivers.printers.escpos.sim import PrinterOnTcp
from gateway.core.vocabulary.events import CredentialRead
from tests.support.engine import HandBus
from tests.variants import first_and
from tests.web_guard.conftest import wait_until
from tests.web_guard.pay.conftest import PayBooth, Till
from tests.web_guard.pay.test_looks import whole
from tests.web_guard.pay.test_ticket import register
from tests.web_guard.test_browser import look
from tests.web_guard.test_gallery import gradient
from tests.web_installer import axe

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
CAME, LEAVES = gradient(640, 360), gradient(800, 450)
REAL = ("escpos", "snapshot-http")


class Watched(Till):
    """Its cameras are real too."""

    def _open(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        self.bus = HandBus([one for one in configs if one.driver not in REAL], report)
        return [self.bus, *registry.open_buses([one for one in configs if one.driver in REAL], report)]


class CameraBooth(PayBooth):
    """A booth with a camera at the entry, or none, and one at the exit."""

    def __init__(self, chrome: webdriver.Chrome, path: Path, far: PrinterOnTcp, camera: SnapshotCamera, has: bool):
        self.camera, self.has = camera, has
        super().__init__(chrome, path, far, 61)

    def engine_of(self, path: Path, far: PrinterOnTcp, minutes: int, site: dict[str, Any]) -> Till:
        if self.has:
            options = {"url": self.camera.url, "username": USERNAME, "password": PASSWORD, "timeout_ms": 1_000}
            for lane, name in zip(site["lanes"], ("cam-in", "cam-out"), strict=True):
                site["devices"].append({"id": name, "driver": "snapshot-http", **options})
                lane["cameras"] = [name]
        site["site"] |= {"goods_slip": True}
        return Watched(path, far, minutes, site)


@pytest.fixture
def camera() -> Iterator[SnapshotCamera]:
    with SnapshotCamera(CAME) as one:
        yield one


@pytest.fixture
def booth_with(
    chrome: webdriver.Chrome, tmp_path: Path, far: PrinterOnTcp, camera: SnapshotCamera, request: pytest.FixtureRequest
) -> Iterator[CameraBooth]:
    """With a camera, unless the test says otherwise by parametrize(indirect)."""
    made = CameraBooth(chrome, tmp_path / "data", far, camera, getattr(request, "param", True))
    made.complaints()
    made.enter()
    yield made
    made.close()


def shown(booth: CameraBooth, picture: str) -> bool:
    """Whether a picture is there, and is one."""
    code = """
        const el = document.getElementById(arguments[0]);
        return el.checkVisibility() && el.complete && el.naturalWidth > 1;
    """
    return bool(booth.script(code, picture))


def goes_in(booth: CameraBooth) -> str:
    """The registered vehicle shows its code and drives in; its visit."""
    visit: str = booth.visit_rows("visit.registered")[-1]["visit"]
    gate = booth.engine
    code = gate.client.call("print.ticket", visit=visit, lane="out", by="Lin", via="guard")
    assert code["outcome"] == "printed"
    gate.bus.report(CredentialRead("reader-in", "qr", gate.far.printer.sheets[-1].codes[0]))
    wait_until(lambda: gate.opened_at("in"))
    gate.drives_in()
    wait_until(lambda: [one for one in booth.visit_rows("passage.entered") if one["visit"] == visit])
    return visit


def compares(booth: CameraBooth) -> None:
    """It shows its code at the exit, where its goods need a slip; the guard compares."""
    booth.camera.picture = LEAVES
    time.sleep(1.1)
    booth.one("#rail-visitor").click()
    booth.engine.bus.report(CredentialRead("reader-out", "qr", booth.engine.far.printer.sheets[-1].codes[0]))
    booth.one('[data-lane="out"]').click()
    wait_until(lambda: booth.one(".act-open").get_attribute("data-command") == "compare" and booth.at_work())
    booth.press(".act-open", "pointerdown")
    wait_until(lambda: shown(booth, "case-came-picture") and shown(booth, "case-picture"))


def test_a_vehicle_without_plates_is_pictured_and_compared_when_it_leaves(booth_with: CameraBooth) -> None:
    booth = booth_with
    register(booth, goods=True)
    wait_until(lambda: shown(booth, "visitor-photo"))
    assert booth.text("#visitor-photo-said") == ""
    (asked,) = booth.visit_rows("visit.pictured")
    visit = booth.visit_rows("visit.registered")[-1]["visit"]
    assert asked == {"visit": visit, "lane": "in", "by": "林小军", "via": "guard", "station": "booth"}
    kept = list(booth.directory.media.rglob("*_cam-in.png"))
    assert len(kept) == 1 and kept[0].read_bytes() == CAME, "kept as evidence"
    goes_in(booth)
    compares(booth)
    booth.one("#case-came").click()
    assert booth.one("#case-came").get_attribute("aria-pressed") == "true"
    booth.one("#case-came").click()
    booth.engine.client.call(
        "lane.command", request="r-slip", lane="out", command="passed", by="Lin", via="guard", reason="slip_seen"
    )
    wait_until(lambda: [one for one in booth.visit_rows("passage.exited") if one["visit"] == visit])
    picture = f"/guard/visits/{visit}/picture"
    over = "once the visit is over a look at the picture is one into the evidence"
    wait_until(lambda: booth.chrome.execute_async_script(STATUS, picture) == 404, what=over)


STATUS = "fetch(arguments[0]).then((got) => arguments[1](got.status))"


@pytest.mark.parametrize("booth_with", [False], indirect=True)
def test_a_lane_without_a_camera_says_so_and_the_code_counts(booth_with: CameraBooth) -> None:
    register(booth_with)
    assert booth_with.text("#visitor-photo-said") == "这条车道没有摄像机,以码为准。"
    assert booth_with.all("#visitor-code") and not booth_with.all("#visitor-photo")
    assert booth_with.visit_rows("visit.pictured") == []
    goes_in(booth_with)


def test_a_camera_that_gives_nothing_keeps_nobody_waiting(booth_with: CameraBooth) -> None:
    booth_with.camera.answer = b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n"
    register(booth_with)
    assert booth_with.text("#visitor-photo-said") == "正在拍照……"
    goes_in(booth_with)
    wait_until(lambda: booth_with.text("#visitor-photo-said") == "摄像机没有给出照片,以码为准。")


def test_a_vehicle_with_plates_is_not_pictured(booth_with: CameraBooth) -> None:
    register(booth_with, plate="京B12345")
    assert booth_with.text("#visitor-photo-said") == ""
    assert booth_with.visit_rows("visit.pictured") == []


@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), [("zh_CN", "day"), ("en", "night")])
def test_the_sheets_with_pictures_are_whole(
    booth_with: CameraBooth, lang: str, theme: str, size: tuple[int, int]
) -> None:
    booth, shot = booth_with, f"{size[0]}-{lang}-{theme}"
    booth.size(*size)
    look(booth, theme, lang)
    words = {"zh_CN": {}, "en": {"none": "no plate", "purpose": "Visit"}}[lang]
    register(booth, goods=True, **words)
    wait_until(lambda: shown(booth, "visitor-photo"))
    whole(booth, f"no-plates-registered-{shot}", "sheet-visitor")
    assert axe.findings(booth.chrome) == []
    goes_in(booth)
    compares(booth)
    whole(booth, f"no-plates-compare-{shot}", "sheet-case")
    assert axe.findings(booth.chrome) == []
    assert booth.complaints() == []
