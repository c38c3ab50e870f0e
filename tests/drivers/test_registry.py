from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from drivers import registry
from drivers.base import Driver
from drivers.boards.layout import known_boards, load_board
from drivers.boards.modbus import ModbusOptions
from drivers.virtual.noop import DRIVER as NOOP
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import DriverError, SettingsError

TCP = {"type": "tcp", "host": "127.0.0.1", "port": 5020}
SERIAL = {"type": "serial", "port": "/dev/ttyUSB0"}
IO = {"id": "io", "driver": "modbus", "link": TCP}


def configure(*devices: dict[str, Any], **more: Any) -> list[Any]:
    document = {"site": {"id": "s"}, "gateway": {"id": "g"}, "devices": list(devices), **more}
    return registry.configure(parse_settings(document))


def problems(*devices: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    with pytest.raises(SettingsError) as raised:
        configure(*devices, **more)
    return raised.value.problems


def lane(**barrier: Any) -> dict[str, Any]:
    return {"id": "in", "direction": "entry", "barrier": {"open": "io.output.0", **barrier}}


# ---- finding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(registry.shipped()))
def test_every_driver_of_the_contract_is_found_by_its_name(name: str) -> None:
    assert registry.find(name).name == name


def test_an_unknown_driver_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DriverError, match=f"is 'rdm6301'; known drivers: {', '.join(registry.known())}"):
        registry.find("rdm6301")


def test_another_package_can_bring_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = EntryPoint("theirs", "drivers.virtual.noop:DRIVER", registry.GROUP)
    monkeypatch.setattr(registry, "brought", lambda: {"theirs": theirs})
    assert registry.find("theirs") is NOOP
    assert "theirs" in registry.known()


def test_a_driver_of_a_package_that_is_installed_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gatehouse.drivers]\nmy-board = my_board:DRIVER\n")
    (tmp_path / "my_board.py").write_text("from drivers.virtual.noop import DRIVER\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registry.find("my-board") is NOOP
    assert "my-board" in registry.known()


def test_a_driver_of_ours_is_not_replaced_by_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = EntryPoint("rdm6300", "drivers.virtual.noop:DRIVER", registry.GROUP)
    monkeypatch.setattr(registry, "brought", lambda: {"rdm6300": theirs})
    assert registry.find("rdm6300").name == "rdm6300"


def test_a_folder_that_is_no_package_is_no_driver() -> None:
    assert (Path(registry.__file__).parent / "boards" / "layouts").is_dir()
    assert "layouts" not in registry.shipped()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("no.such.module:DRIVER", "cannot be loaded"),
        ("drivers.virtual.noop:NOTHING", "cannot be loaded"),
        ("os:sep", "is not a"),
    ],
)
def test_a_broken_driver_of_another_package_is_named(monkeypatch: pytest.MonkeyPatch, target: str, says: str) -> None:
    monkeypatch.setattr(registry, "brought", lambda: {"theirs": EntryPoint("theirs", target, registry.GROUP)})
    with pytest.raises(DriverError, match=says):
        registry.find("theirs")


@pytest.mark.parametrize(
    "fault", ["raise RuntimeError('no SDK')", "DRIVER = (", "from drivers.base import Driver; Driver()"]
)
def test_whatever_a_driver_of_another_package_raises_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "faulty_driver.py").write_text(fault)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "faulty_driver", raising=False)
    theirs = EntryPoint("theirs", "faulty_driver:DRIVER", registry.GROUP)
    monkeypatch.setattr(registry, "brought", lambda: {"theirs": theirs})
    with pytest.raises(DriverError, match=r"driver 'theirs' cannot be loaded: .*mend or remove its package"):
        registry.find("theirs")


