"""`gatehouse check`: problems with their path, devices that do not answer, and lanes with less."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Bus, DeviceConfig, Health, Report
from drivers.registry import open_buses
from gateway.check.journal import JournalFound, journal_words
from gateway.check.lanes import shared, without
from gateway.check.report import check
from gateway.core.settings.model import Retention
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.views import DeviceView
from gateway.store.directory import DataDirectory
from gateway.store.journal.writer import Journal, Row
from tests.cli.conftest import SITE, Gatehouse


def found(**barrier: Any) -> str:
    """What a lane with this barrier does without, as one text."""
    lane = {**SITE["lanes"][0], "barrier": {"open": "io.output.0", **barrier}}
    settings = parse_settings({**SITE, "lanes": [lane]})
    return "\n".join(without(settings.lanes[0], settings.barriers[0]))


def test_a_site_that_is_fine_is_said_to_be(gatehouse: Gatehouse, site_file: Path) -> None:
    told = gatehouse("check", "--site", site_file)
    assert told.status == 0
    assert told.out.startswith("settings: fine")


def test_a_site_file_needs_no_data_directory(gatehouse: Gatehouse, site_file: Path, data: Path) -> None:
    assert gatehouse("check", "--site", site_file).status == 0
    assert not data.exists()


def test_every_problem_is_found_at_once(gatehouse: Gatehouse, site_file: Path) -> None:
    site_file.write_text(json.dumps({**SITE, "colour": 1, "operators": [{"name": "Lin", "role": "king", "pin": "1"}]}))
    told = gatehouse("check", "--site", site_file, "--json")
    assert told.status == 1
    assert {"colour", "operators[0].role"} <= {path for path, _ in told.data["problems"]}


def test_a_file_that_is_no_json_is_something_wrong(gatehouse: Gatehouse, site_file: Path) -> None:
    site_file.write_text("{")
    assert gatehouse("check", "--site", site_file).status == 1


def test_a_device_that_is_not_there_is_named_with_its_error(gatehouse: Gatehouse, site_file: Path) -> None:
    devices = [SITE["devices"][0], {"id": "reader", "driver": "rdm6300", "port": "/dev/serial/by-path/none"}]
    site_file.write_text(json.dumps({**SITE, "devices": devices}))
    told = gatehouse("check", "--site", site_file, "--json")
    io, reader = told.data["devices"]
    assert (told.status, io["state"], reader["id"]) == (1, "online", "reader")
    assert "/dev/serial/by-path/none" in reader["error"]


def test_a_lost_device_of_the_running_engine_is_a_finding() -> None:
    running = {
        "io": DeviceView(id="io", state="lost", last_error="no answer from unit 1"),
        "reader": DeviceView(id="reader", state="online"),
    }
    report = check(SITE, running, parse_settings(SITE))
    assert [(one.id, one.fine, one.error) for one in report.devices] == [
        ("io", False, "no answer from unit 1"),
        ("reader", True, ""),
    ]


@pytest.mark.parametrize(
    ("barrier", "words"),
    [
        ({}, "no safety loop: never closes by itself"),
        ({"safety_loop": "io.input.2"}, "no close output: the barrier or the guard closes"),
        ({"close_by": "guard"}, "close_by is guard: the gateway never closes by itself"),
        ({}, "no limit switches: the arm's position is presumed"),
        ({"at_closed": "io.input.1"}, "no open limit"),
        ({"at_open": "io.input.0"}, "no closed limit"),
        ({}, "no arm-detached contact"),
        ({"safety_loop": "io.input.2"}, "no approach loop"),
        ({"approach_loop": "io.input.3"}, "approach loop only"),
        ({}, "no loop: a passage is inferred"),
        ({}, "no stop output"),
        ({}, "no siren"),
    ],
)
def test_what_a_lane_does_without_is_said(barrier: dict[str, Any], words: str) -> None:
    assert words in found(**barrier)


def test_a_lane_with_everything_does_without_nothing() -> None:
    points = {key: f"io.input.{n}" for n, key in enumerate(("at_open", "at_closed", "safety_loop", "approach_loop"))}
    everything = {**points, "close": "io.output.1", "stop": "io.output.2", "arm_detached": "io.input.4"}
    assert (
        found(**everything, mains="io.input.5") == "no siren: a crash sounds at the control room and on the screen only"
    )


@pytest.mark.parametrize("counted", [{"groups": [{"id": "12-3", "places": 2}]}, {"site": {"id": "s", "capacity": 9}}])
def test_places_that_nobody_is_seen_to_leave_are_told(
    gatehouse: Gatehouse, site_file: Path, counted: dict[str, Any]
) -> None:
    site = {**SITE, **counted}
    site_file.write_text(json.dumps(site))
    told = gatehouse("check", "--site", site_file)
    assert told.status == 0
    assert "places are counted, but:\n  - no exit lane: no car is seen to leave" in told.out
    site_file.write_text(json.dumps({**site, "lanes": [*SITE["lanes"], _way_out()]}))
    assert "places are counted, but" not in gatehouse("check", "--site", site_file).out


def _way_out() -> dict[str, Any]:
    return {"id": "out", "direction": "exit", "barrier": {"open": "io.output.4"}}


def test_a_site_that_counts_no_places_is_told_nothing_of_them(gatehouse: Gatehouse, site_file: Path) -> None:
    assert "places" not in gatehouse("check", "--site", site_file).out


def test_installed_settings_that_cannot_be_used_are_a_finding(gatehouse: Gatehouse, made: Path) -> None:
    document = DataDirectory(made).documents
    document.save({**document.load(), "lanes": 5})
    assert gatehouse("check").status == 1


def test_it_says_how_much_the_journal_holds_and_when_it_forgets(gatehouse: Gatehouse, data: Path) -> None:
    site = {**SITE, "gateway": {**SITE["gateway"], "retention": {"days": 40, "grace_days": 5, "megabytes": 900}}}
    DataDirectory(data).create(site)
    journal = Journal.open(data / "journal.db", "/sites/s/gateways/g", "boot")
    journal.append([Row("gateway.started", "devices/g", {}, 1_790_000_000 * 10**9, 0)] * 3)
    journal.close()
    told = gatehouse("check")
    assert "journal: 3 rows since 2026-09-21" in told.out
    assert "of at most 900 MB; a row goes after 40 days, or 45" in told.out
    assert gatehouse("check", "--json").data["journal"]["rows"] == 3


def test_a_disk_too_small_for_the_journal_is_said() -> None:
    words = journal_words(JournalFound(10, 50_000_000, 100_000_000, ""), Retention(megabytes=1000))
    assert "100 MB left" in words[1] and "gateway.retention.megabytes" in words[1]
    assert len(journal_words(JournalFound(10, 50_000_000, 100_000_000, ""), Retention(megabytes=150))) == 1


class FaultyBus(Bus):
    """One of another package, with a mistake in it."""

    key = "faulty"

    def __init__(self, place: str) -> None:
        self.devices = ("io",)
        self._place = place

    def _at(self, place: str) -> None:
        if place == self._place:
            raise ZeroDivisionError("no ports")

    def run(self) -> None:
        self._at("run")

    def stop(self) -> None:
        self._at("stop")

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        raise AssertionError("a check moves nothing")

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        raise AssertionError("a check moves nothing")

    def health(self) -> list[Health]:
        self._at("health")
        return [Health("io", "online", 0, 0)]


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("place", ["run", "health", "stop", "nowhere"])
def test_a_drivers_mistake_is_a_finding_and_no_traceback(
    gatehouse: Gatehouse, site_file: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("gateway.check.devices.open_buses", lambda _configs, _report: [FaultyBus(place)])
    told = gatehouse("check", "--site", site_file, "--json")
    io = told.data["devices"][0]
    assert told.status == 1, "the reader has no bus here"
    if place == "nowhere":
        assert io["state"] == "online"
    elif place != "stop":
        assert (io["state"], io["error"]) == (
            "lost",
            "its driver failed (ZeroDivisionError: no ports); tell who made it",
        )
    assert "Traceback" not in told.err


def test_a_driver_that_fails_before_its_bus_is_made_is_a_finding_and_the_others_are_tried(
    gatehouse: Gatehouse, site_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_some(configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        if any(config.id == "reader" for config in configs):
            raise ZeroDivisionError("no ports")
        return open_buses(configs, report)

    monkeypatch.setattr("gateway.check.devices.open_buses", open_some)
    told = gatehouse("check", "--site", site_file, "--json")
    io, reader = told.data["devices"]
    assert (told.status, io["state"]) == (1, "online")
    assert (reader["state"], reader["error"]) == (
        "lost",
        "its driver failed (ZeroDivisionError: no ports); tell who made it",
    )


# ---- what has no effect ----------------------------------------------------------------------------------------------

BLOCKS = [{"minutes": 60, "price": 500}]
TARIFFS = [{"id": one, "currency": "CNY", "blocks": BLOCKS} for one in ("day", "night")]


@pytest.mark.parametrize("tariffs", [TARIFFS[:1], TARIFFS])
def test_tariffs_are_one_warning_and_no_error(gatehouse: Gatehouse, site_file: Path, tariffs: list[Any]) -> None:
    site_file.write_text(json.dumps({**SITE, "tariffs": tariffs}))
    told = gatehouse("check", "--site", site_file)
    assert told.status == 0
    assert told.out.count("warning") == 1
    assert "settings: warning: tariffs hold for nobody, so everything is free" in told.out
    assert [path for path, _ in gatehouse("check", "--site", site_file, "--json").data["warnings"]] == ["tariffs"]


def test_init_says_the_warning_once(gatehouse: Gatehouse, site_file: Path) -> None:
    site_file.write_text(json.dumps({**SITE, "tariffs": TARIFFS}))
    told = gatehouse("init", "--site", site_file)
    assert told.status == 0
    assert told.err.count("everything is free") == 1


@pytest.mark.parametrize("tariffs", [{}, {"tariffs": []}])
def test_a_site_without_tariffs_is_warned_of_nothing(
    gatehouse: Gatehouse, site_file: Path, tariffs: dict[str, Any]
) -> None:
    site_file.write_text(json.dumps({**SITE, **tariffs}))
    assert "warning" not in gatehouse("check", "--site", site_file).out


# ---- a reader of several lanes ---------------------------------------------------------------------------------------


def desk(loops: dict[str, bool], key: str = "readers") -> tuple[str, ...]:
    """What is said of one reader that these lanes share; True: the lane has an approach loop."""
    lanes = [
        {
            "id": lane,
            "direction": "entry",
            key: ["desk"],
            "barrier": {"open": f"io.output.{n}"} | ({"approach_loop": f"io.input.{n}"} if loop else {}),
        }
        for n, (lane, loop) in enumerate(loops.items())
    ]
    devices = [{"id": "io", "driver": "noop"}, {"id": "desk", "driver": "noop"}]
    return shared(parse_settings({**SITE, "devices": devices, "lanes": lanes}))


def test_a_reader_of_one_lane_is_not_mentioned() -> None:
    assert desk({"in": True}) == ()


def test_a_reader_of_several_lanes_is_said_to_read_for_the_lane_where_a_car_waits() -> None:
    assert desk({"in": True, "out": True}) == (
        "reader desk of lanes in and out: what it reads belongs to the lane where a car waits on its approach loop,"
        " else to the lane that is chosen on the booth's screen, else the guard decides (lane_unclear)",
    )


def test_lanes_of_it_without_an_approach_loop_are_named() -> None:
    [one] = desk({"in": True, "out": False})
    assert one.endswith("; out has no approach loop, so there a car is only known by the screen")
    [two] = desk({"in": True, "out": False, "back": False})
    assert "of lanes in, out and back:" in two and two.endswith(
        "; out and back have no approach loop, so there a car is only known by the screen"
    )
    [none] = desk({"in": False, "out": False}, key="cameras")
    assert none.startswith("camera desk of lanes in and out: what it reads belongs to the lane that is chosen")
    assert none.endswith("none of these lanes has an approach loop that tells where a car waits")


def test_it_is_said_by_the_command(gatehouse: Gatehouse, site_file: Path) -> None:
    reader = SITE["lanes"][0]["readers"]
    site_file.write_text(json.dumps({**SITE, "lanes": [*SITE["lanes"], {**_way_out(), "readers": reader}]}))
    told = gatehouse("check", "--site", site_file)
    assert told.status == 0
    assert f"shared by several lanes:\n  - reader {reader[0]} of lanes in and out: " in told.out


def test_what_contradicts_in_a_wiring_is_marked_at_its_lane(gatehouse: Gatehouse, site_file: Path) -> None:
    lane = SITE["lanes"][0]
    barrier = {"open": "io.output.0", "close": "io.output.1", "at_open": "io.input.0", "approach_loop": "io.input.0"}
    site_file.write_text(json.dumps({**SITE, "lanes": [{**lane, "barrier": barrier}]}))
    told = gatehouse("check", "--site", site_file, "--json")
    assert told.status == 1, "the site file refuses two meanings on one input of the arm"
    barrier["approach_loop"] = "io.input.3"
    site_file.write_text(json.dumps({**SITE, "lanes": [{**lane, "barrier": barrier}]}))
    text = gatehouse("check", "--site", site_file).out
    assert "  ! CLOSE is wired and no safety input is: nothing keeps the arm from coming down on a car" in text
