"""Papers through a whole engine to a printer on a true wire; the gate goes on whatever the printer does."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers import registry
from drivers.base import Bus, DeviceConfig, Report
from drivers.printers.escpos.sim import PrinterOnTcp
from gateway.core.vocabulary.errors import GatehouseError
from tests.support.engine import SITE, HandBus, Running
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real

VISITOR = {"unit": "3-1204", "purpose": "送货", "vehicle_class": "truck"}


class WithPrinter(Running):
    """An engine with a printer on the network; everything else is played by hand."""

    def __init__(self, path: Path, far: PrinterOnTcp, *, at: str = "lane") -> None:
        site = copy.deepcopy(SITE)
        site["devices"].append({"id": "slip", "driver": "escpos", "link": far.link(300)})
        if at == "lane":
            site["lanes"][1]["printer"] = "slip"
        elif at == "station":
            site["stations"] = [{"id": "west", "printer": "slip"}, {"id": "east"}]
        self.far = far
        super().__init__(path, site)

    def _open(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        others = [config for config in configs if config.driver != "escpos"]
        self.bus = HandBus(others, report)
        return [self.bus, *registry.open_buses([one for one in configs if one.driver == "escpos"], report)]

    def call(self, op: str, **params: Any) -> Any:
        return self.client.call(op, timeout_s=40.0, by="Wei", via="guard", **params)

    def registered(self) -> dict[str, Any]:
        """A visitor without a plate."""
        found: dict[str, Any] = self.call("visits.add", visitor=VISITOR, station="booth")
        return found


@pytest.fixture
def far() -> Iterator[PrinterOnTcp]:
    with PrinterOnTcp() as printer:
        yield printer


@pytest.fixture
def engine(tmp_path: Path, far: PrinterOnTcp) -> Iterator[WithPrinter]:
    found = WithPrinter(tmp_path / "data", far)
    found.bus.restore()
    wait_until(lambda: far.printer.received)
    yield found
    found.stop()


def test_a_visit_has_its_ticket_with_a_code_that_counts(engine: WithPrinter) -> None:
    visit = engine.registered()["id"]
    told = engine.call("print.ticket", visit=visit, lane="out", station="booth")
    assert told == {"printer": "slip", "outcome": "printed"}
    (sheet,) = engine.far.printer.sheets
    assert sheet.lines[:2] == ["North Court", "访客凭条"]
    assert "前往                      3-1204" in sheet.lines
    (code,) = sheet.codes
    checked = engine.directory.codes.check(code)
    assert checked is not None
    assert checked.pass_id == f"~{visit}"
    (row,) = engine.rows("visit.printed")
    expected = {"visit": visit, "what": "ticket", "number": None, "printer": "slip", "outcome": "printed"}
    assert row.data() == {**expected, "by": "Wei", "via": "guard", "station": "booth"}


def test_a_ticket_is_printed_in_the_language_that_is_asked_for(engine: WithPrinter) -> None:
    engine.call("print.ticket", visit=engine.registered()["id"], lane="out", locale="en")
    assert engine.far.printer.sheets[0].lines[1] == "Visitor's ticket"


def test_a_printer_without_paper_is_an_answer_and_no_row(engine: WithPrinter) -> None:
    engine.far.printer.faults.lines_left = 0
    told = engine.call("print.ticket", visit=engine.registered()["id"], lane="out")
    assert told == {"printer": "slip", "outcome": "paper_out"}
    assert engine.rows("visit.printed") == []


def test_a_silent_printer_holds_up_neither_the_gate_nor_other_requests(engine: WithPrinter) -> None:
    visit = engine.registered()["id"]
    engine.far.printer.faults.silent = True
    began_s = time.monotonic()
    opened: list[float] = []

    def open_meanwhile() -> None:
        engine.client.call("lane.command", request="r1", lane="in", command="open", by="Wei", via="guard", detail={})
        wait_until(lambda: any(order[0] == "pulse" for order in engine.bus.orders))
        opened.append(time.monotonic())

    from threading import Thread

    guard = Thread(target=open_meanwhile)
    guard.start()
    told = engine.call("print.ticket", visit=visit, lane="out")
    answered_s = time.monotonic()
    guard.join()
    assert told["outcome"] == "silent"
    assert opened[0] < began_s + 5
    assert answered_s < began_s + 10


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"visit": "nobody", "lane": "out"}, "not_found"),
        ({"lane": "in"}, "no_printer"),
        ({"lane": "out", "locale": "fr"}, "request_invalid"),
    ],
)
def test_what_cannot_be_printed_is_refused_in_words(engine: WithPrinter, params: dict[str, Any], code: str) -> None:
    visit = engine.registered()["id"]
    with pytest.raises(GatehouseError) as refused:
        engine.call("print.ticket", **{"visit": visit, **params})
    assert refused.value.code == code
    assert engine.far.printer.sheets == []


def test_a_cancelled_visit_has_no_ticket(engine: WithPrinter) -> None:
    visit = engine.registered()["id"]
    engine.call("visits.cancel", visit=visit)
    with pytest.raises(GatehouseError, match="is cancelled; there is no ticket for it"):
        engine.call("print.ticket", visit=visit, lane="out")


def test_a_trial_page_is_on_record_with_its_author_before_it_is_printed(engine: WithPrinter) -> None:
    assert engine.call("print.trial", device="slip")["outcome"] == "printed"
    assert engine.far.printer.sheets[0].codes == ["GATEHOUSE slip"]
    (row,) = engine.rows("device.tested")
    assert row.data() == {"device": "slip", "what": "print", "outcome": "begun", "by": "Wei", "via": "guard"}
    with pytest.raises(GatehouseError, match="io prints nothing; name a printer"):
        engine.call("print.trial", device="io")


def test_the_printer_of_the_screen_comes_before_that_of_the_lane(tmp_path: Path, far: PrinterOnTcp) -> None:
    engine = WithPrinter(tmp_path / "data", far, at="station")
    try:
        visit = engine.registered()["id"]
        assert engine.call("print.ticket", visit=visit, station="west", lane="out")["outcome"] == "printed"
        with pytest.raises(GatehouseError, match="no printer is set"):
            engine.call("print.ticket", visit=visit, station="east", lane="out")
    finally:
        engine.stop()