def test_drivers_that_ship_are_found_without_asking_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking them costs every start of the engine a tenth of its time."""
    monkeypatch.delattr(registry, "brought")
    for name in registry.shipped():
        assert registry.find(name).name == name


@pytest.mark.parametrize("name", sorted(registry.shipped()))
def test_a_shipped_driver_documents_itself(name: str) -> None:
    driver = registry.find(name)
    assert isinstance(driver, Driver)
    assert driver.Options.__doc__
    assert driver.__doc__


# ---- options -------------------------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_contract() -> None:
    reader, board = configure(
        {"id": "r", "driver": "rdm6300", "port": "/dev/ttyUSB0"}, {"id": "io", "driver": "modbus", "link": TCP}
    )
    assert (reader.options.baudrate, reader.options.reverse_bytes, reader.options.repeat_ms) == (9600, False, 5000)
    assert (board.options.unit, board.options.board, board.options.poll_ms) == (1, "generic", 50)
    assert board.options.link.timeout_ms == 500
    assert registry.find("modbus").points(board.options) == (8, 8)


WRONG = [
    ({**IO, "pol_ms": 20}, "devices[0].pol_ms", "is not a known key; known here: link, unit, board, poll_ms"),
    ({**IO, "poll_ms": 5}, "devices[0].poll_ms", "is 5; give a number from 10 to 10000"),
    ({**IO, "poll_ms": "20"}, "devices[0].poll_ms", "is '20'; give a whole number"),
    ({**IO, "unit": 256}, "devices[0].unit", "is 256; give a number from 0 to 255"),
    ({**IO, "board": "waveshare"}, "devices[0].board", "is 'waveshare'; known boards: di8do8-6842, generic"),
    ({**IO, "input_start": 65_530}, "devices[0].input_start", "is 65530; with 8 points it must be at most 65528"),
    ({"id": "io", "driver": "modbus"}, "devices[0].link", "is missing; it is required"),
    ({**IO, "link": {"type": "tcp"}}, "devices[0].link.host", "is missing; it is required"),
    ({**IO, "link": {**TCP, "prot": 1}}, "devices[0].link.prot", "is not a known key"),
    ({**IO, "link": {**SERIAL, "baudrate": 1}}, "devices[0].link.baudrate", "is 1; give a number from 1200 to 1000000"),
    ({**IO, "link": {"type": "usb"}}, "devices[0].link.type", 'is \'usb\'; use one of "serial", "tcp", "rtu-tcp"'),
    ({"id": "r", "driver": "rdm6300", "port": ""}, "devices[0].port", "is ''"),
    ({"id": "r", "driver": "rdm6301"}, "devices[0].driver", "is 'rdm6301'; known drivers: "),
    (
        {"id": "g", "driver": "gpio", "outputs": [{"pin": 99}]},
        "devices[0].outputs[0].pin",
        "is 99; give a number from 0 to 27",
    ),
    ({"id": "g", "driver": "gpio", "outputs": [{"pin": 1}, {"pin": 1}]}, "devices[0].outputs", "pin 1 twice"),
    ({"id": "w", "driver": "wiegand", "d0": 4, "d1": 4}, "devices[0].d1", "D0 and D1 need a line each"),
    ({"id": "w", "driver": "wiegand", "d0": 4, "d1": 5, "format": "27"}, "devices[0].format", "is '27'; expected 26"),
    (
        {"id": "t", "driver": "serial-text", "port": "x", "pattern": "a"},
        "devices[0].pattern",
        "is 'a'; it needs a group",
    ),
    ({"id": "t", "driver": "serial-text", "port": "x", "radix": 8}, "devices[0].radix", "is 8; use one of 10, 16"),
    (
        {"id": "t", "driver": "serial-text", "port": "x", "kind": "tag"},
        "devices[0].kind",
        'is \'tag\'; use one of "card", "pin", "plate", "qr"',
    ),
    (
        {"id": "u", "driver": "uhfreader18", "link": TCP, "power": 31},
        "devices[0].power",
        "is 31; give a number from 0 to 30",
    ),
    ({"id": "d", "driver": "serial-display", "port": "x", "before": "z"}, "devices[0].before", "in hex"),
]


@pytest.mark.parametrize(("device", "path", "message"), WRONG, ids=[row[1] for row in WRONG])
def test_a_wrong_option_is_named_by_path_value_and_remedy(device: dict[str, Any], path: str, message: str) -> None:
    found = problems(device)
    assert [place for place, _ in found] == [path]
    assert message in found[0][1]


def test_all_problems_are_told_at_once() -> None:
    found = problems({**IO, "unit": -1}, {"id": "r", "driver": "rdm6300"}, {"id": "x", "driver": "y"})
    assert [place for place, _ in found] == ["devices[0].unit", "devices[1].port", "devices[2].driver"]


# ---- sharing wires -------------------------------------------------------------------------------------------------


def test_boards_with_equal_links_and_different_units_share_a_wire() -> None:
    configs = configure(IO, {**IO, "id": "io2", "unit": 2}, {**IO, "id": "io3", "link": SERIAL})
    buses = registry.open_buses(configs, lambda _: None)
    assert [bus.devices for bus in buses] == [("io", "io2"), ("io3",)]


CLASHES = [
    ({**IO, "id": "b"}, "devices[1].unit", "another device on this wire has already (devices[0])"),
    ({**IO, "id": "b", "unit": 2, "link": {**TCP, "timeout_ms": 100}}, "devices[1].link", "make them equal"),
]


@pytest.mark.parametrize(("second", "path", "message"), CLASHES)
def test_boards_that_cannot_share_a_wire_are_refused(second: dict[str, Any], path: str, message: str) -> None:
    found = problems(IO, second)
    assert found[0][0] == path
    assert message in found[0][1]


def test_a_reader_and_boards_cannot_share_a_port() -> None:
    found = problems({"id": "r", "driver": "rdm6300", "port": "/dev/ttyUSB0"}, {**IO, "link": SERIAL})
    assert found == [("devices[1].port", "is the port of a device with another driver (devices[0])")]


def test_two_readers_cannot_share_a_port() -> None:
    reader = {"driver": "rdm6300", "port": "/dev/ttyUSB0"}
    assert problems({"id": "a", **reader}, {"id": "b", **reader})[0][0] == "devices[1].port"


def test_two_gpio_devices_cannot_share_a_pin() -> None:
    gpio = {"driver": "gpio", "outputs": [{"pin": 4}]}
    assert "pin 4" in problems({"id": "a", **gpio}, {"id": "b", **gpio})[0][1]


def test_a_line_belongs_to_one_device_whatever_its_driver() -> None:
    gpio = {"id": "g", "driver": "gpio", "inputs": [{"pin": 17}]}
    wiegand = {"driver": "wiegand", "d0": 17, "d1": 18}
    taken = "uses GPIO line 17, which devices[0] has already"
    assert problems(gpio, {"id": "w", **wiegand}) == [("devices[1]", taken)]
    assert problems({"id": "a", **wiegand}, {"id": "b", **wiegand, "d1": 19}) == [("devices[1]", taken)]
    assert problems({"id": "a", **wiegand}, {"id": "b", **wiegand})[0][0] == "devices[1].port"


def test_uhf_readers_share_a_wire_by_different_addresses_and_equal_links() -> None:
    uhf = {"driver": "uhfreader18", "link": {"type": "serial", "port": "/dev/ttyUSB0"}}
    buses = registry.open_buses(configure({"id": "a", **uhf}, {"id": "b", **uhf, "address": 1}), lambda _: None)
    assert [bus.devices for bus in buses] == [("a", "b")]
    assert problems({"id": "a", **uhf}, {"id": "b", **uhf})[0][0] == "devices[1].address"
    other = {**uhf, "address": 1, "link": {**SERIAL, "baudrate": 9600}}
    assert problems({"id": "a", **uhf}, {"id": "b", **other})[0][0] == "devices[1].link"


# ---- points and readers --------------------------------------------------------------------------------------------


def test_a_point_that_its_device_does_not_have_is_refused() -> None:
    found = problems(IO, lanes=[lane(at_open="io.input.8", close="io.output.1") | {"siren": "io.output.9"}])
    assert found == [
        ("lanes.in.barrier.at_open", "is 'io.input.8'; the inputs of io (modbus): 0 to 7"),
        ("lanes.in.siren", "is 'io.output.9'; the outputs of io (modbus): 0 to 7"),
    ]


def test_a_board_without_inputs_has_none() -> None:
    relay = {**IO, "board": "waveshare-relay-8ch"}
    found = problems(relay, lanes=[lane(at_open="io.input.0")])
    assert found == [("lanes.in.barrier.at_open", "is 'io.input.0'; the inputs of io (modbus): none")]


def test_a_barrier_that_stands_apart_is_checked_too() -> None:
    found = problems(
        IO,
        barriers=[{"id": "b1", "open": "io.output.12"}],
        lanes=[{"id": "in", "direction": "entry", "barrier": "b1"}],
    )
    assert found[0][0] in ("barriers.b1.open", "lanes.in.barrier.open")


def test_a_lane_cannot_read_from_a_board() -> None:
    found = problems(IO, lanes=[lane() | {"readers": ["io"]}])
    assert found == [("lanes.in.readers[0]", "is 'io', which is no reader (driver modbus); name a reader")]


def test_a_lane_cannot_show_on_a_board() -> None:
    found = problems(IO, lanes=[lane() | {"displays": ["io"]}])
    assert found == [("lanes.in.displays[0]", "is 'io', which shows nothing (driver modbus); name a display")]


def test_a_lane_and_a_station_cannot_print_on_a_board() -> None:
    found = problems(IO, lanes=[lane() | {"printer": "io"}], stations=[{"id": "west", "printer": "io"}])
    message = "is 'io', which prints nothing (driver modbus); name a printer"
    assert found == [("lanes.in.printer", message), ("stations.west.printer", message)]


def test_two_printers_need_a_wire_each() -> None:
    printer = {"driver": "escpos", "link": {"type": "tcp", "host": "h"}}
    assert problems({"id": "a", **printer}, {"id": "b", **printer})[0][0] == "devices[1].link"


# ---- boards --------------------------------------------------------------------------------------------------------


def test_the_boards_of_the_contract_ship() -> None:
    assert known_boards() == ["di8do8-6842", "generic", "r421a08", "waveshare-io-8ch", "waveshare-relay-8ch"]


@pytest.mark.parametrize("name", known_boards())
def test_every_board_names_its_source(name: str) -> None:
    board = load_board(name)
    assert board.source
    assert board.title


@pytest.mark.parametrize(("asked_ms", "steps"), [(1, 1), (100, 1), (101, 2), (700, 7), (10_000_000, 32767)])
def test_pulses_timed_by_the_board_are_rounded_up(asked_ms: int, steps: int) -> None:
    flash = load_board("waveshare-relay-8ch").flash
    assert flash is not None
    assert flash.steps(asked_ms) == steps


def test_counts_of_the_site_file_do_not_change_a_board_with_a_map_of_its_own() -> None:
    from drivers.boards.modbus import TcpLink

    options = ModbusOptions(TcpLink("h"), board="waveshare-io-8ch", inputs=100)
    assert options.layout() == load_board("waveshare-io-8ch")
