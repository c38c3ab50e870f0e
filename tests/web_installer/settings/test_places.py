"""A fault or a difference leads to its page and its field."""

from __future__ import annotations

import re

import pytest

from tests.web_installer.settings.conftest import SITE, Desk
from web.installer.settings.places import address_of, owner_of


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("site.timezone", "/installer/settings/site#site.timezone"),
        ("gateway.id", "/installer/settings/gateway#gateway.id"),
        ("gateway.clock", "/installer/settings/clock#gateway.clock"),
        ("gateway.http.names[1]", "/installer/settings/network#gateway.http.names[1]"),
        ("gateway.retention.days", "/installer/settings/retention#gateway.retention.days"),
        ("uplink.mqtt.host", "/installer/settings/broker#uplink.mqtt.host"),
        ("devices[2].link.port", "/installer/settings/devices/io#devices[2].link.port"),
        ("devices.io.unit", "/installer/settings/devices/io#devices[2].unit"),
        ("devices[9].port", "/installer/settings/devices#devices[9].port"),
        ("groups[1].places", "/installer/settings/groups/1#groups[1].places"),
        ("groups.12-4.places", "/installer/settings/groups/1#groups[1].places"),
        ("stations.north", "/installer/settings/stations/0#stations[0]"),
        ("lanes.in.barrier.open", "/installer/lanes/in#lanes[0].barrier.open"),
        ("lanes[0].barrier.open", "/installer/lanes/in#lanes[0].barrier.open"),
        ("barriers[0].open", "/installer/lanes#barriers[0].open"),
        ("operators.Lin.role", "/installer/settings/people#operators[1].role"),
        ("tariffs", "/installer/settings/tariffs#tariffs"),
        ("tariffs.visitor.day_cap", "/installer/settings/tariffs/0#tariffs[0].day_cap"),
        ("tariffs[0].periods[1].from", "/installer/settings/tariffs/0#tariffs[0].periods[1].from"),
        ("charging.rules[0].tariff", "/installer/settings/charging#charging.rules[0].tariff"),
        ("calendar.country", "/installer/settings/calendar#calendar.country"),
        ("nothing", "/installer/settings"),
        ("", "/installer/settings"),
    ],
)
def test_a_path_has_its_address(path: str, address: str) -> None:
    assert address_of(path, SITE) == address


def test_a_barrier_that_stands_apart_is_on_the_page_of_its_first_lane() -> None:
    lanes = [{"id": "in", "barrier": "north"}, {"id": "out", "barrier": "north"}]
    site = {"lanes": lanes, "barriers": [{"id": "spare"}, {"id": "north"}]}
    assert address_of("barriers[1].open", site) == "/installer/lanes/in#barriers[1].open"
    assert address_of("barriers.north.close", site) == "/installer/lanes/in#barriers[1].close"
    assert address_of("barriers[0].open", site) == "/installer/lanes#barriers[0].open"


@pytest.mark.parametrize(
    "path", ["site.capacity", "gateway.retention.megabytes", "devices.io.unit", "groups[1].places"]
)
def test_the_field_is_on_the_page_of_its_address(desk: Desk, path: str) -> None:
    page, _, mark = address_of(path, SITE).partition("#")
    assert re.search(rf'id="{re.escape(mark)}"', desk.get(page))


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("lanes[1].barrier.open", "South in"),
        ("lanes.lane-1", "South in"),
        ("lanes.in.name", "in"),
        ("devices.io", "io"),
        ("devices[7].port", ""),
        ("site.name", ""),
        ("tariffs.visitor.day_cap", "visitor"),
        ("groups[0].places", ""),
    ],
)
def test_a_path_in_a_lane_or_a_device_says_whose_it_is(path: str, owner: str) -> None:
    lanes = [{"id": "in"}, {"id": "lane-1", "name": "South in"}]
    assert (
        owner_of(
            path, {"lanes": lanes, "devices": [{"id": "io"}], "tariffs": [{"id": "visitor"}], "groups": [{"id": "a"}]}
        )
        == owner
    )
