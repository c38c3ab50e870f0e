"""The search on the page: started, shown, and what was found in the draft."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from gateway.engine.discovery.discovery import Discovery
from tests.engine.settings.conftest import Box, until
from tests.web_installer.conftest import Desk

PATH = "/installer/discover"
READER = {"id": "reader", "driver": "rdm6300", "port": "/dev/ttyUSB0", "baudrate": 9600}
BOARD = {
    "id": "io",
    "driver": "modbus",
    "link": {"type": "tcp", "host": "10.0.0.5", "port": 502},
    "unit": 2,
    "board": "generic",
}
TRIED = {"listened_s": 20.0, "speeds": [9600, 4800], "noise": "", "asked": ["modbus"], "units": [1, 2], "error": ""}


def found(device: dict[str, Any], where: str, sure: bool = True) -> dict[str, Any]:
    told = {"device": device, "heard": f"{device['driver']} heard", "sure": sure, "where": where}
    return {"step": {"where": where, "what": "found", "found": told}}


LINES: list[dict[str, Any]] = [
    {"places": {"/dev/ttyUSB0": "", "/dev/ttyUSB1": "", "/dev/ttyUSB2": "", "10.0.0.5:502": ""}},
    {"step": {"where": "/dev/ttyUSB0", "what": "listening", "speed": 9600}},
    found(READER, "/dev/ttyUSB0"),
    found(BOARD, "10.0.0.5:502", sure=False),
    {"step": {"where": "/dev/ttyUSB1", "what": "asking"}},
    {
        "silent": [
            {"where": "/dev/ttyUSB1", "heard": "", "tried": TRIED},
            {"where": "/dev/ttyUSB2", "heard": "", "tried": {**TRIED, "noise": "AA BB"}},
            {"where": "10.0.0.6:502", "heard": "", "tried": {**TRIED, "error": "no route to host"}},
        ],
        "over": True,
    },
]


def play(box: Box, lines: list[dict[str, Any]], ends: bool = True) -> None:
    """The child of the search says these lines."""
    script = "import sys, time\nfor line in sys.argv[1:]: print(line, flush=True)\n"
    script += "" if ends else "sys.stdin.read()\n"
    box.engine._discovery._command = (sys.executable, "-c", script, *(json.dumps(one) for one in lines))
    assert isinstance(box.engine._discovery, Discovery)


def over(box: Box) -> None:
    until(lambda: box.call("discover.state")["state"] != "running")


def test_the_page_begins_a_search_by_name(box: Box, ana: Desk) -> None:
    play(box, LINES[:2], ends=False)
    assert "Nothing moves." in ana.text(PATH)
    assert ana.post(f"{PATH}/start").location == PATH
    until(lambda: box.call("discover.state")["places"])
    assert box.call("discover.state")["by"] == "Ana"
    text = ana.text(PATH)
    assert "/dev/ttyUSB0 listens at 9600 bit/s" in text and "/dev/ttyUSB1 waits" in text
    assert ana.post(f"{PATH}/start").location == PATH
    ana.post(f"{PATH}/stop")
    over(box)
    assert "ended before its time. Ana stopped it" in ana.text(f"{PATH}/results")


def test_what_was_found_joins_the_draft_with_a_tap(box: Box, ana: Desk) -> None:
    play(box, LINES)
    ana.post(f"{PATH}/start")
    over(box)
    text = ana.text(PATH)
    assert "Reader rdm6300 sure /dev/ttyUSB0 · 9600 bit/s rdm6300 heard Add" in text
    assert "Board modbus perhaps 10.0.0.5:502 modbus heard This is a guess" in text
    assert ana.post(f"{PATH}/add", number=0, where="/dev/ttyUSB0").location == f"{PATH}#found-0"
    ana.post(f"{PATH}/add", number=1, where="10.0.0.5:502")
    ana.post(f"{PATH}/add", number=1, where="10.0.0.5:502")
    assert ana.draft().changes == ("devices.reader-1", "devices.io-1")
    assert "added as reader-1" in ana.text(PATH)
    assert "2 changes" in ana.text(PATH)
    assert box.history() == [(1, "confirmed")]


def test_a_silent_place_says_what_was_tried_and_what_to_check(box: Box, ana: Desk) -> None:
    play(box, LINES)
    ana.post(f"{PATH}/start")
    over(box)
    text = ana.text(PATH)
    assert "Listened for 20 s at 9600, 4800 bit/s Asked as modbus, units 1, 2: no answer" in text
    assert "Are A and B, or TX and RX, exchanged?" in text
    assert "bytes that no driver knows: AA BB" in text and "the polarity or the model does not fit" in text
    assert "no route to host" in text


def test_a_list_that_has_changed_adds_nothing(box: Box, ana: Desk) -> None:
    play(box, LINES)
    ana.post(f"{PATH}/start")
    over(box)
    for number, where in ((0, "/dev/ttyUSB9"), (9, "/dev/ttyUSB0"), (-1, ""), ("x", "")):
        assert ana.post(f"{PATH}/add", number=number, where=where).status_code == 409
    assert not ana.draft().changed


@pytest.mark.parametrize(
    ("form", "asked"),
    [
        ({"where": "/dev/ttyUSB0"}, {"ports": ["/dev/ttyUSB0"], "units": [1, 2, 3, 255]}),
        ({"where": " 10.0.0.5:502 ", "units": "7, 8"}, {"addresses": [["10.0.0.5", 502]], "units": [7, 8]}),
        ({"where": "[fe80::1]:502"}, {"addresses": [["fe80::1", 502]]}),
    ],
)
def test_one_place_is_searched_alone(box: Box, ana: Desk, form: Any, asked: Any) -> None:
    script = "import sys, json; r = sys.stdin.readline(); print(json.dumps({'places': {r: ''}, 'over': True}))"
    box.engine._discovery._command = (sys.executable, "-c", script)
    ana.post(f"{PATH}/start", **form)
    over(box)
    [place] = box.call("discover.state")["places"]
    request = json.loads(place["where"])
    assert {key: request[key] for key in asked} == asked
    assert set(request["used"]) == set()


@pytest.mark.parametrize("form", [{"where": "com1"}, {"where": "host:0"}, {"units": "256"}, {"units": "x"}])
def test_what_is_no_place_is_said_at_its_field(box: Box, ana: Desk, form: Any) -> None:
    answer = ana.post(f"{PATH}/start", **form)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert box.call("discover.state")["state"] == "none"


def test_without_an_engine_the_page_says_so(box: Box, ana: Desk) -> None:
    box.stop()
    assert "The engine does not answer" in ana.text(PATH)
    assert ana.post(f"{PATH}/start").status_code == 503
    assert ana.post(f"{PATH}/add", number=0, where="x").status_code == 503
    box.start()
