"""A booth whose engine, printer and money are real; the exit is played by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from drivers import registry
from drivers.base import Bus, DeviceConfig, Report
from drivers.printers.escpos.sim import PrinterOnTcp
from tests.engine.visits.paying import TARIFF, PayingGate, paying_site
from tests.support.engine import HandBus
from tests.support.guard_scene import NAMES, OPERATORS
from tests.web_guard.conftest import Booth, wait_until

LIMIT = 2_000
DAY_MINUTES = 1_440
PERIODS = [{"id": "night", "from": "21:00", "until": "07:00", "blocks": [{"minutes": 120, "price": 300}], "cap": 900}]


class Till(PayingGate):
    """An engine of a site that charges, with a printer on the network; the exit's contacts are played."""

    def __init__(self, path: Path, far: PrinterOnTcp, minutes: int, site: dict[str, Any]) -> None:
        self.far = far
        super().__init__(path, minutes, site)

    def _open(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        self.bus = HandBus([one for one in configs if one.driver != "escpos"], report)
        return [self.bus, *registry.open_buses([one for one in configs if one.driver == "escpos"], report)]


class PayBooth(Booth):
    """The screen in front of it."""

    engine: Till  # type: ignore[assignment]

    def __init__(self, chrome: webdriver.Chrome, path: Path, far: PrinterOnTcp, minutes: int, **charging: Any) -> None:
        site = paying_site(owed_limit=LIMIT, **charging)
        site["operators"] = OPERATORS
        if minutes > DAY_MINUTES:
            site["tariffs"] = [{**TARIFF, "periods": PERIODS, "day_cap": 6_000}]
        site["site"] |= {"locale": "zh_CN"}
        site["devices"].append({"id": "slip", "driver": "escpos", "link": far.link(300)})
        for one in site["lanes"]:
            one["name"] = NAMES[one["id"]]
        site["lanes"][1]["printer"] = "slip"
        self.engine = self.engine_of(path, far, minutes, site)
        self.directory = self.engine.directory
        self.start_web()
        self.url = f"http://127.0.0.1:{self.port}"
        self.chrome = chrome
        self.size(800, 480)

    def engine_of(self, path: Path, far: PrinterOnTcp, minutes: int, site: dict[str, Any]) -> Till:
        """The engine of that site."""
        return Till(path, far, minutes, site)

    def car_waits(self) -> None:
        """The visitor shows its card at the exit and must pay; the screen shows the button for it."""
        self.engine.leaves()
        wait_until(lambda: self.one(".act-open").get_attribute("data-command") == "pay" and self.at_work())

    def charge(self) -> None:
        """One tap: the sheet is there, and its touch is over."""
        self.press(".act-open", "pointerdown")
        wait_until(lambda: self.all("#sheet-pay") and self.text("#pay-sum"))
        self.chrome.execute_async_script("setTimeout(arguments[0], 700)")

    def visit_rows(self, *types: str) -> list[dict[str, Any]]:
        """What the journal says of money, by data."""
        return [row.data() for row in self.engine.rows(*types)]


@pytest.fixture
def far() -> Iterator[PrinterOnTcp]:
    with PrinterOnTcp() as printer:
        yield printer


@pytest.fixture
def till(
    chrome: webdriver.Chrome, tmp_path: Path, far: PrinterOnTcp, request: pytest.FixtureRequest
) -> Iterator[PayBooth]:
    """A visitor who came in an hour ago (or so many minutes, by parametrize(indirect)) pays 10.00."""
    made = PayBooth(chrome, tmp_path / "data", far, getattr(request, "param", 61))
    made.complaints()
    made.enter()
    yield made
    made.close()
