"""What is measured beside the gate, hour by hour, on a fake clock and a machine of files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.base import Health
from gateway.core.measurements.summary import Summary
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.events import ClockState, DeviceLost, DeviceRestored, Event, InputsRead, Now
from gateway.engine.measuring import loops
from gateway.engine.measuring.box import Box
from gateway.engine.measuring.loops import QUEUE_MAX, Occupations, Tap, Told
from gateway.engine.measuring.measuring import HOUR_NS, VALUES_MAX, Measuring, Values, day_of
from gateway.engine.measuring.travels import Travels
from gateway.store.journal.queries import StoredRow
from gateway.store.measurements.store import MeasurementReader, MeasurementWriter
from gateway.store.projections.state import State
from tests.core.playbook import site_document

SETTINGS = parse_settings(site_document())
SHANGHAI = ZoneInfo("Asia/Shanghai")
BEGIN_NS = 480_000 * HOUR_NS + HOUR_NS // 2
S, MS = 1_000_000_000, 1_000_000
FREE, UNDER = (False,) * 5, (False, False, True, False, False)
SAFETY = "loop:in/safety_loop"


class Machine:
    """A measuring thread that is turned by hand; its files are in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wall_ns, self.clock = BEGIN_NS, ClockState.SYNCED
        self.devices: list[Health] = []
        self.passed: list[Event] = []
        self.tap = Tap(self.passed.append)
        self.state = State(folder / "state.db", writer=True)
        self.sys = folder / "sys"
        self.file("class/thermal/thermal_zone0/temp", "45300")
        self.writer = MeasurementWriter(folder / "measurements")
        self.measuring = Measuring(
            SETTINGS,
            tap=self.tap,
            health=lambda: self.devices,
            travels=Travels(folder / "state.db"),
            box=Box(folder, self.sys),
            writer=self.writer,
            now=lambda: Now(self.wall_ns, self.wall_ns, self.clock),
        )

    def file(self, path: str, text: str) -> None:
        file = self.sys / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def turn(self, after_s: float = 10) -> None:
        self.wall_ns += int(after_s * S)
        self.measuring.turn()

    def hours(self) -> dict[str, dict[int, Summary]]:
        return MeasurementReader(self.folder / "measurements").hours(self.wall_ns // HOUR_NS)

    def moved(self, sequence: int, what: str, travel_ms: int) -> None:
        data = f'{{"data":{{"lane":"in","barrier":"in","cause":"commanded","travel_ms":{travel_ms}}}}}'
        self.state.apply([StoredRow(sequence, f"barrier.{what}", "lanes/in", self.wall_ns, data)])


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path)
    yield found
    found.state.close()


def told(device: str, inputs: tuple[bool, ...] | None, at_s: float) -> Told:
    return Told(int(at_s * S), device, inputs)


def occupied(*reports: Told) -> list[tuple[str, int]]:
    watched = Occupations(SETTINGS)
    return [one for report in reports for one in watched.take(report)]


# ---- loops


def test_the_length_of_an_occupation_is_from_its_first_report_to_its_end() -> None:
    assert occupied(told("io", FREE, 0), told("io", UNDER, 1), told("io", UNDER, 2), told("io", FREE, 4.5)) == [
        (SAFETY, 3_500)
    ]


@pytest.mark.parametrize(
    "reports",
    [
        [told("io", UNDER, 1), told("io", FREE, 4)],
        [told("io", FREE, 0), told("io", UNDER, 1), told("io", None, 2), told("io", FREE, 4)],
        [told("io", FREE, 0), told("io", UNDER, 1), told("io", FREE, 1.01)],
        [told("io", FREE, 0), told("io", UNDER, 1), told("io", FREE, 4_000)],
        [told("other", FREE, 0), told("other", UNDER, 1), told("other", FREE, 4)],
    ],
    ids=["begin not seen", "board lost meanwhile", "a bounce", "parked", "another board"],
)
def test_an_occupation_that_was_not_seen_whole_does_not_count(reports: list[Told]) -> None:
    assert occupied(*reports) == []


