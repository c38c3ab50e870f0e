"""The difference of two documents: what differs for people, and what a running gateway must make anew."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.settings.difference import Change, canonical, changes, touched
from gateway.core.settings.site_file import TOP_KEYS, parse_settings
from tests.core.settings.test_settings import DOCUMENT, changed

BARRIERS: dict[str, Any] = {
    "site": {"id": "s"},
    "gateway": {"id": "g"},
    "devices": [{"id": one, "driver": "noop"} for one in ("io", "io2", "reader")],
    "lanes": [
        {"id": "in", "direction": "entry", "barrier": {"open": "io.output.0"}, "readers": ["reader"]},
        {"id": "out", "direction": "exit", "barrier": "post", "siren": "io2.output.5"},
        {"id": "back", "direction": "entry", "barrier": "post"},
    ],
    "barriers": [{"id": "post", "open": "io.output.1"}, {"id": "spare", "open": "io.output.2"}],
}
MQTT = {"host": "127.0.0.1", "port": 1883, "brokers": [], "consumer": "central", "tls": False}


def edited(**paths: Any) -> dict[str, Any]:
    """`BARRIERS` with values set; `__` parts the steps of a path."""
    document = copy.deepcopy(BARRIERS)
    for path, value in paths.items():
        here: Any = document
        *way, last = path.split("__")
        for step in way:
            here = here[int(step)] if step.isdigit() else here[step]
        here[int(last) if last.isdigit() else last] = value
    return document


def test_a_document_does_not_differ_from_itself() -> None:
    assert changes(DOCUMENT, copy.deepcopy(DOCUMENT)) == ()


@pytest.mark.parametrize(
    "same",
    [
        changed("lanes.0.barrier.pulse_ms", 500),
        changed("lanes.0.name", "in"),
        changed("site.expiry_warning_days", 10),
        changed("lanes.0.barrier.open", {"point": "io.output.0"}),
        changed("lanes.0.barrier.approach_loop", None),
        changed("lanes.0.barrier.safety_loop", ["io.input.2", {"point": "io.input.3", "normally": "open"}]),
        changed("gateway.retention", {}),
        {**DOCUMENT, "tariffs": [], "groups": [], "stations": []},
    ],
)
def test_what_says_the_same_in_other_words_does_not_differ(same: dict[str, Any]) -> None:
    assert changes(DOCUMENT, same) == ()


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (changed("lanes.0.barrier.pulse_ms", 700), Change("lanes.in.barrier.pulse_ms", 500, 700)),
        (changed("site.locale", "en"), Change("site.locale", "zh_CN", "en")),
        (changed("uplink", None), Change("uplink", {"mqtt": MQTT}, None)),
        (changed("devices.0.baudrate", 19200), Change("devices.reader-in.baudrate", 9600, 19200)),
        (changed("lanes.0.barrier.close", None), Change("lanes.in.barrier.close", "io.output.1", None)),
        (
            changed("operators", [{"name": "Lin", "role": "guard", "pin": "1357"}]),
            Change("operators.Lin.pin", "(secret)", "(new secret)"),
        ),
        (
            changed("uplink.mqtt.password", "geheim"),
            Change("uplink.mqtt.password", None, "(new secret)"),
        ),
    ],
)
def test_one_change_is_told_by_path_old_and_new(new: dict[str, Any], expected: Change) -> None:
    assert changes(DOCUMENT, new) == (expected,)


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        (["io.input.2", "io.input.5"], ["io.input.2", "io.input.5"]),
        (["io.input.2"], "io.input.2"),
        ("io.input.2", "io.input.2"),
        ([], None),
    ],
)
def test_a_loop_that_is_added_moved_or_removed_is_told_with_all_points_of_the_contact(points: Any, shown: Any) -> None:
    (found,) = changes(DOCUMENT, changed("lanes.0.barrier.safety_loop", points))
    assert (found.path, found.old, found.new) == (
        "lanes.in.barrier.safety_loop",
        ["io.input.2", "io.input.3"],
        shown,
    )


def test_lists_are_compared_by_id_and_another_order_is_told() -> None:
    turned = {**DOCUMENT, "devices": DOCUMENT["devices"][::-1]}
    assert changes(DOCUMENT, turned) == (Change("devices", ["reader-in", "io"], ["io", "reader-in"]),)
    fewer = {**DOCUMENT, "devices": DOCUMENT["devices"][1:]}
    assert [change.path for change in changes(DOCUMENT, fewer)] == ["devices.reader-in"]


def test_a_changed_tariff_is_told_by_its_id_and_what_it_leaves_out_does_not_differ() -> None:
    block = [{"minutes": 60, "price": 500}]
    before: list[dict[str, Any]] = [{"id": one, "currency": "CNY", "blocks": block} for one in ("visitor", "truck")]
    after = [before[0], {**before[1], "day_cap": 3000, "free_minutes": 0}]
    found = changes({**DOCUMENT, "tariffs": before}, {**DOCUMENT, "tariffs": after})
    assert found == (Change("tariffs.truck.day_cap", None, 3000),)


def test_what_an_earlier_version_stored_of_charges_is_told_as_it_is() -> None:
    old = {**DOCUMENT, "tariffs": [{"price": "much"}], "charging": {"pay": "cash"}, "calendar": {"days": 1}}
    new = {**DOCUMENT, "tariffs": [{"id": "a", "currency": "CNY", "blocks": [{"minutes": 60, "price": 500}]}]}
    paths = [one.path for one in changes(old, new)]
    assert "tariffs" in paths
    assert "charging.pay" in paths
    assert "calendar" in paths


@pytest.mark.parametrize(
    ("part", "value", "path"),
    [
        ("remote_open", {"identity": "required"}, "remote_open.identity"),
        ("repairs", {"urgent": {"on_site_h": 1, "mend_h": 38}}, "repairs.urgent.on_site_h"),
    ],
)
def test_every_part_of_the_site_file_is_compared(part: str, value: dict[str, Any], path: str) -> None:
    assert [one.path for one in changes(DOCUMENT, {**DOCUMENT, part: value})] == [path]
    assert changes(DOCUMENT, {**DOCUMENT, part: {}}) == ()


def test_the_difference_knows_every_part() -> None:
    assert set(canonical(DOCUMENT)) == set(TOP_KEYS)


def test_a_change_in_words_is_one_line_that_shows_no_secret() -> None:
    more = [*DOCUMENT["operators"], {"name": "Mei", "role": "leader", "pin": "86420"}]
    found = changes(DOCUMENT, changed("operators", more))
    assert [one.words() for one in found] == [
        'operators.Mei: added {"name":"Mei","role":"leader","pin":"(secret)"}',
    ]
    assert Change("site.locale", "en", "zh_CN").words() == "site.locale: en -> zh_CN"
    assert Change("site.capacity", 7, None).words() == "site.capacity: removed (was 7)"
    assert Change("site.name", "", "a\nb").words() == 'site.name: "" -> "a\\nb"'


@pytest.mark.parametrize("where", ["key", "password"])
def test_a_secret_of_a_device_is_never_shown(where: str) -> None:
    device = {"id": "d", "driver": "osdp", where: "00112233"}
    found = changes(DOCUMENT, {**DOCUMENT, "devices": [*DOCUMENT["devices"], device]})
    assert "00112233" not in "".join(one.words() for one in found)


VALUES = st.sampled_from(
    [
        ("site.locale", "en"), ("site.capacity", 20), ("gateway.clock", "trusted"), ("lanes.0.barrier.pulse_ms", 600),
        ("lanes.0.two_factor", True), ("lanes.0.barrier.at_open", "io.input.5"), ("devices.1.poll_ms", 30),
        ("site.expiry_warning_days", 10), ("lanes.0.barrier.grant_ms", 20_000), ("groups", [{"id": "1", "places": 2}]),
        ("lanes.0.lights", {"red": "io.output.4"}), ("uplink", None), ("gateway.http.port", 8081),
    ]
)  # fmt: skip


@given(st.lists(VALUES, max_size=6), st.lists(VALUES, max_size=6))
def test_nothing_differs_just_when_the_settings_are_equal(
    first: list[tuple[str, Any]], second: list[tuple[str, Any]]
) -> None:
    documents = []
    for edits in (first, second):
        document = copy.deepcopy(DOCUMENT)
        for path, value in edits:
            *way, last = path.split(".")
            here: Any = document
            for step in way:
                here = here[int(step)] if step.isdigit() else here[step]
            here[last] = value
        documents.append(document)
    one, two = documents
    found = changes(one, two)
    before, after = parse_settings(one), parse_settings(two)
    assert (not found) == (before == after)
    assert [change.path for change in changes(two, one)] == [change.path for change in found] or found
    assert not touched(before, after).barriers or found
    assert touched(before, after).barriers == touched(after, before).barriers


# ---- what it means for a gateway that runs


@pytest.mark.parametrize(
    ("new", "barriers", "lanes", "wiring"),
    [
        (edited(site__locale="en", gateway__clock="trusted"), set(), (), False),
        (edited(lanes__0__name="North"), {"in"}, ("in",), False),
        (edited(lanes__0__barrier={"open": "io.output.0", "pulse_ms": 800}), {"in"}, ("in",), False),
        (edited(lanes__0__barrier={"open": "io.output.3"}), {"in"}, ("in",), True),
        (edited(lanes__1__name="Exit"), {"post"}, ("out", "back"), False),
        (edited(barriers__1={"id": "spare", "open": "io.output.4"}), set(), (), False),
        (edited(devices__1={"id": "io2", "driver": "noop", "name": "East"}), set(), (), False),
        (edited(devices__1={"id": "io2", "driver": "sim-board"}), {"post"}, ("out", "back"), True),
        (edited(devices__2={"id": "reader", "driver": "sim-reader"}), set(), (), True),
        (edited(interlocks=[{"type": "sally_port", "barriers": ["in", "post"]}]), {"in", "post"},
         ("in", "out", "back"), True),
        (edited(lanes=BARRIERS["lanes"][:1]), {"post"}, ("out", "back"), True),
        (edited(lanes__0__readers=[]), {"in"}, ("in",), True),
    ],
)  # fmt: skip
def test_only_what_differs_is_touched(
    new: dict[str, Any], barriers: set[str], lanes: tuple[str, ...], wiring: bool
) -> None:
    found = touched(parse_settings(BARRIERS), parse_settings(new))
    assert (found.barriers, found.lanes, found.wiring) == (barriers, lanes, wiring)


def test_a_barrier_is_touched_by_the_wire_that_its_board_shares() -> None:
    settings = parse_settings(BARRIERS)
    assert touched(settings, settings).barriers == set()
    assert touched(settings, settings, ["io2"]).barriers == {"post"}
    assert touched(settings, settings, ["io"]).lanes == ("in", "out", "back")
    assert not touched(settings, settings, ["io"]).wiring


def test_another_address_of_the_web_is_told() -> None:
    settings = parse_settings(BARRIERS)
    assert touched(settings, parse_settings(edited(gateway={"id": "g", "http": {"port": 8081}}))).web
    assert not touched(settings, parse_settings(edited(gateway={"id": "g2"}))).web
