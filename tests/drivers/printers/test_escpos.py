"""A receipt printer: its bytes, and what becomes of papers on a true wire, whatever the printer does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.escpos import bus as printing
from drivers.printers.escpos import frames
from drivers.printers.escpos.bus import PrintingBus
from drivers.printers.escpos.sim import PrinterOnPty, PrinterOnTcp
from drivers.virtual.noop import DRIVER as NOOP
from gateway.core.papers.paper import CODE_MAX, Code, Item, Outcome, Pair, Paper, Rule, Text
from gateway.core.vocabulary.errors import RefusedError
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, OutputFailed
from tests.drivers.conftest import Running, configured, golden_of, wait_until
from tests.support.waiting import PATIENCE_S

RECEIPT = Paper((Text("北苑小区", "center", large=True), Pair("应收", "12.50"), Rule(), Code("GH1ABC")))
GOLDEN: list[dict[str, Any]] = golden_of("escpos")


# ---- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", [one for one in GOLDEN if "paper" in one], ids=lambda one: one["source"][:30])
def test_golden_papers(vector: dict[str, Any]) -> None:
    paper = Paper(tuple(msgspec.convert(vector["paper"], list[Item])))
    look = msgspec.convert(vector["look"], frames.Look)
    assert frames.encode(paper, look) == bytes.fromhex(vector["bytes"])


@pytest.mark.parametrize("vector", [one for one in GOLDEN if "ask" in one], ids=lambda one: one["source"][:40])
def test_golden_states(vector: dict[str, Any]) -> None:
    assert frames.ask(vector["what"]) == bytes.fromhex(vector["ask"])
    answer = bytes.fromhex(vector["answer"])
    assert frames.Answers().feed(answer) == [("state", answer[0])]
    assert frames.trouble(vector["what"], answer[0]) == vector["trouble"]


def test_an_answer_that_all_is_printed_is_told_from_a_state_and_from_what_comes_unasked() -> None:
    unasked = bytes.fromhex("10 00 00 00")
    flow = b"\x11\x13"
    assert frames.Answers().feed(unasked + flow + b"\x12\x00") == [("state", 0x12), ("printed", 0)]


def test_a_character_that_the_printer_has_not_keeps_its_width() -> None:
    assert frames.encode(Paper((Text("\U00020bb7田"),)), frames.Look(cuts=False))[4:-3] == b"??\xcc\xef\n"


items = st.one_of(
    st.builds(Text, st.text(max_size=60), st.sampled_from(["left", "center"]), st.booleans()),
    st.builds(Pair, st.text(max_size=40), st.text(max_size=40), st.booleans()),
    st.just(Rule()),
    st.builds(Code, st.text(max_size=CODE_MAX)),
)


@given(
    st.lists(items, max_size=8),
    st.integers(24, 64),
    st.sampled_from(["gb18030", "big5", "utf-8", "ascii"]),
    st.booleans(),
)
def test_whatever_is_printed_the_printer_gets_only_whole_known_commands(
    printed: list[Item], width: int, encoding: frames.Encoding, cuts: bool
) -> None:
    written = frames.encode(Paper(tuple(printed)), frames.Look(width, encoding, cuts))
    parts = list(frames.parts(written))
    assert all(frames.whole(part) for part in parts)
    known = {bytes(part.data[:2]) for part in parts if part.command and not part.data.startswith(frames.QR)}
    assert known <= {b"\x1b@", b"\x1c&", b"\x1c.", b"\x1ba", b"\x1bd", b"\x1d!", b"\x1c!", b"\x1dV"}
    assert written.startswith(frames.INIT)
    assert written.endswith(frames.CUT if cuts else frames.FEED)
    assert sum(frames.code_in(part) is not None for part in parts) == sum(isinstance(one, Code) for one in printed)


def test_a_trace_has_the_text_and_not_the_code() -> None:
    written = frames.encode(RECEIPT, frames.Look())
    hidden = frames.hidden(written)
    assert len(hidden) == len(written)
    assert b"GH1ABC" in written
    assert b"GH1ABC" not in hidden
    assert b"******" in hidden


# ---- on a wire -------------------------------------------------------------------------------------------------------


class Told:
    """Waits for what became of a paper."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._news = threading.Condition()

    def __call__(self, outcome: Outcome) -> None:
        with self._news:
            self.outcomes.append(outcome)
            self._news.notify_all()

    def wait(self, count: int = 1) -> list[Outcome]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.outcomes) >= count, PATIENCE_S), self.outcomes
            return list(self.outcomes)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer is asked again soon, and given up soon."""
    monkeypatch.setattr(printing, "SOON_S", 0.05)
    monkeypatch.setattr(printing, "LOOK_S", 0.1)
    monkeypatch.setattr(printing, "PRINT_S", 0.4)


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[PrinterOnPty]:
    with PrinterOnPty(tmp_path / "printer") as far:
        yield far


def start(running: Running, far: PrinterOnPty | PrinterOnTcp, timeout_ms: int = 2_000, **options: Any) -> PrintingBus:
    bus = running.start({"id": "p", "driver": "escpos", "link": far.link(timeout_ms), **options})
    running.reported.wait(DeviceRestored)
    assert isinstance(bus, PrintingBus)
    return bus


def printed(bus: PrintingBus, paper: Paper = RECEIPT) -> Outcome:
    told = Told()
    bus.print_out("p", paper, told)
    return told.wait()[0]


pytestmark = pytest.mark.real


@pytest.mark.parametrize("wire", ["serial", "tcp"])
def test_a_paper_is_printed_and_the_printer_says_so(running: Running, printer: PrinterOnPty, wire: str) -> None:
    with PrinterOnTcp() as network:
        far = printer if wire == "serial" else network
        assert printed(start(running, far)) == "printed"
        (sheet,) = far.printer.sheets
        assert sheet.lines[:3] == ["北苑小区", "应收                       12.50", "-" * 32]
        assert sheet.large == ["北苑小区"]
        assert sheet.codes == ["GH1ABC"]
        assert sheet.cut
        running.stop()


def test_papers_are_printed_one_after_the_other_in_order(running: Running, printer: PrinterOnPty) -> None:
    bus, told = start(running, printer), Told()
    for number in range(5):
        bus.print_out("p", Paper((Text(f"paper {number}"),)), told)
    assert told.wait(5) == ["printed"] * 5
    assert [sheet.lines for sheet in printer.printer.sheets] == [[f"paper {number}"] for number in range(5)]


def test_a_printer_that_never_answers_is_sent_the_paper(running: Running, printer: PrinterOnPty) -> None:
    bus = start(running, printer, status="none", cuts=False)
    assert printed(bus) == "sent"
    wait_until(lambda: printer.printer.sheets)
    assert not printer.printer.sheets[0].cut
    assert frames.DLE_EOT not in printer.printer.received


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [({"lines_left": 0}, "paper_out"), ({"cover_open": True}, "cover_open"), ({"jammed": True}, "fault")],
)
def test_a_printer_that_cannot_print_is_told_at_once_and_gets_nothing(
    running: Running, printer: PrinterOnPty, fault: dict[str, Any], outcome: str
) -> None:
    bus = start(running, printer)
    printer.printer.faults = msgspec.structs.replace(printer.printer.faults, **fault)
    assert printed(bus) == outcome
    assert frames.INIT not in printer.printer.received
    assert printing.WORDS[outcome] in bus.health()[0].last_error  # type: ignore[index]
    assert bus.health()[0].state == "online", "it is there, and no alarm"
    printer.printer.faults = type(printer.printer.faults)()
    assert printed(bus) == "printed"


@pytest.mark.usefixtures("quick")
def test_paper_that_ends_in_the_middle_is_told(running: Running, printer: PrinterOnPty) -> None:
    bus = start(running, printer)
    printer.printer.faults.lines_left = 1
    assert printed(bus) == "paper_out"
    assert printer.printer.sheets == []


@pytest.mark.usefixtures("quick")
def test_a_printer_that_knows_no_answer_behind_the_paper_has_been_sent_it(
    running: Running, printer: PrinterOnPty
) -> None:
    bus = start(running, printer)
    printer.printer.faults.never_done = True
    assert printed(bus) == "sent"
    assert len(printer.printer.sheets) == 1


@pytest.mark.usefixtures("quick")
def test_a_printer_that_was_switched_off_is_lost_in_words_and_comes_back(
    running: Running, printer: PrinterOnPty
) -> None:
    bus = start(running, printer, timeout_ms=50)
    printer.printer.faults.silent = True
    assert printed(bus) == "silent"
    assert "does not answer; check its power" in running.reported.wait(DeviceLost).error
    printer.printer.faults.silent = False
    running.reported.wait(DeviceRestored, count=2)
    assert printed(bus) == "printed"
    assert len(printer.printer.sheets) == 1, "what was not printed comes never by itself"


def test_a_paper_for_a_printer_that_is_away_is_told_at_once(running: Running, printer: PrinterOnPty) -> None:
    bus = start(running, printer)
    printer.unplug()
    running.reported.wait(DeviceLost)
    began_s = time.monotonic()
    assert printed(bus) == "off"
    assert time.monotonic() - began_s < printing.LIFE_S
    printer.plug()
    running.reported.wait(DeviceRestored, count=2)
    assert printed(bus) == "printed"
    assert len(printer.printer.sheets) == 1


@pytest.mark.usefixtures("quick")
def test_a_network_printer_that_ends_idle_connections_is_not_lost(running: Running) -> None:
    with PrinterOnTcp() as far:
        bus = start(running, far)
        far.hang_up()
        assert printed(bus) == "printed"
        time.sleep(0.1)
        far.hang_up()
        assert printed(bus) == "printed"
        assert running.reported.of(DeviceLost) == []
        running.stop()


def test_more_papers_than_may_wait_are_refused_and_nobody_is_held_up(running: Running, printer: PrinterOnPty) -> None:
    bus, told = start(running, printer), Told()
    printer.printer.faults.never_done = True
    began_s = time.monotonic()
    for _ in range(printing.WAITING_MAX + 3):
        bus.print_out("p", RECEIPT, told)
    assert time.monotonic() - began_s < 1
    assert told.wait() == ["full"] * len(told.outcomes)
    running.stop()
    outcomes = told.wait(printing.WAITING_MAX + 3)
    assert set(outcomes) <= {"full", "sent", "off"}, "each is told, also at a stop"
    assert outcomes.count("full") >= 2


def test_a_paper_that_has_waited_too_long_is_not_printed(
    running: Running, printer: PrinterOnPty, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = start(running, printer)
    monkeypatch.setattr(printing, "LIFE_S", -1.0)
    assert printed(bus) == "late"
    assert printer.printer.sheets == []


def test_a_paper_after_the_end_of_the_bus_is_told(running: Running, printer: PrinterOnPty) -> None:
    bus = start(running, printer)
    running.stop()
    assert printed(bus) == "off"


def test_a_printer_has_no_outputs_and_others_print_nothing(running: Running, printer: PrinterOnPty) -> None:
    bus = start(running, printer)
    bus.switch("p", 0, True, 3)
    assert running.reported.wait(OutputFailed).token == 3
    with pytest.raises(RefusedError, match="n prints nothing"):
        NOOP.open_bus([configured("n", "noop")], lambda _: None).print_out("n", RECEIPT, lambda _: None)