def test_the_tap_passes_every_event_on_first_and_keeps_a_bounded_number() -> None:
    passed: list[Event] = []
    tap = Tap(passed.append)
    for _ in range(QUEUE_MAX + 10):
        tap.report(InputsRead("io", FREE))
    tap.report(DeviceLost("io", "gone"))
    tap.report(DeviceRestored("io", UNDER))
    assert len(passed) == QUEUE_MAX + 12
    noted = list(tap.take())
    assert (len(noted), noted[-2].inputs, noted[-1].inputs) == (QUEUE_MAX, None, UNDER)
    assert list(tap.take()) == []


def test_what_is_no_input_is_not_noted() -> None:
    tap = Tap(lambda _event: None)
    tap.report(Event())
    assert list(tap.take()) == []


# ---- an hour


def test_an_hour_is_written_once_with_all_that_was_measured(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0, 1 * S, 3 * S])
    monkeypatch.setattr(loops.time, "monotonic_ns", lambda: next(clock))
    machine.turn()
    for inputs in (FREE, UNDER, FREE):
        machine.tap.report(InputsRead("io", inputs))
    monkeypatch.setattr(loops.time, "monotonic_ns", time.monotonic_ns)
    machine.moved(1, "opened", 2_400)
    machine.moved(2, "closed", 2_600)
    machine.devices = [Health("io", "online", 0, frames=990, errors=10, round_trip_us=4_200)]
    machine.turn()
    machine.devices = [Health("io", "online", 0, frames=1_970, errors=30, round_trip_us=4_200)]
    machine.turn()
    assert machine.hours() == {}
    machine.turn(after_s=1_800)
    found = {name: next(iter(points.values())) for name, points in machine.hours().items()}
    assert found[SAFETY] == Summary(1, 2_000, 2_000, 2_000)
    assert found["travel.open:in"].middle == 2_400
    assert found["travel.close:in"].middle == 2_600
    assert found["round_trip:io"].middle == 4_200
    assert found["errors:io"] == Summary(1_000, 20, 20, 20)
    assert found["temperature:box"].middle == 453
    assert {hour for points in machine.hours().values() for hour in points} == {480_000}


def test_a_new_gateway_has_something_to_show_after_ten_minutes(machine: Machine) -> None:
    machine.wall_ns = 480_000 * HOUR_NS
    for _ in range(59):
        machine.turn()
    assert machine.hours() == {}
    machine.moved(1, "opened", 2_400)
    machine.turn()
    assert machine.hours()["travel.open:in"][480_000].count == 1
    for _ in range(60):
        machine.turn()
    machine.turn(after_s=3_600)
    assert machine.hours()["travel.open:in"][480_000].count == 1


def test_a_stop_in_good_order_writes_the_hour_that_has_begun(machine: Machine) -> None:
    machine.turn()
    machine.measuring.stop()
    machine.measuring.run()
    assert machine.hours()["temperature:box"][480_000].count >= 1


def test_while_the_clock_is_not_sure_nothing_is_written(machine: Machine) -> None:
    machine.clock = ClockState.UNSET
    machine.turn()
    machine.turn(after_s=3_600)
    assert machine.hours() == {}


def test_a_full_disk_loses_an_hour_and_says_so_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_given: Any) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(machine.writer, "add", full)
    for _ in range(14):
        machine.turn(after_s=600)
    monkeypatch.undo()
    for _ in range(14):
        machine.turn(after_s=600)
    assert [record.message for record in caplog.records] == ["measurements of an hour are lost: the disk is full"]
    assert machine.hours() != {}


def test_projections_that_cannot_be_read_leave_travel_times_out(tmp_path: Path) -> None:
    assert Travels(tmp_path / "nowhere.db").between(["in"], 0, 1) == {}


