"""Each check of the site file from both sides: what is just right is taken, what is one off is named."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gateway.core.settings.model import Lights, Point, Settings, Signals
from gateway.core.settings.site_file import checked, parse_settings, warnings
from gateway.core.vocabulary.errors import SettingsError
from tests.core.playbook import site_document, two_lanes


def with_value(path: str, value: Any, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """The document with one value set, by a path such as `lanes.0.barrier.open`."""
    changed = copy.deepcopy(document or site_document())
    *way, last = path.split(".")
    here: Any = changed
    for step in way:
        here = here[int(step)] if step.isdigit() else here.setdefault(step, {})
    here[last] = value
    return changed


def problems(document: Any) -> list[tuple[str, str]]:
    """What is wrong with it; nothing if it is taken."""
    try:
        parse_settings(document)
    except SettingsError as error:
        return error.problems
    return []


BOUNDS = [
    ("site.expiry_warning_days", 0, 365),
    ("site.capacity", 1, 1_000_000),
    ("gateway.journal_wait_ms", 0, 10_000),
    ("gateway.retention.days", 1, 3650),
    ("gateway.retention.grace_days", 0, 3650),
    ("gateway.retention.megabytes", 20, 1_000_000),
    ("lanes.0.barrier.pulse_ms", 50, 10_000),
    ("lanes.0.barrier.travel_time_ms", 300, 60_000),
    ("lanes.0.barrier.auto_close_ms", 0, 600_000),
    ("lanes.0.barrier.grant_ms", 1000, 600_000),
    ("lanes.0.barrier.max_cycles_per_h", 1, 10_000),
    ("lanes.0.barrier.service_limits.cycles", 1, 1_000_000_000),
    ("lanes.0.barrier.service_limits.relay_operations", 1, 1_000_000_000),
    ("lanes.0.barrier.service_limits.crashes_per_month", 0, 1000),
    ("lanes.0.barrier.service_limits.travel_ms", 300, 120_000),
    ("lanes.0.signals.pulse_ms", 50, 10_000),
]


@pytest.mark.parametrize(("path", "low", "high"), BOUNDS)
def test_a_number_is_taken_from_its_lowest_to_its_highest_value(path: str, low: int, high: int) -> None:
    assert problems(with_value(path, low)) == []
    assert problems(with_value(path, high)) == []


@pytest.mark.parametrize(("path", "low", "high"), BOUNDS)
def test_a_number_one_off_its_bounds_is_named_with_them(path: str, low: int, high: int) -> None:
    where = path.replace("lanes.0", "lanes[0]")
    for number in (low - 1, high + 1):
        found = problems(with_value(path, number))
        assert found == [(where, f"is {number}; give a number from {low} to {high}")]


@pytest.mark.parametrize(("value", "right"), [(-1, False), (0, True), (390, True), (391, False)])
def test_a_contact_debounces_within_its_bounds(value: int, right: bool) -> None:
    point = {"point": "io.input.1", "debounce_ms": value}
    found = problems(site_document(at_closed=point))
    bad = [("lanes[0].barrier.at_closed.debounce_ms", f"is {value}; give a number from 0 to 390")]
    assert found == ([] if right else bad)


@pytest.mark.parametrize(("places", "right"), [(0, False), (1, True), (10_000, True), (10_001, False)])
def test_a_group_has_a_bounded_number_of_places(places: int, right: bool) -> None:
    found = problems({**site_document(), "groups": [{"id": "a", "places": places}]})
    assert found == ([] if right else [("groups[0].places", f"is {places}; give a number from 1 to 10000")])


@pytest.mark.parametrize(("port", "right"), [(-1, False), (0, True), (1, True), (65535, True), (65536, False)])
def test_the_port_is_a_port(port: int, right: bool) -> None:
    found = problems(with_value("gateway.http.port", port))
    assert found == ([] if right else [("gateway.http.port", f"is {port}; give a port from 1 to 65535")])


# ---- identifiers


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("a", True),
        ("Gate_1-b", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("a.b", False),
        ("a b", False),
        ("a\n", False),
        ("门", False),
    ],
)
@pytest.mark.parametrize("path", ["site.id", "gateway.id", "devices.0.id", "lanes.0.id", "stations.0.id"])
def test_an_id_is_short_and_plain(path: str, name: str, right: bool) -> None:
    document = {**site_document(), "stations": [{"id": "s"}]}
    document["lanes"][0]["readers"] = []
    found = [place for place, _ in problems(with_value(path, name, document))]
    where = path.replace(".0.", "[0].")
    assert (where in found) is not right
    assert right is (found == [])


def test_a_barrier_that_stands_apart_has_an_id_of_its_own() -> None:
    document = site_document()
    barrier = document["lanes"][0]["barrier"]
    document["lanes"][0]["barrier"] = "arm"
    right = {**document, "barriers": [{**barrier, "id": "arm"}]}
    assert parse_settings(right).barrier("arm").id == parse_settings(right).lanes[0].barrier == "arm"
    nameless = problems({**document, "barriers": [barrier]})
    assert nameless[0] == ("barriers[0].id", "is missing; a barrier that stands apart needs an id")
    assert ("barriers[0].id", "is 'a b'; use 1 to 64 letters, digits, '-' or '_'") in problems(
        {**document, "barriers": [{**barrier, "id": "a b"}]}
    )


@pytest.mark.parametrize(
    ("section", "entries", "where"),
    [
        ("devices", [{"id": "io", "driver": "noop"}] * 2, "devices[1].id"),
        ("groups", [{"id": "a", "places": 1}] * 2, "groups[1].id"),
        ("operators", [{"name": "Lin", "role": "guard", "pin": "1234"}] * 2, "operators[1].name"),
        ("stations", [{"id": "s"}] * 2, "stations[1].id"),
    ],
)
def test_an_id_is_used_once_in_its_section(section: str, entries: list[dict[str, Any]], where: str) -> None:
    document = {**site_document(), section: entries}
    document["lanes"][0]["readers"] = []
    ((path, message),) = problems(document)
    first = where.replace("[1]", "[0]")
    assert path == where
    assert f"which {first} has already; every id is used once" in message


def test_of_three_of_one_id_two_are_named_and_the_first_owns_it() -> None:
    found = problems({**site_document(), "stations": [{"id": "s"}] * 3})
    assert [path for path, _ in found] == ["stations[1].id", "stations[2].id"]
    assert all("which stations[0].id has already" in message for _, message in found)


@pytest.mark.parametrize(
    ("barriers", "beside", "where"),
    [
        (["arm", "arm"], False, ("barriers[1].id", "barriers[0].id")),
        (["in"], True, ("lanes[0].barrier", "barriers[0].id")),
    ],
)
def test_two_barriers_of_one_id_are_named_with_their_places(
    barriers: list[str], beside: bool, where: tuple[str, str]
) -> None:
    document = site_document()
    barrier = document["lanes"][0]["barrier"]
    if not beside:
        document["lanes"][0]["barrier"] = "arm"
    found = problems({**document, "barriers": [{**barrier, "id": one} for one in barriers]})
    owns = f"which {where[1]} has already; every id is used once"
    assert [path for path, message in found if owns in message] == [where[0]]


def test_two_lanes_of_one_id_are_named_with_their_barriers() -> None:
    document = two_lanes()
    document["lanes"][1]["id"] = "in"
    assert [path for path, _ in problems(document)][:2] == ["lanes[1].id", "lanes[1].barrier"]


# ---- points, devices, lanes that do not exist


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("io.output.7", True),
        ("io.output.007", True),
        ("io.output.999", True),
        ("io.output.1000", False),
        ("io.output.", False),
        ("io.output.-1", False),
        ("io.relay.1", False),
        ("io.output.1 ", False),
        (".output.1", False),
        ("io.output", False),
    ],
)
def test_a_point_is_a_device_a_side_and_a_number(text: str, right: bool) -> None:
    found = problems(site_document(open=text))
    message = f"is {text!r}; write a point as device.output.N, for example io.output.0"
    assert found == ([] if right else [("lanes[0].barrier.open", message)])


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("close", "io.input.3", "is 'io.input.3'; an output is needed here, for example io.output.3"),
        ("at_open", "io.output.7", "is 'io.output.7'; an input is needed here, for example io.input.7"),
    ],
)
def test_a_point_on_the_wrong_side_is_named_with_the_right_one(key: str, text: str, message: str) -> None:
    assert problems(site_document(**{key: text})) == [(f"lanes[0].barrier.{key}", message)]


@pytest.mark.parametrize("key", ["open", "stop", "close"])
def test_an_output_of_an_unknown_device_is_named(key: str) -> None:
    found = problems(site_document(**{key: "nix.output.1"}))
    assert found == [(f"lanes.in.barrier.{key}", "is 'nix.output.1'; there is no device 'nix'")]


@pytest.mark.parametrize("key", ["at_open", "at_closed", "approach_loop"])
def test_an_input_of_an_unknown_device_is_named(key: str) -> None:
    found = problems(site_document(**{key: "nix.input.1"}))
    assert found == [(f"lanes.in.barrier.{key}", "is 'nix.input.1'; there is no device 'nix'")]


@pytest.mark.parametrize("key", ["readers", "cameras", "displays"])
def test_of_several_devices_of_a_lane_the_unknown_one_is_named(key: str) -> None:
    found = problems(with_value(f"lanes.0.{key}", ["io", "nix"]))
    assert found == [(f"lanes.in.{key}[1]", "is 'nix'; there is no such device")]


def test_an_interlock_is_of_barriers_that_exist() -> None:
    rules = [{"type": "shared", "barriers": ["in", "out"]}, {"type": "sally_port", "barriers": ["in", "west"]}]
    found = problems({**two_lanes(), "interlocks": rules})
    assert found == [("interlocks[1].barriers", "names 'west'; there is no such barrier")]


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_signal_has_an_output_of_its_own(taken: int) -> None:
    found = problems(with_value("lanes.0.signals.granted", f"io.output.{taken}"))
    owner = ("open", "close", "stop")[taken]
    message = f"is 'io.output.{taken}', which lanes.in.barrier.{owner} uses already; give each its own output"
    assert found == [("lanes.in.signals.granted", message)]


def test_a_siren_on_the_lamp_of_another_lane_is_one_too_many() -> None:
    document = two_lanes()
    document["lanes"][0]["lights"] = {"red": "io.output.6"}
    document["lanes"][1]["siren"] = "io.output.6"
    assert [path for path, _ in problems(document)] == ["lanes.out.siren"]
    document["lanes"][1]["siren"] = "io.output.3"
    assert problems(document) == []


def test_two_contacts_of_the_arm_need_an_input_each_and_two_loops_do_not() -> None:
    message = "is 'io.input.0', which lanes.in.barrier.at_open uses already; give each its own input"
    assert problems(site_document(at_closed="io.input.0")) == [("lanes.in.barrier.at_closed", message)]
    assert problems(site_document(approach_loop="io.input.2")) == []


# ---- addresses


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("0.0.0.0", True),
        ("255.255.255.255", True),
        ("255.255.255.256", False),
        ("1.2.3.4.5", False),
        ("1.2.3", False),
        ("1.2.3.", False),
        ("1.2.3.x", False),
        ("1.2.3.0001", False),
        ("1.2.3.4/0", True),
        ("1.2.3.4/32", True),
        ("1.2.3.4/33", False),
        ("1.2.3.4/", False),
        ("1.2.3.4/x", False),
        ("1.2.3.4/24/8", False),
        ("1:2:3:4:5:6:7:8", True),
        ("1:2:3:4:5:6:7", False),
        ("1:2:3:4:5:6:7:8:9", False),
        ("1:2:3:4:5:6:7::", True),
        ("1:2:3:4:5:6:7::8", False),
        ("1::2::3", False),
        ("ffff::", True),
        ("fffff::", False),
        ("::/0", True),
        ("::/128", True),
        ("::/129", False),
        ("host", False),
    ],
)
def test_a_station_is_tied_to_an_address_or_a_network(address: str, right: bool) -> None:
    found = problems({**site_document(), "stations": [{"id": "s", "address": address}]})
    assert [path for path, _ in found] == ([] if right else ["stations[0].address"])


# ---- people, groups, texts


@pytest.mark.parametrize(
    ("pin", "right"), [("123", False), ("1234", True), ("1" * 12, True), ("1" * 13, False), ("12a4", False)]
)
def test_a_pin_has_4_to_12_digits(pin: str, right: bool) -> None:
    found = problems({**site_document(), "operators": [{"name": "Lin", "role": "guard", "pin": pin}]})
    assert found == ([] if right else [("operators[0].pin", "is not 4 to 12 digits")])


@pytest.mark.parametrize(("more", "right"), [({}, False), ({"pin_hash": "h"}, True)])
def test_an_operator_has_a_pin_or_its_hash(more: dict[str, str], right: bool) -> None:
    found = problems({**site_document(), "operators": [{"name": "Lin", "role": "guard", **more}]})
    assert found == ([] if right else [("operators[0].pin", "is missing; give 4 to 12 digits")])


@pytest.mark.parametrize(("zone", "right"), [("Europe/Berlin", True), ("UTC", True), ("", False), ("../x", False)])
def test_a_time_zone_is_one_of_the_world(zone: str, right: bool) -> None:
    assert [path for path, _ in problems(with_value("site.timezone", zone))] == ([] if right else ["site.timezone"])


@pytest.mark.parametrize(("text", "right"), [("mon 08:00-09:00", True), ("", True), ("mon 8-9", False)])
def test_free_flow_is_a_schedule(text: str, right: bool) -> None:
    found = [path for path, _ in problems(with_value("lanes.0.free_flow", text))]
    assert found == ([] if right else ["lanes[0].free_flow"])


@pytest.mark.parametrize("character", ["\0", "\ud800", "\udfff"])
def test_no_text_is_found_in_a_list_of_a_list_too(character: str) -> None:
    found = problems({**site_document(), "tariffs": [{"names": ["a", f"b{character}"]}]})
    assert [path for path, _ in found] == ["tariffs[0].names[1]"]


@pytest.mark.parametrize("character", ["\x01", "\ud7ff", "\ue000", "😀"])
def test_any_other_character_is_text(character: str) -> None:
    assert problems(with_value("site.name", f"b{character}")) == []


@pytest.mark.parametrize("key", ["site", "gateway"])
def test_site_and_gateway_are_required(key: str) -> None:
    document = {name: value for name, value in site_document().items() if name != key}
    assert problems(document) == [(key, "is missing; it is required")]


@pytest.mark.parametrize("document", [None, [], "x", 3])
def test_a_document_is_an_object(document: Any) -> None:
    ((path, message),) = problems(document)
    assert path == ""
    assert message.endswith("give a JSON object")


@pytest.mark.parametrize("missing", ["id", "driver"])
def test_a_device_has_an_id_and_a_driver(missing: str) -> None:
    device = {key: value for key, value in {"id": "x", "driver": "noop"}.items() if key != missing}
    found = problems({**site_document(), "devices": [*site_document()["devices"], device]})
    assert found == [(f"devices[3].{missing}", "is missing or not a text; it is required")]


# ---- what is taken


def parsed(document: dict[str, Any]) -> Settings:
    return parse_settings(document)


def test_a_device_keeps_what_is_for_its_driver() -> None:
    document = site_document()
    document["devices"][0] |= {"name": "R", "port": 1}
    first, second, _ = parsed(document).devices
    assert (first.name, first.options) == ("R", {"port": 1})
    assert (second.name, second.options) == ("", {})


def test_lamps_signals_and_names_of_a_lane_are_taken() -> None:
    document = with_value("lanes.0.lights", {"red": "io.output.4", "green": "io.output.5"})
    document["lanes"][0] |= {"signals": {"granted": "io.output.6", "denied": "io.output.7"}, "two_factor": True}
    lane = parsed(document).lanes[0]
    assert lane.lights == Lights(Point("io.output.4"), Point("io.output.5"))
    assert lane.signals == Signals(Point("io.output.6"), Point("io.output.7"), 300)
    assert (lane.name, lane.siren, lane.two_factor) == ("North in", Point("io.output.3"), True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("control", "hold"),
        ("close_by", "guard"),
        ("external_open", "expected"),
        ("pulse_ms", 51),
        ("travel_time_ms", 301),
        ("auto_close_ms", 7),
        ("grant_ms", 1001),
        ("max_cycles_per_h", 9),
    ],
)
def test_each_habit_of_a_barrier_is_taken(key: str, value: Any) -> None:
    assert getattr(parsed(site_document(**{key: value})).barriers[0], key) == value


def test_who_watches_the_safety_inputs_is_taken() -> None:
    assert parsed(site_document(safety="controller")).barriers[0].safety_by == "controller"


TARIFF = {"id": "t", "currency": "CNY", "blocks": [{"minutes": 60, "price": 500}]}


@pytest.mark.parametrize(("tariffs", "paths"), [([], []), ([TARIFF], ["tariffs"])])
def test_tariffs_are_kept_and_warned_of(tariffs: list[dict[str, Any]], paths: list[str]) -> None:
    settings = parsed({**site_document(), "tariffs": tariffs})
    assert [one.id for one in settings.prices.tariffs] == [one["id"] for one in tariffs]
    assert [path for path, _ in warnings(settings)] == paths


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"tariffs": [{**TARIFF, "currency": "yuan"}]}, "tariffs[0].currency"),
        ({"tariffs": [{**TARIFF, "blocks": []}]}, "tariffs[0].blocks"),
        ({"tariffs": [{**TARIFF, "free": 3}]}, "tariffs[0].free"),
        ({"tariffs": [TARIFF, TARIFF]}, "tariffs[1].id"),
        ({"tariffs": [{**TARIFF, "id": "by night"}]}, "tariffs[0].id"),
        ({"charging": {"rules": [{"tariff": "t"}]}}, "charging.rules[0].tariff"),
        ({"charging": {"leave_minutes": -1}}, "charging.leave_minutes"),
        ({"calendar": {"country": "China"}}, "calendar.country"),
        ({"calendar": {"holidays": ["1 May"]}}, "calendar.holidays[0]"),
        ({"calendar": {"holidays": ["2026-05-01"], "workdays": ["2026-05-01"]}}, "calendar.workdays"),
    ],
)
def test_charges_that_cannot_be_meant_are_refused_and_never_keep_a_start_from_working(
    part: dict[str, Any], path: str
) -> None:
    document = {**site_document(), **part}
    assert parse_settings(document).lanes
    with pytest.raises(SettingsError) as refused:
        checked(document, lambda _: None)
    assert [where for where, _ in refused.value.problems] == [path]


def test_a_day_that_is_none_is_told_how_a_day_is_written() -> None:
    with pytest.raises(SettingsError, match="give a day such as 2026-11-30"):
        checked({**site_document(), "calendar": {"holidays": ["2026-02-30"]}}, lambda _: None)


def test_the_first_rule_that_fits_names_the_tariff_and_none_is_free() -> None:
    rules = [
        {"pass_kind": "temporary", "vehicle_class": "truck", "tariff": "t"},
        {"pass_kind": "temporary", "tariff": None},
        {"vehicle_class": "bus", "tariff": "t"},
    ]
    charging = parsed({**site_document(), "tariffs": [TARIFF], "charging": {"rules": rules}}).prices.charging
    asked = [("temporary", "truck"), ("temporary", "bus"), ("monthly", "bus"), ("monthly", "car")]
    assert [charging.tariff_for(*one) for one in asked] == ["t", None, "t", None]
