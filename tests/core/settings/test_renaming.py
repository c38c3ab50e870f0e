"""Lanes and barriers follow a device whose id changes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from gateway.core.settings.renaming import rename_device, rename_tariff, uses_of
from gateway.core.settings.site_file import parse_settings
from tests.core.playbook import site_document

SITE: dict[str, Any] = {
    "devices": [{"id": "io", "driver": "modbus"}],
    "lanes": [
        {
            "id": "in",
            "readers": ["card", "io"],
            "siren": "io.output.3",
            "printer": "io",
            "lights": {"red": {"point": "io.output.4", "normally": "closed"}},
            "barrier": {"open": "io.output.0", "safety_loop": ["io.input.1", {"point": "io.input.2"}, "io2.input.0"]},
        }
    ],
    "stations": [{"id": "west", "name": "io", "printer": "io"}, {"id": "east", "printer": "io2"}],
    "barriers": [{"id": "arm", "open": "io2.output.0", "at_open": "io.input.7"}],
}


def test_every_place_that_uses_a_device_is_named() -> None:
    assert uses_of(SITE, "io") == [
        "barriers.arm.at_open",
        "lanes.in.barrier.open",
        "lanes.in.barrier.safety_loop",
        "lanes.in.lights.red",
        "lanes.in.printer",
        "lanes.in.readers",
        "lanes.in.siren",
        "stations.west.printer",
    ]
    assert uses_of(SITE, "nothing") == []


def test_every_place_follows_and_no_other() -> None:
    site = deepcopy(SITE)
    rename_device(site, "io", "board")
    assert uses_of(site, "io") == []
    assert uses_of(site, "board") == uses_of(SITE, "io")
    assert uses_of(site, "io2") == uses_of(SITE, "io2")
    rename_device(site, "board", "io")
    assert site == SITE


def test_a_whole_site_is_right_after_a_new_name() -> None:
    document = site_document()
    rename_device(document, "io", "board")
    for device in document["devices"]:
        device["id"] = "board" if device["id"] == "io" else device["id"]
    parse_settings(document)


def test_the_rules_of_charging_follow_a_tariff() -> None:
    site: dict[str, Any] = {"charging": {"rules": [{"tariff": "a"}, {"tariff": None}, {"tariff": "b"}]}}
    rename_tariff(site, "a", "c")
    assert [rule["tariff"] for rule in site["charging"]["rules"]] == ["c", None, "b"]
    for other in ({}, {"charging": None}, {"charging": {"rules": None}}):
        rename_tariff(other, "a", "c")
