"""Devices of the network that answer a call to everybody: found each once, whatever else answers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from drivers import registry
from drivers.boards.uhppote import DRIVER, frames
from drivers.boards.uhppote.sim import ControllerOnNetwork, SimController
from drivers.discovery import child
from drivers.discovery.calls import broadcasts, called
from drivers.discovery.places import Place
from drivers.discovery.search import answered, search, shipped_drivers
from gateway.core.settings.site_file import parse_settings

WAIT_S = 0.4
CALLED = (frames.GET_CONTROLLER,)


def answers(*fars: ControllerOnNetwork) -> list[tuple[str, int, int]]:
    found = called(shipped_drivers(), [(far.host, far.port) for far in fars], WAIT_S)
    return [(one.driver, one.known.options["serial"], one.known.options["door"]) for one in found]


def test_each_door_of_each_controller_is_found_once() -> None:
    with ControllerOnNetwork(SimController(201020304)) as two, ControllerOnNetwork(SimController(405419896)) as four:
        two.controllers[0].faults.twice = True
        assert sorted(answers(two, four)) == [
            *(("uhppote", 201020304, door) for door in (1, 2)),
            *(("uhppote", 405419896, door) for door in (1, 2, 3, 4)),
        ]
        assert [one.asked for far in (two, four) for one in far.controllers] == [[*CALLED], [*CALLED]]


def test_what_was_found_is_a_device_of_a_site_file() -> None:
    with ControllerOnNetwork(SimController(105419896)) as far:
        found = answered(called([DRIVER], [(far.host, far.port)], WAIT_S), ["door-1"])
    assert [(one.device, one.heard, one.sure, one.where) for one in found] == [
        (
            {
                "id": "door-2",
                "driver": "uhppote",
                "link": {"type": "udp", "host": "127.0.0.1"},
                "serial": 105419896,
                "door": 1,
            },
            "door 1 of the UHPPOTE controller 105419896, firmware 8.92, at 127.0.0.1",
            True,
            "127.0.0.1",
        )
    ]
    document = {"site": {"id": "s"}, "gateway": {"id": "g"}, "devices": [found[0].device]}
    assert registry.configure(parse_settings(document))[0].options.serial == 105419896


@pytest.mark.parametrize("fault", [{"short": True}, {"wrong_function": 1}, {"spoil": lambda _: b""}])
def test_what_is_no_answer_is_no_device(fault: dict[str, object]) -> None:
    with ControllerOnNetwork() as far:
        for key, value in fault.items():
            setattr(far.controllers[0].faults, key, value)
        assert answers(far) == []


def test_a_network_that_takes_no_call_has_no_devices() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        refused = ("127.0.0.1", taken.getsockname()[1] - 1)
    assert called([DRIVER], [("256.0.0.1", 1), refused], 0.2) == []


def test_the_call_goes_out_at_every_interface() -> None:
    assert all(len(one.split(".")) == 4 and one != "0.0.0.0" for one in broadcasts())


def test_a_controller_at_a_named_address_is_found_by_a_connection(tmp_path: Path) -> None:
    with ControllerOnNetwork(SimController(201020304), over="tcp") as far:
        found, silent = search([Place(host=far.host, tcp_port=far.port)], lambda _: None, listen_s=0.05, units=(1,))
    assert silent == []
    assert [(one.device["id"], one.device["door"], one.device["link"]["type"]) for one in found] == [
        ("door-1", 1, "tcp"),
        ("door-2", 2, "tcp"),
    ]
    assert set(far.controllers[0].asked) == {*CALLED}, "asked who it is, and nothing that changes"


def test_the_search_beside_an_engine_calls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with ControllerOnNetwork(SimController(105419896)) as far:
        address = [(far.host, far.port)]
        monkeypatch.setattr(child, "called", lambda drivers: called(drivers, address, WAIT_S))
        monkeypatch.setattr(child, "cameras", list)
        monkeypatch.setattr(child, "serial_ports", list)
        lines: list[child.Line] = []
        child.run(child.Request(listen_s=0.0), lines.append)
    found = [line.step.found for line in lines if line.step is not None and line.step.found is not None]
    assert [one.device["serial"] for one in found] == [105419896]