def test_a_device_that_began_anew_is_not_counted_backwards(machine: Machine) -> None:
    machine.devices = [Health("io", "online", 0, frames=500, errors=9)]
    machine.turn()
    machine.devices = [Health("io", "online", 0, frames=10, errors=0)]
    machine.turn()
    machine.turn(after_s=3_600)
    assert "errors:io" not in machine.hours()


def test_other_settings_are_measured_from_the_next_look(machine: Machine) -> None:
    document = site_document(safety_loop="io.input.3", approach_loop=None)
    machine.measuring.settings_changed(parse_settings(document))
    machine.turn()
    for inputs in (FREE, (False, False, False, True, False), FREE):
        machine.tap.report(InputsRead("io", inputs))
        time.sleep(0.06)
    machine.turn()
    machine.turn(after_s=3_600)
    assert SAFETY in machine.hours()


def test_the_values_of_a_busy_series_stay_bounded_and_true() -> None:
    values = Values()
    for number in range(20 * VALUES_MAX):
        values.add("round_trip:io", number % 100)
    (summary,) = values.take().values()
    assert summary.count <= VALUES_MAX
    assert 30 < summary.middle < 70
    assert values.take() == {}


def test_a_day_is_one_of_the_sites_time_zone() -> None:
    day, hours = day_of(480_000, SHANGHAI)  # 2024-10-04T00:00Z, 08:00 in Shanghai
    assert (day, hours.start, hours.stop) == (20_000, 480_000 - 8, 480_000 + 16)


# ---- the machine


def test_a_raspberry_pi_tells_of_its_supply_and_an_emmc_of_its_wear(tmp_path: Path) -> None:
    sys, data = tmp_path / "sys", tmp_path / "data"
    data.mkdir()
    device = data.stat().st_dev
    disk = sys / "devices" / "mmc0" / "block" / "mmcblk0"
    (disk / "mmcblk0p2").mkdir(parents=True)
    (disk / "mmcblk0p2" / "partition").write_text("2\n")
    (disk / "device").mkdir()
    (disk / "device" / "life_time").write_text("0x02 0x03\n")
    (disk / "stat").write_text("1 2 3 4 5 6 2048 8 9 10 11\n")
    blocks = sys / "dev" / "block"
    blocks.mkdir(parents=True)
    (blocks / f"{os.major(device)}:{os.minor(device)}").symlink_to(disk / "mmcblk0p2")
    for path, text in {
        "class/thermal/thermal_zone0/temp": "61234",
        "class/hwmon/hwmon1/name": "rpi_volt",
        "class/hwmon/hwmon1/in0_lcrit_alarm": "1",
        "class/hwmon/hwmon2/in1_label": "VIN",
        "class/hwmon/hwmon2/in1_input": "11950",
    }.items():
        (sys / path).parent.mkdir(parents=True, exist_ok=True)
        (sys / path).write_text(f"{text}\n")
    box = Box(data, sys)
    found = dict(box.values())
    assert found.pop("free") > 0
    assert found == {"temperature": 612, "voltage": 11_950, "under_voltage": 1_000, "wear": 30}
    assert box.written_kb() == 1_024


def test_a_machine_that_tells_nothing_has_no_values_but_its_free_space(tmp_path: Path) -> None:
    box = Box(tmp_path, tmp_path / "nothing")
    assert {kind for kind, _ in box.values()} == {"free"}
    assert box.written_kb() is None
    assert dict(Box(tmp_path / "gone", tmp_path).values()) == {}


def test_nonsense_in_the_files_of_the_kernel_is_left_out(tmp_path: Path) -> None:
    for path in ("class/thermal/thermal_zone0/temp", "class/hwmon/hwmon0/in0_label"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("VIN hot")
    assert {kind for kind, _ in Box(tmp_path, tmp_path).values()} == {"free"}
