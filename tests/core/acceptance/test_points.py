"""Which points a lane has follows from the settings alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.acceptance.points import AcceptancePoint, PointKind, difference, of_lane, points_of
from gateway.core.settings.site_file import parse_settings
from tests.core.playbook import site_document, two_lanes


def points(document: dict[str, Any] | None = None) -> dict[str, AcceptancePoint]:
    return points_of(parse_settings(document or site_document()))


def of_kind(found: dict[str, AcceptancePoint], kind: PointKind) -> set[str]:
    return {point.id for point in found.values() if point.kind is kind}


def test_every_contact_reader_and_camera_is_a_status() -> None:
    document = site_document(safety_loop=["io.input.2", "io.input.6"])
    document["devices"].append({"id": "cam", "driver": "plate-http"})
    document["lanes"][0] |= {"fire": "io.input.7", "cameras": ["cam"]}
    assert of_kind(points(document), PointKind.STATUS) == {
        "barriers.in.at_open", "barriers.in.at_closed", "barriers.in.safety_loop", "barriers.in.safety_loop.1",
        "barriers.in.approach_loop", "barriers.in.arm_detached", "lanes.in.fire", "lanes.in.readers.reader-in",
        "lanes.in.cameras.cam",
    }  # fmt: skip


def test_every_output_and_display_is_a_control() -> None:
    document = site_document()
    document["devices"].append({"id": "sign", "driver": "noop"})
    document["lanes"][0] |= {"displays": ["sign"], "lights": {"red": "io.output.4"}}
    assert of_kind(points(document), PointKind.CONTROL) == {
        "barriers.in.open", "barriers.in.close", "barriers.in.stop", "lanes.in.siren", "lanes.in.lights.red",
        "lanes.in.displays.sign",
    }  # fmt: skip


def test_a_time_of_the_arm_is_measured_where_a_limit_switch_tells_its_end() -> None:
    assert of_kind(points(), PointKind.MEASUREMENT) == {"barriers.in.opening_ms", "barriers.in.closing_ms"}
    assert of_kind(points(site_document(at_open=None)), PointKind.MEASUREMENT) == {"barriers.in.closing_ms"}


def test_a_boards_power_cycle_and_a_car_parked_on_each_loop_are_steps_of_their_own() -> None:
    document = site_document(safety_loop=["io.input.2", "io.input.6"], clear_loop="io.input.8")
    assert of_kind(points(document), PointKind.STEP) == {
        "barriers.in.parked.approach_loop", "barriers.in.parked.safety_loop", "barriers.in.parked.safety_loop.1",
        "barriers.in.parked.clear_loop", "devices.io.power_cycle",
    }  # fmt: skip


def test_every_setting_that_holds_at_the_gate_is_a_point_with_its_value() -> None:
    found = points(site_document(max_cycles_per_h=40, service_limits={"cycles": 500_000}))
    values = {point.name: point.basis.limit for point in found.values() if point.kind is PointKind.SETTING}
    assert values == {
        "control": "pulse", "close_by": "gateway", "external_open": "forced", "safety": "gateway", "pulse_ms": "500",
        "travel_time_ms": "3000", "auto_close_ms": "1500", "grant_ms": "20000", "max_cycles_per_h": "40",
        "service_limits.cycles": "500000", "direction": "entry",
    }  # fmt: skip


def test_what_is_not_fitted_or_not_set_is_no_point() -> None:
    document = site_document(arm_detached=None, stop=None)
    del document["lanes"][0]["siren"]
    assert not [point for point in points(document) if point.rpartition(".")[2] in ("arm_detached", "stop", "siren")]


def test_two_lanes_have_a_shared_barrier_and_a_shared_board_once_and_on_both_sheets() -> None:
    document = site_document()
    document["barriers"] = [{"id": "b", **document["lanes"][0].pop("barrier")}]
    document["lanes"][0]["barrier"] = "b"
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": "b"})
    found = points(document)
    assert found["barriers.b.at_open"].lanes == found["devices.io.power_cycle"].lanes == ("in", "out")
    assert found["lanes.out.direction"].lanes == ("out",)
    assert "barriers.b.at_open" in [point.id for point in of_lane(found, "out")]


def test_a_board_that_two_barriers_are_wired_to_has_one_power_cycle() -> None:
    document = two_lanes()
    document["lanes"][1]["barrier"]["arm_detached"] = "io.input.9"
    assert points(document)["devices.io.power_cycle"].lanes == ("in", "out")
    assert points(document)["devices.io2.power_cycle"].lanes == ("out",)


@pytest.mark.parametrize(
    ("change", "point", "reason"),
    [
        (lambda it: it["lanes"][0]["barrier"].update(at_open="io.input.6"), "barriers.in.at_open", "wiring"),
        (
            lambda it: it["lanes"][0]["barrier"].update(at_open={"point": "io.input.0", "normally": "closed"}),
            "barriers.in.at_open",
            "polarity",
        ),
        (
            lambda it: it["lanes"][0]["barrier"].update(at_open={"point": "io.input.0", "debounce_ms": 60}),
            "barriers.in.at_open",
            "limit",
        ),
        (lambda it: it["devices"][2].update(outputs=4), "barriers.in.at_open", "device"),
        (lambda it: it["lanes"][0]["barrier"].update(pulse_ms=300), "barriers.in.pulse_ms", "limit"),
        (lambda it: it["lanes"][0]["barrier"].update(travel_time_ms=5000), "barriers.in.opening_ms", "limit"),
        (lambda it: it["devices"][2].update(name="Board"), "barriers.in.at_open", None),
        (lambda it: it["lanes"][0].update(name="North"), "lanes.in.direction", None),
    ],
)
def test_what_a_tick_depends_on_is_told_from_what_is_only_a_name(change: Any, point: str, reason: str | None) -> None:
    document = site_document()
    before = points(document)[point].basis
    change(document)
    assert difference(before, points(document)[point].basis) == reason


def test_a_secret_of_a_device_is_no_part_of_what_a_tick_depends_on() -> None:
    def reader(**options: Any) -> AcceptancePoint:
        document = site_document()
        document["devices"][0] = {"id": "reader-in", "driver": "osdp", "port": "/dev/ttyS1", **options}
        return points(document)["lanes.in.readers.reader-in"]

    plain, keyed = reader(key="30" * 16), reader(key="31" * 16)
    assert plain.basis == keyed.basis
    assert plain.basis != reader(address=3).basis


def test_points_are_the_same_each_time_they_are_derived() -> None:
    assert points() == points(msgspec.json.decode(msgspec.json.encode(site_document())))
